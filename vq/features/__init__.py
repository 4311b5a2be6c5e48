"""Features of experts: the cache on disk, and reading it. Nothing here builds an expert."""
