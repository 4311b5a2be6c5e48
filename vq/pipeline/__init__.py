"""Dvc in this process: workspace, lock, git, remote, and work shared among machines."""
