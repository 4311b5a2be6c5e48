"""From a file to what the models see."""

PIXELS = 2
"""Goes up when decoding, conversion, sampling or the cut of views gives other pixels.

It is in every key of the feature cache: features of the old pixels are then computed anew.
"""
