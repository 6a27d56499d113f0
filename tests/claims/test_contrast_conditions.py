"""Conditions that compare means: known effects, scipy's paired t test, and how often a verdict is wrong."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import streamed

from robustpath.claims import contrast_conditions
from robustpath.claims.contrast_conditions import Case, weigh
from robustpath.claims.contrast_values import runs_of

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"
PAIR = streamed.less("new", "old")


def of(condition, table, level=0.0):
    return weigh(condition, Case(runs_of(table), level, 0.95))


def two(gain, spread=0.01, seeds=8, **shared):
    """Runs of two methods, `new` ahead by `gain` points."""
    return streamed.runs(
        [
            {"method": "old", "values": {"accuracy": 0.5}} | shared,
            {"method": "new", "values": {"accuracy": 0.5 + gain / 100}} | shared,
        ],
        seeds,
        spread,
    )


def column(table, method, split="test", **where):
    own = table[(table["method"] == method) & (table["split"] == split)]
    for name, value in where.items():
        own = own[own[name] == value]
    return own.sort_values("seed")["value"].to_numpy()


@pytest.mark.parametrize(
    ("bound", "gain", "spread", "verdict"),
    [
        ({"at_least": 5.0}, 15, 0.01, SUPPORTED),
        ({"at_least": 5.0}, 0, 0.01, REFUTED),
        ({"at_least": 5.0}, 6, 0.1, UNDECIDED),
        ({"at_most": -4.0}, -15, 0.01, SUPPORTED),
        ({"at_most": -4.0}, 0, 0.005, REFUTED),
        ({"within": [-3.0, 1.0]}, -1, 0.005, SUPPORTED),
        ({"within": [-3.0, 1.0]}, 6, 0.01, REFUTED),
        ({"within": [-3.0, 1.0]}, -9, 0.01, REFUTED),
        ({"within": [-3.0, 1.0]}, -1, 0.1, UNDECIDED),
    ],
)
def test_known_effects_have_known_verdicts(bound, gain, spread, verdict):
    assert of(streamed.condition(terms=PAIR, **bound), two(gain, spread))["verdict"] == verdict


def test_effect_interval_and_p_are_those_of_the_paired_t_test():
    table = two(3)
    found = of(streamed.condition(terms=PAIR, at_least=2.0), table)
    difference = 100 * (column(table, "new") - column(table, "old"))
    known = scipy.stats.ttest_1samp(difference, 2.0, alternative="greater")
    span = scipy.stats.ttest_1samp(difference, 0.0).confidence_interval(0.95)
    assert np.allclose([found["effect"], found["low"], found["high"]], [difference.mean(), *span])
    assert found["p_support"] == pytest.approx(known.pvalue) and found["n"] == len(difference)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    power = scipy.stats.nct.sf(
        scipy.stats.t.ppf(0.975, len(difference) - 1), len(difference) - 1, (found["detectable"] - 2) / error
    )
    assert power == pytest.approx(0.8, abs=1e-6)


def test_an_interval_is_two_one_sided_tests():
    table = two(-1, 0.02)
    found = of(streamed.condition(terms=PAIR, within=[-3.0, 1.0]), table)
    difference = 100 * (column(table, "new") - column(table, "old"))
    sides = [
        scipy.stats.ttest_1samp(difference, end, alternative=side).pvalue
        for end, side in ((-3, "greater"), (1, "less"))
    ]
    assert found["p_support"] == pytest.approx(max(sides))
    centred = abs(difference.mean() + 1)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert found["p_refute"] == pytest.approx(
        scipy.stats.t.sf((centred - 2) / error, 7) + scipy.stats.t.sf((centred + 2) / error, 7)
    )


def test_bits_keep_their_unit():
    cells = [
        {"method": name, "values": {"accuracy": 0.5, "prequential_bits": bits}}
        for name, bits in (("new", 1.0), ("old", 2.0))
    ]
    found = of(streamed.condition(terms=PAIR, metric="prequential_bits", at_most=-0.5), streamed.runs(cells))
    assert found["unit"] == "bits per label" and found["effect"] == pytest.approx(-1, abs=0.05)
    assert found["verdict"] == SUPPORTED


def test_train_sizes_are_averaged_within_a_seed():
    """What has several sizes was judged by none: a pair then has one value a size."""
    parts = [two(gain).assign(train_size=size) for size, gain in ((100, 2), (300, 6))]
    own, small, large = (
        of(streamed.condition(terms=PAIR, at_least=0.0), table)
        for table in (pd.concat(parts, ignore_index=True), *parts)
    )
    assert own["effect"] == pytest.approx((small["effect"] + large["effect"]) / 2)
    assert own["n"] == small["n"] == 8


def test_data_sets_are_strata_and_budgets_are_averaged_within_a_seed():
    cells = [
        {"method": method, "dataset": data, "evaluations": budget, "values": {"accuracy": 0.3 + gain}}
        for method, data, budget, gain in (
            ("old", "mnist5k", 7.0, 0.0), ("old", "mnist5k", 24.0, 0.1), ("old", "mnist1d", 7.0, 0.0),
            ("old", "mnist1d", 24.0, 0.0), ("new", "mnist5k", 7.0, 0.2), ("new", "mnist5k", 24.0, 0.2),
            ("new", "mnist1d", 7.0, 0.1), ("new", "mnist1d", 24.0, 0.3),
        )
    ]  # fmt: skip
    table = streamed.runs(cells, spread=1e-6)
    found = of(streamed.condition(terms=PAIR, at_least=0.0), table)
    # (0.2 - 0.05 on mnist5k, 0.2 on mnist1d) / 2
    assert found["effect"] == pytest.approx(17.5, abs=0.01) and found["n"] == 16
    assert found["by_dataset"]["mnist5k"][0] == pytest.approx(15, abs=0.01)
    one = of(
        streamed.condition(terms=streamed.less("new", "old", dataset="mnist1d", evaluations=24.0), at_least=0.0), table
    )
    assert one["effect"] == pytest.approx(30, abs=0.01)


def test_a_term_takes_its_label_noise_or_that_of_the_level():
    table = pd.concat([two(2, 1e-6), two(9, 1e-6, label_noise=0.3)])
    assert of(streamed.condition(terms=PAIR, at_least=0.0), table, 0.3)["effect"] == pytest.approx(9, abs=0.01)
    fixed = streamed.less("new", "old", label_noise=0.0)
    assert of(streamed.condition(terms=fixed, at_least=0.0), table, 0.3)["effect"] == pytest.approx(2, abs=0.01)


def test_the_draw_of_the_best_validation_accuracy_stands_for_those_with_the_hyperparameters():
    draws = [
        ({"age": age, "weight": weight}, {"accuracy": accuracy, "validation": validation})
        for age, weight, accuracy, validation in (
            (0.0, 3.0, 0.4, 0.9), (0.0, 10.0, 0.8, 0.2), (0.9, 3.0, 0.6, 0.1), (0.9, 10.0, 0.7, 0.8),
        )
    ]  # fmt: skip
    table = streamed.runs([{"method": "ball", "draws": draws}], spread=1e-6)
    ends = [{"experiment": "streams", "method": "ball", "hyperparameters": {"age": age}} for age in (0.9, 0.0)]
    found = of(streamed.condition(terms=[ends[0], ends[1] | {"weight": -1}], at_least=0.0), table)
    assert found["effect"] == pytest.approx(30, abs=0.01)
    exact = [each | {"hyperparameters": each["hyperparameters"] | {"weight": 3.0}} for each in ends]
    found = of(streamed.condition(terms=[exact[0], exact[1] | {"weight": -1}], at_least=0.0), table)
    assert found["effect"] == pytest.approx(20, abs=0.01)


def test_an_interaction_is_the_gain_beyond_the_sum_of_gains():
    means = {(0.0, 0.0): 0.4, (1.0, 0.0): 0.45, (0.0, 10.0): 0.5, (1.0, 10.0): 0.62}
    draws = [({"memory": memory, "ball": ball}, {"accuracy": mean}) for (memory, ball), mean in means.items()]
    terms = [
        {"experiment": "streams", "method": "epi", "weight": 1.0 if memory == bool(ball) else -1.0}
        | {"hyperparameters": {"memory": memory, "ball": ball}}
        for memory, ball in means
    ]
    found = of(
        streamed.condition(terms=terms, at_least=0.0), streamed.runs([{"method": "epi", "draws": draws}], spread=1e-4)
    )
    assert found["effect"] == pytest.approx(7, abs=0.1) and found["verdict"] == SUPPORTED


@pytest.mark.parametrize(("over", "effect"), [("none", 1.0), ("corruption", 15.0), ("mean", 12.5), ("worst", 30.0)])
def test_shifts_are_summed_up_run_by_run(over, effect):
    def cell(method, clean, fog, blur, other):
        shifts = {("fog", "corruption"): fog, ("blur", "corruption"): blur, ("optdigits", "natural"): other}
        return {"method": method, "values": {"accuracy": clean, "shifts": shifts}}

    # The worst of `old` is the fog, 0.1; that of `new` is the blur, 0.4.
    table = streamed.runs([cell("old", 0.8, 0.1, 0.6, 0.5), cell("new", 0.81, 0.6, 0.4, 0.6)], spread=1e-6)
    found = of(streamed.condition(terms=PAIR, over=over, at_least=0.0), table)
    assert found["effect"] == pytest.approx(effect, abs=0.01)


def steps(method, at, heights, metric="prequential_accuracy"):
    return [
        {"method": method, "evaluations": float(budget), "values": {"accuracy": height, metric: place}}
        for budget, place, height in zip((1, 2, 5), at, heights, strict=True)
    ]


def matched(**changes):
    shared = {"term": {"experiment": "streams", "method": "new"}, "against": {"experiment": "streams", "method": "old"}}
    shared |= {"evaluations": [1, 2, 5], "by": "prequential_accuracy"}
    return streamed.condition("matched", **shared | changes)


@pytest.mark.parametrize(
    ("at", "reach", "effect"), [(0.65, 0.0, 20.0), (0.605, 1.0, 24.5), (0.805, 1.0, 5.0), (0.59, 1.5, 25.0)]
)
def test_a_method_is_compared_with_the_curve_at_its_own_place(at, reach, effect):
    # The curve goes through (0.6, 0.25), (0.7, 0.35), (0.8, 0.45) in any order of its budgets; `new` has 0.5.
    cells = steps("old", (0.7, 0.6, 0.8), (0.35, 0.25, 0.45))
    cells += [{"method": "new", "values": {"accuracy": 0.5, "prequential_accuracy": at}}]
    found = of(matched(reach=reach, at_least=0.0), streamed.runs(cells, spread=1e-6))
    assert found["effect"] == pytest.approx(effect, abs=0.01) and found["left_out"] == 0


def test_nothing_is_judged_outside_of_the_curve():
    cells = steps("old", (0.6, 0.7, 0.8), (0.25, 0.35, 0.45))
    cells += [{"method": "new", "values": {"accuracy": 0.9, "prequential_accuracy": 0.9}}]
    found = of(matched(at_least=0.0), streamed.runs(cells, spread=1e-6))
    assert (found["verdict"], found["left_out"], found["p_support"]) == (UNDECIDED, streamed.SEEDS, None)


def test_curves_are_those_of_each_seed():
    """A seed adds to all of its runs; so the seed's own curve gives the effect, and one of the means would not."""
    cells = steps("old", (0.6, 0.7, 0.8), (0.25, 0.35, 0.45))
    cells += [{"method": "new", "values": {"accuracy": 0.5, "prequential_accuracy": 0.7}}]
    table = streamed.runs(cells, spread=1e-6)
    table.loc[(table["metric"] == "prequential_accuracy") & (table["seed"] % 2 == 0), "value"] += 0.5
    found = of(matched(at_least=0.0), table)
    assert found["left_out"] == 0 and found["effect"] == pytest.approx(15, abs=0.01)


def test_every_budget_must_be_beaten():
    cells = [
        {"method": "old", "evaluations": float(budget), "values": {"accuracy": mean}}
        for budget, mean in ((1, 0.3), (2, 0.45), (5, 0.2))
    ] + [{"method": "new", "evaluations": 9.0, "values": {"accuracy": 0.5}}]
    table = streamed.runs(cells)
    keys = {"term": PAIR[0], "against": {"experiment": "streams", "method": "old"}, "evaluations": [1, 2, 5]}
    ps = [
        scipy.stats.ttest_1samp(
            column(table, "new") - column(table, "old", evaluations=b), 0.03, alternative="greater"
        ).pvalue
        for b in (1.0, 2.0, 5.0)
    ]
    found = of(streamed.condition("each", at_least=3.0, **keys), table)
    assert found["p_support"] == pytest.approx(max(ps)) and found["verdict"] == SUPPORTED
    assert found["effect"] == pytest.approx(5, abs=1.5), "shown is the one that decides"
    assert of(streamed.condition("each", at_least=8.0, **keys), table)["verdict"] == REFUTED


def radii(*means, spread=0.002):
    draws = [({"radius": 0.001 * 2**place}, {"accuracy": mean}) for place, mean in enumerate(means)]
    return streamed.runs([{"method": "ball", "draws": draws}], spread=spread)


def ranged(**bound):
    return streamed.condition(
        "spread", term={"experiment": "streams", "method": "ball"}, hyperparameter="radius", **bound
    )


@pytest.mark.parametrize(
    ("means", "bound", "verdict"),
    [
        ((0.5, 0.51, 0.505), {"at_most": 3.0}, SUPPORTED),
        ((0.5, 0.58, 0.505), {"at_most": 3.0}, REFUTED),
        ((0.5, 0.58, 0.505), {"at_least": 5.0}, SUPPORTED),
        ((0.5, 0.51, 0.505), {"at_least": 5.0}, REFUTED),
        ((0.5, 0.549, 0.505), {"at_least": 5.0}, UNDECIDED),
    ],
)
def test_the_range_over_a_grid(means, bound, verdict):
    found = of(ranged(**bound), radii(*means))
    assert found["verdict"] == verdict
    assert found["effect"] == pytest.approx(100 * (max(means) - min(means)), abs=0.3)
    assert len(found["each"]) == 6


def ages(*means):
    draws = [({"age": age}, {"accuracy": mean}) for age, mean in zip((0.0, 0.5, 0.9, 0.98, 1.0), means, strict=True)]
    return streamed.runs([{"method": "ball", "draws": draws}], spread=0.002)


@pytest.mark.parametrize(
    ("means", "verdict"),
    [
        ((0.5, 0.6, 0.8, 0.7, 0.4), SUPPORTED),
        ((0.5, 0.6, 0.7, 0.8, 0.4), SUPPORTED),
        ((0.5, 0.6, 0.8, 0.8, 0.75), REFUTED),  # an end is too near
        ((0.5, 0.9, 0.8, 0.8, 0.4), REFUTED),  # the best is outside
        ((0.5, 0.6, 0.6, 0.6, 0.4), UNDECIDED),
    ],
)
def test_the_best_is_inside(means, verdict):
    keys = {"term": {"experiment": "streams", "method": "ball"}, "hyperparameter": "age", "inside": [0.9, 0.98]}
    assert (
        of(streamed.condition("interior", outside={0.0: 10, 0.5: 0, 1.0: 10}, **keys), ages(*means))["verdict"]
        == verdict
    )


def test_what_there_are_no_runs_of_is_named():
    found = of(streamed.condition(terms=streamed.less("new", "old", evaluations=24.0), at_least=0.0), two(3))
    assert found["verdict"] == UNDECIDED and found["effect"] is None
    assert "new in the experiment streams with 24 evaluations a batch at the label noise 0" in found["note"]
    found = of(ranged(at_most=3.0), radii(0.5))
    assert "ball with several values of radius" in found["note"]


def test_a_run_without_a_value_is_left_out_and_counted():
    table = two(3, 1e-6)
    lost = (table["method"] == "new") & (table["seed"] == 3) & (table["split"] == "test")
    found = of(streamed.condition(terms=PAIR, at_least=0.0), table.assign(value=table["value"].mask(lost)))
    assert (found["n"], found["left_out"]) == (7, 1)


def at_threshold(condition, methods, simulated, monkeypatch):
    """Verdicts on many simulated studies whose truth is that the condition holds exactly at its bound; `methods` are
    the true means, or those of the metric and of the one at which methods are compared."""
    generator = np.random.default_rng(5)
    index = pd.MultiIndex.from_product([["mnist5k"], range(8)], names=["dataset", "seed"])

    def sampled(mean):
        return pd.Series(mean + generator.normal(0, 0.02, 8), index=index)

    found = []
    for _ in range(simulated):
        own = {name: [sampled(mean) for mean in np.atleast_1d(means)] for name, means in methods.items()}
        monkeypatch.setattr(
            contrast_conditions,
            "values",
            lambda runs, term, what, level, own=own: own[key(term)][what.metric == "prequential_accuracy"],
        )
        found.append(weigh(condition, Case(runs_of(GRID), 0.0, 0.95))["verdict"])
    return pd.Series(found)


def key(term):
    own = list(term.hyperparameters.values()) or [term.evaluations]
    return term.method if own == [None] else own[0]


GRID = pd.DataFrame(
    {"experiment": "streams", "method": "ball", "hyperparameters": [f'{{"radius": {r}}}' for r in (1.0, 2.0, 3.0)]}
)
BEATEN = {"term": PAIR[0], "against": {"experiment": "streams", "method": "old"}, "evaluations": [1, 2, 5]}
AGES = {"term": {"experiment": "streams", "method": "ball"}, "hyperparameter": "age", "inside": [0.8, 0.9, 0.95, 0.98]}
INTERIOR = streamed.condition("interior", outside={0.0: 10, 1.0: 10}, **AGES)
INSIDE = dict.fromkeys(AGES["inside"], 0.6)
CURVE = {1.0: (0.2, 0.6), 2.0: (0.3, 0.7), 5.0: (0.4, 0.8)}  # a slope of 1


@pytest.mark.parametrize(
    ("condition", "methods", "simulated"),
    [
        (streamed.condition(terms=PAIR, at_least=5.0), {"new": 0.55, "old": 0.5}, 200),
        (streamed.condition(terms=PAIR, at_most=-4.0), {"new": 0.46, "old": 0.5}, 200),
        (streamed.condition(terms=PAIR, within=[-3.0, 1.0]), {"new": 0.51, "old": 0.5}, 200),
        (streamed.condition(terms=PAIR, within=[-3.0, 1.0]), {"new": 0.47, "old": 0.5}, 200),
        (ranged(at_most=3.0), {1.0: 0.5, 2.0: 0.53, 3.0: 0.515}, 120),
        (ranged(at_least=5.0), {1.0: 0.5, 2.0: 0.55, 3.0: 0.52}, 120),
        (streamed.condition("each", at_least=5.0, **BEATEN), {"new": 0.55, 1.0: 0.5, 2.0: 0.4, 5.0: 0.3}, 200),
        (streamed.condition("each", at_least=5.0, **BEATEN), {"new": 0.55, 1.0: 0.5, 2.0: 0.5, 5.0: 0.5}, 200),
        # Every age inside is ahead of one end, or of both, by exactly the bound.
        (INTERIOR, INSIDE | {0.0: 0.5, 1.0: 0.3}, 150),
        (INTERIOR, INSIDE | {0.0: 0.5, 1.0: 0.5}, 150),
        (matched(at_least=5.0), CURVE | {"new": (0.35, 0.7)}, 200),
        (matched(at_most=5.0), CURVE | {"new": (0.35, 0.7)}, 200),
        # Outside of the curve, where its end stands for it.
        (matched(at_least=5.0, reach=10.0), CURVE | {"new": (0.45, 0.82)}, 200),
    ],
)
def test_at_the_threshold_a_wrong_verdict_is_as_rare_as_its_level(condition, methods, simulated, monkeypatch):
    """Each verdict has the level 0.025: so many of exact tests are wrong with a chance below 0.002."""
    words = at_threshold(condition, methods, simulated, monkeypatch)
    allowed = scipy.stats.binom.isf(0.002, simulated, 0.025)
    assert (words == SUPPORTED).sum() <= allowed and (words == REFUTED).sum() <= allowed
