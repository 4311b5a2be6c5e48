"""Tests of `vq.best`."""
