"""Which unlabelled videos people should rate next."""
