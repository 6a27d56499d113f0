"""What the theory cases should be, and which rows miss it."""

import pandas as pd
import pytest

from robustpath.figures import bands


def _rows(*rows, source="a pilot"):
    return pd.DataFrame([(*row, source) for row in rows], columns=["quantity", "value", "expected", "source"])


@pytest.mark.parametrize(
    ("quantity", "holds", "misses"),
    [
        ("error, at least", 0.5, 0.49),
        ("error, at most", 0.5, 0.51),
        ("error, above", 0.51, 0.5),
        ("error, below", 0.49, 0.5),
        ("norm at 1 / p = 2.0, within 0.05", 0.54, 0.56),
        ("norm at 1 / p = 2.0, within 0.05", 0.46, 0.44),
    ],
)
def test_a_value_on_the_wrong_side_is_missed(quantity, holds, misses):
    assert bands.missed(_rows((quantity, holds, 0.5), (quantity, misses, 0.5))).tolist() == [False, True]


def test_what_says_no_side_should_be_equal_where_bands_are_counted():
    rows = _rows(("active units", 2.0, 3.0), ("active units", 3.0, 3.0), (bands.COUNT, 1.0, 2.0))
    assert bands.missed(rows).tolist() == [True, False, False]
    assert not bands.missed(_rows(("mean squared error", 3.01, 3.0), source="closed form")).any()
