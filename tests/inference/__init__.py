"""Tests of `vq.inference`."""
