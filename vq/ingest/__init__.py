"""New labelled videos: checked, taken into the data set, recorded as its next version."""
