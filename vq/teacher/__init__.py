"""The ensemble that teaches: dimension conversion, gating network, fusion, head."""
