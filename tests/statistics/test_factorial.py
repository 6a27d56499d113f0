"""Effects of a factorial: planted ones are found, and each is the sum that it is defined as."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.statistics import factorial
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import interaction

PLACES = list(product([False, True], repeat=3))


def planted(value, seeds=5, spread=0.0):
    """Rows of a design: value(acquisition, descent, coding), a seed that moves all cells, and noise of each cell."""
    noise = np.random.default_rng(0)
    rows = [
        (*place, seed, value(*place) + 0.3 * seed + spread * noise.normal())
        for place in PLACES
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=[*factorial.FACTORS, "seed", "value"])


def means(rows):
    return dict(factorial.effects(rows, 0.95).set_index("effect")["mean"])


def test_effects_are_those_that_were_planted():
    """y = 2a + 3b - c + 4ab + 8abc. By hand: the effect of a is 2 + 4/2 + 8/4, of ab 4 + 8/2, of abc 8."""
    found = means(planted(lambda a, b, c: 2 * a + 3 * b - c + 4 * a * b + 8 * a * b * c))
    expected = {"a": 6, "b": 7, "c": 1, "ab": 8, "ac": 4, "bc": 4, "abc": 8}
    names = dict(zip("abc", factorial.FACTORS, strict=True))
    assert found == pytest.approx({tuple(names[each] for each in key): value for key, value in expected.items()})


def test_gains_that_add_up_have_no_interaction():
    found = means(planted(lambda a, b, c: 0.1 * a + 0.2 * b - 0.3 * c))
    assert [value for key, value in found.items() if len(key) > 1] == pytest.approx([0.0] * 4, abs=1e-12)


def test_a_pair_is_the_interaction_of_two_factors_seed_by_seed():
    rows = planted(lambda a, b, c: a * b, spread=0.2)
    two = rows.groupby(["acquisition", "descent", "seed"], as_index=False)["value"].mean()
    of_pair = interaction(two.astype({"acquisition": float, "descent": float}), "acquisition", "descent", 0.95)
    own = factorial.effects(rows, 0.95).set_index("effect").loc[[("acquisition", "descent")]].iloc[0]
    assert (own["n"], own["mean"], own["low"], own["high"]) == pytest.approx(tuple(of_pair))


def test_a_contrast_is_the_sum_of_its_combinations():
    rows = planted(lambda a, b, c: a + 2 * b + 4 * c, spread=0.1)
    weights = {(True, True, True): 1.0, factorial.alone()["coding"]: -1.0}
    wide = rows.pivot(index="seed", columns=list(factorial.FACTORS), values="value")
    difference = (wide[True, True, True] - wide[False, False, True]).rename("value").reset_index().assign(what=0)
    expected = interval(difference, ["what"], 0.95).iloc[0]
    found = factorial.contrast(rows, weights, 0.95)
    assert found["mean"] == pytest.approx(3, abs=0.3)
    assert tuple(found[["n", "mean", "low", "high"]]) == pytest.approx(tuple(expected[["n", "mean", "low", "high"]]))


def test_a_seed_that_a_cell_lacks_is_left_out():
    rows = planted(lambda a, b, c: a + 0.0, seeds=4)
    found = rows.assign(method=rows["acquisition"].map({True: "cal", False: factorial.ABSENT})).drop(index=2)
    other = found.assign(method="another")
    kept = factorial.design(pd.concat([found.drop(columns="acquisition"), other.drop(columns="acquisition")]), "cal")
    assert set(kept["seed"]) == {0, 1, 3} and len(kept) == 3 * len(PLACES)
    assert means(kept)[("acquisition",)] == pytest.approx(1.0)


def test_what_is_not_complete_is_refused():
    rows = planted(lambda a, b, c: a)
    with pytest.raises(UserError, match="has no score"):
        factorial.effects(rows.drop(index=0), 0.95)
    with pytest.raises(UserError, match="the factor coding is not both absent and present"):
        factorial.effects(rows[rows["coding"]], 0.95)
