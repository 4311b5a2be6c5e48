"""Synthetic labels: what tools that see the original say of a damaged copy. Nobody's opinion."""
