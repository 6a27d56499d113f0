"""What an acquisition may be shown beside what all are shown."""

SAMPLED = "sampled"  # in NEEDS of its file: passes with dropout


def reads_attribute(name: str) -> bool:
    """Whether an acquisition is shown the attribute of every example: an oracle, and its name says so."""
    return "oracle" in name
