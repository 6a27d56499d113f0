"""The hypotheses on ingredients of several families: their thresholds, and that they are the effects of the table."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import streamed

from robustpath.claims import contrast_judge, contrast_model
from robustpath.claims.files import TOGETHER
from robustpath.numbers import together
from robustpath.statistics import factorial

FILE = Path(__file__).parents[2] / TOGETHER
METHODS = ["random_acquisition", "cal", "parallelogram_reversed"]


def runs(spread, rng=0):
    """Areas of every cell, drawn at random, at two missing groups."""
    means = np.random.default_rng(rng).uniform(0.2, 0.6, (len(factorial.EXPERIMENTS), len(METHODS), 2))
    cells = [
        {
            "experiment": name, "method": method, "missing": group, "dataset": "gauss_groups",
            "values": {"accuracy": 0.5, "area_worst_group": means[place, number, group]},
        }
        for (place, name), (number, method), group in product(
            enumerate(factorial.EXPERIMENTS), enumerate(METHODS), (0, 1)
        )
    ]  # fmt: skip
    return streamed.runs(cells, spread=spread, rng=rng)


def judged(table):
    together = contrast_judge.judge(table, contrast_model.load(FILE), 0.95)["together"]
    return {verdict["id"]: verdict for verdict in together["verdicts"]}


def test_the_thresholds_are_those_that_were_registered():
    (family,) = contrast_model.load(FILE).families.values()
    first, second = family.claims
    assert [each.at_least for each in first.conditions] == [2, 2, 2]
    assert [each.within for each in second.conditions] == [[-5, 5]] * 3
    assert [claim.id for claim in family.claims] == ["C1", "C2"]
    assert all(claim.placebos == {"parallelogram_reversed": "cal"} for claim in family.claims)
    assert tuple(family.experiments) == tuple(factorial.EXPERIMENTS)
    for claim in family.claims:
        assert {term.method for each in claim.conditions for term in each.terms} == {factorial.ABSENT, "cal"}
        assert set(contrast_model.experiments(claim)) == set(factorial.EXPERIMENTS)
    assert together.PREFERRED[""] == "cal"


def test_conditions_are_the_effects_of_the_table():
    """C1: all factors less each alone; C2: the interaction of each pair, with its interval."""
    table = runs(0.05)
    verdicts, rows = judged(table), factorial.design(factorial.cells(table, "area_worst_group"), "cal")
    pairs = factorial.effects(rows, 0.95).set_index("effect")
    every = (True, True, True)
    expected = {
        "C1": [factorial.contrast(rows, {every: 1.0, place: -1.0}, 0.95) for place in factorial.alone().values()],
        "C2": [pairs.loc[[pair]].iloc[0] for pair in factorial.subsets() if len(pair) == 2],
    }
    for name, known in expected.items():
        found = verdicts[name]["entries"][0]["conditions"]
        ends = [[each["effect"], each["low"], each["high"]] for each in found]
        assert np.array(ends) == pytest.approx(100 * np.array([row[["mean", "low", "high"]] for row in known], float))


def test_gains_that_add_up_are_supported_and_others_refuted():
    def planted(beyond):
        bought = {"random_acquisition": 0.0, "cal": 0.1, "parallelogram_reversed": -0.1}
        cells = [
            {
                "experiment": name, "method": method, "dataset": "gauss_groups",
                "values": {
                    "accuracy": 0.5,
                    "area_worst_group": (
                        0.3 + bought[method] + 0.05 * descent + 0.05 * coding + beyond * (method == "cal") * descent
                    ),
                },
            }
            for (name, (descent, coding)), method in product(factorial.EXPERIMENTS.items(), METHODS)
        ]  # fmt: skip
        return judged(streamed.runs(cells, spread=0.002))

    added, more, less = planted(0.0), planted(0.15), planted(-0.15)
    assert [added[name]["verdict"] for name in ("C1", "C2")] == ["supported", "supported"]
    assert [more[name]["verdict"] for name in ("C1", "C2")] == ["supported", "refuted"]
    assert [less[name]["verdict"] for name in ("C1", "C2")] == ["refuted", "refuted"]
    assert (added["C1"]["passed_by"], added["C2"]["passed_by"]) == ([], ["parallelogram_reversed"])
