"""Plots and HTML of an evaluation."""
