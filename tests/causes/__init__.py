"""Mirrors `vq/causes`."""
