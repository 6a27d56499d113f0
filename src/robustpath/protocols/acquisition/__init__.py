"""Active learning: which examples of a pool are labelled next, round by round."""
