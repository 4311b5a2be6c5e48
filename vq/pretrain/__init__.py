"""Recipes of the networks that this project trains itself, on material it makes itself."""
