"""Sizes and names of what is measured of a hidden layer; checks and scores read them without torch."""

LEAST_WIDTH = 2  # units: interference is between two
ROOM = 2**30  # bytes that the runs measured together may take
TOGETHER = 32  # runs measured together at most, as many as a processor's caches hold
BATCH = 64  # examples in a step of an autoencoder: these layers need fewer than those of a language model
REACHED = 0.1  # the share of the variance that an autoencoder may leave unexplained
EDGES = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.15)  # of the bins of a unit's activation over its high level
MIDDLE = range(1, 8)  # the bins from 0.15 to 0.85
PARTNERS = ("reference", "seed")  # whose features a run's are compared with
STATISTICS = ("pairing", "svcca", "rsa")


def taken(width: int, latents: int, examples: int) -> int:
    """Bytes that the measures of one run take at most: its activations, what an autoencoder makes of them, and the
    weights of that with their gradients and what Adam remembers."""
    return 4 * (8 * examples * width + 6 * examples * latents + 12 * width * latents)


def together(width: int, latents: int, examples: int) -> int:
    """How many runs are measured together."""
    return max(1, min(TOGETHER, ROOM // taken(width, latents, examples)))
