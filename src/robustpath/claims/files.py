"""Where the hypotheses stand, in the repository: those on variants of methods, and those that compare means of runs."""

CLAIMS = "paper/claims.yaml"
CONTRASTS = "paper/claims_batches.yaml"
