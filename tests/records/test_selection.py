import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.records.selection import ORACLE, VALIDATION, choose, select


def table(*draws):
    """Records of one cell from (validation accuracy, test accuracy, diverged) a draw."""
    cell = {"experiment": "e", "dataset": "d", "method": "sgd", "train_size": 50, "label_noise": 0.0, "seed": 0}
    cell["metric"] = "accuracy"
    rows = [
        {**cell, "draw": draw, "split": split, "shift": shift, "value": value, "diverged": diverged}
        for draw, (validation, test, diverged) in enumerate(draws)
        for split, shift, value in [
            ("validation", "none", validation),
            ("test", "none", test),
            ("validation", "blur", 1 - validation),
            ("train", "none", 1.0),
        ]
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("draws", "rule", "chosen"),
    [
        ([(0.5, 0.9, False), (0.7, 0.1, False), (0.6, 0.5, False)], VALIDATION, 1),
        ([(0.5, 0.9, False), (0.7, 0.1, False), (0.6, 0.5, False)], ORACLE, 0),
        ([(0.5, 0.1, False), (0.7, 0.1, False), (0.7, 0.9, False)], VALIDATION, 1),
        ([(0.9, 0.9, True), (0.2, 0.2, False), (0.1, 0.1, False)], VALIDATION, 1),
        ([(0.3, 0.3, True), (0.4, 0.4, True)], VALIDATION, 1),
    ],
    ids=["highest", "oracle looks at the test", "tie goes to the lower draw", "diverged is last", "all diverged"],
)
def test_the_rule_chooses(draws, rule, chosen):
    for order in (1, -1):
        assert choose(table(*draws).iloc[::order], rule)["draw"].tolist() == [chosen]


def test_only_the_validation_rule_may_be_a_headline():
    assert VALIDATION.headline
    assert not ORACLE.headline
    assert "oracle" in ORACLE.words


def test_each_cell_keeps_all_rows_of_one_draw(small_records):
    chosen = select(small_records)
    cell = ["dataset", "method", "train_size", "label_noise", "seed"]
    assert (chosen.groupby(cell)["draw"].nunique() == 1).all()
    assert len(chosen) * 2 == len(small_records)
    assert list(chosen) == list(small_records)


def test_a_run_without_validation_accuracy_is_named():
    records = table((0.5, 0.5, False), (0.6, 0.6, False))
    incomplete = records[~((records["draw"] == 1) & (records["split"] == "validation") & (records["shift"] == "none"))]
    with pytest.raises(UserError, match=r"1 runs have no validation accuracy.*seed=0, draw=1"):
        choose(incomplete)
