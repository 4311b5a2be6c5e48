"""Data sets: label files, manifests, checks and splits."""
