"""Conditions on a student that need files only, and the verdict."""
