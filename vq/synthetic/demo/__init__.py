"""A data set the project makes itself: synthetic videos with synthetic opinion scores."""
