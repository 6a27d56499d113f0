"""Two rules of selection, and seeds that agree, against tables worked by hand."""

import numpy as np
import pandas as pd
import pytest

from robustpath.records import complete
from robustpath.statistics.selection_rules import agreement, two_rules

SPLITS = ("validation", "holdout", "test")


def runs(experiment, method, draws, level=0.0, sizes=(50,)):
    """Records from (validation, holdout, test) accuracy, None where there is none: `draws[draw][seed]`."""
    rows = [
        {
            "experiment": experiment, "dataset": "d", "method": method, "train_size": size, "label_noise": level,
            "seed": seed, "draw": draw, "split": split, "shift": "none", "shift_family": "none", "severity": 0,
            "metric": "accuracy", "value": value, "diverged": False,
        }
        for size in sizes for draw, seeds in enumerate(draws) for seed, scores in enumerate(seeds)
        for split, value in zip(SPLITS, scores, strict=True) if value is not None
    ]  # fmt: skip
    return complete(pd.DataFrame(rows))


def held_out_study():
    """Three seeds; by validation sam is .01, .02 and .03 above sgd, by the examples held out .02 below, .01 above and
    .04 below."""
    plain = [[(0.9, None, 0.60)] * 3, [(0.8, None, 0.90)] * 3]
    sam = [[(0.7, None, 0.10)] * 3, [(0.8, None, 0.61), (0.8, None, 0.62), (0.8, None, 0.63)]]
    held = [[(0.9, 0.5, 0.30)] * 3, [(0.1, 0.6, 0.50)] * 3]
    tried = [[(0.1, 0.8, 0.48), (0.1, 0.8, 0.51), (0.1, 0.8, 0.46)], [(0.9, 0.7, 0.99)] * 3]
    return pd.concat(
        [
            runs("data_efficiency", "sgd", plain, sizes=(50, 150)),
            runs("data_efficiency", "sam", sam, sizes=(50, 150)),
            runs("data_efficiency", "adamw", sam, sizes=(50, 150)),
            runs("held_out", "sgd", held),
            runs("held_out", "sam", tried),
        ],
        ignore_index=True,
    )


def test_each_rule_on_its_own_runs():
    found = two_rules(held_out_study(), "sgd", 0.95)
    assert found.index.to_list() == [(50, "sam"), (50, "sgd")]
    sam, sgd = found.loc[(50, "sam")], found.loc[(50, "sgd")]
    assert sam["validation", "difference"] == pytest.approx(0.02)
    assert sam["holdout", "difference"] == pytest.approx((-0.02 + 0.01 - 0.04) / 3)
    assert [sgd[rule, "mean"] for rule in ("validation", "holdout")] == pytest.approx([0.6, 0.5])
    # t[0.975, 2] = 4.302653, sd .01: the interval by validation is [-.005, .045], and both hold zero.
    assert sam["validation", "low"] == pytest.approx(0.02 - 4.302653 * 0.01 / 3**0.5, abs=1e-6)
    assert sam["holdout", "low"] < 0 < sam["holdout", "high"]
    assert sam["changes"].item(), "the sign is another"
    assert not sgd["changes"].item()


@pytest.mark.parametrize(
    ("shift", "confidence", "changes"),
    [(0.0, 0.95, True), (0.0168, 0.95, False), (0.05, 0.5, False), (0.09, 0.95, True)],
    ids=["another sign", "no sign that is printed", "both above zero", "one above zero, one not"],
)
def test_a_change_is_a_printed_sign_or_a_verdict(shift, confidence, changes):
    table = held_out_study()
    moved = (table["experiment"] == "held_out") & (table["method"] == "sam") & (table["split"] == "test")
    table["value"] += shift * moved
    assert two_rules(table, "sgd", confidence).loc[(50, "sam"), "changes"].item() == changes


def test_what_the_first_rule_lacks_is_left_open():
    table = held_out_study()
    for lacking in (table["experiment"] != "data_efficiency", table["method"] != "adamw"):
        found = two_rules(table[lacking], "sgd", 0.95)
        assert found["holdout"].loc[(50, "sam"), "difference"] == pytest.approx(-0.05 / 3)
    alone = two_rules(table[table["experiment"] == "held_out"], "sgd", 0.95)
    assert alone["validation"].isna().all(axis=None)
    assert not alone["changes"].any()


def test_agreement_of_seeds_by_hand():
    sgd, sam = [0.5, 0.6, 0.7, 0.4], [0.6, 0.7, 0.9, 0.4]
    other = [0.7, 0.5, 0.6, 0.9]
    table = pd.concat(
        [
            runs("minima", "sgd", [[(0.5, None, each) for each in sgd]]),
            # Selection takes draw 1 of sam in each seed; its default is draw 0.
            runs("minima", "sam", [[(0.5, None, each) for each in sam], [(0.9, None, each) for each in other]]),
        ]
    )
    found = agreement(table, "minima", "sgd")
    for draws, values in (("default", sam), ("selected", other)):
        row = found.loc[(draws, 0.0)]
        assert row["correlation"] == pytest.approx(np.corrcoef(sgd, values)[0, 1])
        assert row["deviation"] == pytest.approx(np.std(np.subtract(values, sgd), ddof=1))
    flat = agreement(runs("minima", "sgd", [[(0.5, None, 0.5)] * 3]), "minima", "sgd")
    assert flat["correlation"].isna().all()
