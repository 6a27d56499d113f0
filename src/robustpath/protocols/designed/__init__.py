"""Designed training sets: each run learns from examples that are generated or chosen by the knobs of its setting."""
