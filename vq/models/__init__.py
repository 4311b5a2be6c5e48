"""The light network that ships: it alone runs when videos are scored."""
