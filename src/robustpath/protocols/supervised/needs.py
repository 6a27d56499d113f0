"""What a supervised run can ask for beside its batches: the check of the config and the training both read it."""

DEALS = frozenset({"noise", "probe", "holdout", "stream"})
