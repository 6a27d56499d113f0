import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.records import complete
from robustpath.records.selection import HOLDOUT, ORACLE, VALIDATION, choose, select


def table(*draws, held=None):
    """Records of one cell from (validation accuracy, test accuracy, diverged) a draw; `held`: accuracies on examples
    that are held out of training, where there are any."""
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
            *([("holdout", "none", held[draw])] if held else []),
        ]
    ]
    return complete(pd.DataFrame(rows))


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


def test_the_rule_of_held_out_examples_chooses_by_these_alone():
    """Draw 2 is right on 8 of 10 of them, as draw 3 is; draw 1, which validation and test prefer, on 7."""
    own = table((0.5, 0.5, False), (0.9, 0.9, False), (0.6, 0.1, False), (0.7, 0.2, False), held=[0.4, 0.7, 0.8, 0.8])
    assert choose(own, HOLDOUT)["draw"].tolist() == [2]
    assert choose(own)["draw"].tolist() == [1]
    assert select(own, HOLDOUT).query("split == 'test'")["value"].tolist() == [0.1]
    with pytest.raises(UserError, match="4 runs have no holdout accuracy to choose by"):
        choose(table(*[(0.5, 0.5, False)] * 4), HOLDOUT)


def test_only_the_validation_rule_may_be_a_headline():
    assert VALIDATION.headline
    assert not ORACLE.headline
    assert not HOLDOUT.headline
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
