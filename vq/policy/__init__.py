"""Rules that turn rows of scores into decisions: pass, review, fail."""
