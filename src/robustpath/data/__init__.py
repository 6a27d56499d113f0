"""Data sets, splits, shifts and random streams."""
