"""How batches of episodes are made up: what methods and their protocol both read, without torch."""

TOGETHER = 4  # episodes of a batch
