"""What an acquisition may be shown beside what all are shown."""

# In NEEDS of its file:
SAMPLED = "sampled"  # passes with dropout
EARLIER = "earlier"  # predictions of the whole pool at moments of the training


def reads_attribute(name: str) -> bool:
    """Whether an acquisition is shown the attribute of every example: an oracle, and its name says so."""
    return "oracle" in name
