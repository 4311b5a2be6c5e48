"""People rate videos in a browser; their ratings become labels."""
