"""What a method can ask for beside the batches of a stream: the check of the config and the training both read it."""

DRAWN = ("replay", "other_replay", "augmented_replay")  # examples of the memory, drawn anew for each step
DEALS = frozenset({"noise", "memory", *DRAWN})
