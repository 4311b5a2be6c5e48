"""What is wrong with a video: kinds of damage that people would see, and how likely each is."""
