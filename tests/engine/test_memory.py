"""The width that fits, against memories of which the size is known."""

import math

import pytest

from robustpath.engine.memory import widest


@pytest.mark.parametrize("most", [1, 2, 3, 7, 64, 100, 4096])
def test_the_widest_that_fits_is_found_in_few_tries_with_any_memory(most):
    for limit in range(min(most, 130) + 3):
        tries = []

        def fits(width, limit=limit, tries=tries):
            tries.append(width)
            return width <= limit

        assert widest(fits, most) == min(limit, most)
        assert len(tries) == len(set(tries)) <= 2 * math.log2(most) + 2
        assert max(tries) <= min(2 * max(limit, 1), most)
