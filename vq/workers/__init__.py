"""Sandboxed worker processes for untrusted files."""
