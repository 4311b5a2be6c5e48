"""Which of the copies of one source is best, and why the others are worse."""
