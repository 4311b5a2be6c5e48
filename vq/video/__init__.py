"""From a file to what the models see."""
