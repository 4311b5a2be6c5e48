"""Long experiments, run by hand; results go to EXPERIMENTS.md."""
