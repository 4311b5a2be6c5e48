"""Photographs and clips with a licence, fetched by hash: what films, ladders and pretexts need.

sources.csv (in git) -> `vq footage fetch` -> originals/, manifest.csv, ATTRIBUTION.md, report.csv

`vq.footage.fetched.load` gives later steps the files that are there.
"""
