import numpy as np
import pandas as pd

from robustpath.statistics.grid import grids

ROWS = pd.DataFrame(
    [
        ("none", "sgd", "b", 50, 1, 0.1, 1.0),
        ("none", "sgd", "a", 50, 1, 0.2, 2.0),
        ("none", "sgd", "a", 50, 0, 0.3, 3.0),
        ("none", "sam", "a", 50, 0, np.nan, 4.0),
        ("natural", "sam", "a", 50, 1, 0.5, 5.0),
    ],
    columns=["test_set", "method", "dataset", "train_size", "seed", "value", "expected"],
)


def test_every_value_has_its_cell_and_a_data_set_without_the_quantity_none():
    found, expected = grids(ROWS, "test_set", ("value", "expected"))
    grid = found["none"]
    assert (grid.datasets, grid.sizes, grid.seeds) == (["a", "b"], [50], [0, 1])
    np.testing.assert_array_equal(grid.of("sgd")[:, 0], [[0.3, 0.2], [np.nan, 0.1]])
    np.testing.assert_array_equal(expected["none"].of("sgd")[:, 0], [[3.0, 2.0], [np.nan, 1.0]])
    assert found["natural"].datasets == ["a"]
    assert found["natural"].of("sgd") is None is grid.of("asam")


def test_a_value_that_is_missing_is_lost_and_a_row_that_is_missing_is_none():
    (found,) = grids(ROWS, "test_set")
    assert found["none"].lost("sam") == found["none"].lost("sgd", "sam") == 1
    assert found["none"].lost("sgd") == 0
