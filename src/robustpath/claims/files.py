"""Where the hypotheses stand, in the repository: those on variants of methods, and those that compare means of runs."""

CLAIMS = "paper/claims.yaml"
CONTRASTS = "paper/claims_batches.yaml"
SHORTCUTS = "paper/claims_shortcuts.yaml"
CONTRAST_FILES = {CONTRASTS: "batches", SHORTCUTS: "shortcuts"}  # the family of each
