"""Expectations of a data set: of its manifest, and of a new version of it."""
