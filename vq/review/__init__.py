"""What a change does to the pipeline, for whoever has to decide on it: `vq diff`."""
