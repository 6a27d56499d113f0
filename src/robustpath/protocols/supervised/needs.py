"""What a supervised run can ask for beside its batches: the check of the config and the training both read it."""

# Of these, the last three are dealt by group_deals.py.
DEALS = frozenset({"noise", "probe", "holdout", "stream", "groups", "balanced", "irreducible"})
