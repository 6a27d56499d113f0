"""First-order MAML: the gradient where the inner step leads, without the factor of that step."""

import pytest

from .episodes import INNER, RATE, stepped


def test_the_gradient_lacks_the_factor_of_the_inner_step():
    """h (w' - n) with w' - n = 1.5, -2, 1.5, 0 as in MAML: the mean is 2 * 0.25, twice that of MAML at a h = 1/2."""
    after, reported = stepped("fomaml", inner_rate=INNER)
    assert after == pytest.approx(1 - RATE * 0.5)
    assert reported == pytest.approx((1.5**2 + 2**2 + 1.5**2 + 0) / 4)


def test_without_an_inner_step_it_is_descent_on_the_queries():
    """Their mean is 0.5."""
    assert stepped("fomaml", inner_rate=0.0)[0] == pytest.approx(1 - RATE * 2 * 0.5)
