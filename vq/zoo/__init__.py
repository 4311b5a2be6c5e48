"""Frozen pretrained experts, and the cache of what they say of videos."""
