"""Training of teacher and student."""
