"""How many of a run's training examples it learns from where some of them are held out."""

import math


def learnt(size: int, share: float) -> int:
    """The number of examples, of `size`, that are left to learn from; a `share` of them, rounded up, is held out."""
    return size - math.ceil(round(share * size, 9))  # 0.07 * 100 is a little more than 7
