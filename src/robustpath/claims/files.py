"""Where the hypotheses stand, in the repository: those on variants of methods, and those that compare means of runs."""

CLAIMS = "paper/claims.yaml"
CONTRASTS = "paper/claims_batches.yaml"
SHORTCUTS = "paper/claims_shortcuts.yaml"
TOGETHER = "paper/claims_together.yaml"
CONTRAST_FILES = {CONTRASTS: "batches", SHORTCUTS: "shortcuts", TOGETHER: "together"}  # the family of each
