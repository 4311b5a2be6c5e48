"""Photographs filmed by a virtual camera, and ladders of damage as the world does it."""
