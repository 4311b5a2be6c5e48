"""One video: from a file to its score."""
