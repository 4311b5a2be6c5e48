"""Scoring: what runs where videos are uploaded."""
