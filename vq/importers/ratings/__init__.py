"""What each rater said of each video becomes one opinion score a video."""
