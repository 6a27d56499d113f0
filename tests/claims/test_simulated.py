"""Simulated worlds hold their conditions exactly at the thresholds, by definitions written out here the slow way."""

from collections import Counter
from itertools import product

import numpy as np
import pandas as pd
import planted
import pytest
from scipy.special import expit, logit
from study_fixtures import CLAIMS

from robustpath.claims import boundaries, model, simulated, verdict_errors
from robustpath.claims.boundaries import Study
from robustpath.statistics import evidence

TEST_SIZE = 900
SETTINGS = {"reference": "sgd", "confidence": 0.95, "test_size": TEST_SIZE, "claims": 1000}


@pytest.fixture(scope="module")
def study():
    """The planted study, its walks all valid, its accuracies far enough apart that no mean is at a threshold."""
    effects = {"gain": {"sam": 0.4, "contour_cooldown": 1.0, "restarts": -0.7}, "barrier": {"flat_warmup": 0.3}}
    effects["moved"] = {name: 0.01 + 0.003 * place for place, name in enumerate(planted.VARIANTS)}
    table = planted.study([*planted.METHODS, "esh"], seeds=8, spread=1.0, **effects)
    family = model.load(CLAIMS).families["minima"]
    own = table[table["experiment"] == family.experiment]
    whole = evidence.gather(table, family.experiment, family.curve)
    return Study(whole, evidence.accuracies(own), family, SETTINGS)


def plans(kind, study):
    found = list(verdict_errors.KINDS[kind].plans(kind, study))
    assert found
    return found


def values_of(plan, table, method, quantity):
    """The values of a column, shape [places, seeds]."""
    return plan.known.values[..., plan.known.columns.index((table, method, quantity))]


def mean_over_places(values):
    return np.mean([place[~np.isnan(place)].mean() for place in values])


def difference(condition, variant, plan, against=None):
    own, other = (
        values_of(plan, "accuracy", name, condition.test_set) for name in (variant, against or condition.against)
    )
    return 100 * mean_over_places(own - other)


def matched_difference(condition, variant, plan):
    own, expected = (values_of(plan, table, variant, condition.test_set) for table in ("matched", "expected"))
    return 100 * mean_over_places(own - expected)


def geometric(over, under):
    ratios = []
    for above, below in zip(over, under, strict=True):
        whole = ~(np.isnan(above) | np.isnan(below))
        ratios.append(above[whole].mean() / below[whole].mean())
    return np.prod(ratios) ** (1 / len(ratios))


def ratio(condition, variant, plan):
    below = values_of(plan, "measure", condition.against, condition.against_measure or condition.measure)
    return geometric(values_of(plan, "measure", variant, condition.measure), below)


def matched_ratio(condition, variant, plan):
    return geometric(*(values_of(plan, table, variant, condition.measure) for table in ("matched", "expected")))


def level_error(condition, variant, plan):
    return np.median(values_of(plan, "measure", variant, "walk_level_error"))


def lines(plan, study, variant):
    """The mean residual of a variant by the line of all baselines, and by each that lacks one."""
    baselines, curve = study.family.baselines, sorted(study.evidence.curve["method"].unique())
    baselines = [name for name in baselines if ("accuracy", name, "none") in plan.known.columns]
    found = []
    for lacking in (None, *baselines):
        chosen = [name for name in baselines if name != lacking]
        each = []
        for place in range(len(plan.known.places)):

            def both(table, name, place=place):
                pair = [values_of(plan, table, name, quantity)[place] for quantity in ("none", "ood")]
                return np.clip(pair, 0.5 / TEST_SIZE, 1 - 0.5 / TEST_SIZE)

            points = [logit(both("accuracy", name).mean(axis=1)) for name in chosen]
            middle = np.mean([x for x, _ in points])
            extra = [logit(both("curve", name).mean(axis=1)) for name in curve]
            x, y = np.transpose(points + [point for point in extra if abs(point[0] - middle) <= 1])
            slope, intercept = np.polyfit(x, y, 1)

            def left(name, slope=slope, intercept=intercept, both=both):
                inner, outer = both("accuracy", name)
                return outer - expit(intercept + slope * logit(inner))

            each.append((left(variant) - np.mean([left(name) for name in chosen], axis=0)).mean())
        found.append(100 * np.mean(each))
    return found


SLOW = {
    "difference": difference,
    "matched_difference": matched_difference,
    "ratio": ratio,
    "matched_ratio": matched_ratio,
    "level_error": level_error,
}


@pytest.mark.parametrize("kind", SLOW)
def test_a_condition_alone_lies_at_its_threshold(study, kind):
    for plan in plans(kind, study):
        (condition,), (variant,) = plan.claim.conditions, plan.claim.variants
        threshold = study.family.tolerance if kind == "level_error" else condition.threshold
        assert SLOW[kind](condition, variant, plan) == pytest.approx(threshold, abs=1e-7)


def test_inequivalences_lie_at_both_margins_or_at_zero(study):
    apart = plans(verdict_errors.MARGIN, study)
    found = [difference(plan.claim.conditions[0], *plan.claim.variants, plan) for plan in apart]
    assert {round(value, 6) for value in found} == {0.3, -0.3}
    equal = plans("inequivalence_equal", study)
    assert [difference(plan.claim.conditions[0], *plan.claim.variants, plan) for plan in equal] == pytest.approx(
        [0] * len(equal), abs=1e-7
    )


@pytest.mark.parametrize(("end", "pick"), [("lowest", min), ("highest", max)])
def test_one_line_of_effective_robustness_lies_at_the_threshold(study, end, pick):
    for plan in plans(f"robustness_{end}", study)[:2]:
        found = lines(plan, study, *plan.claim.variants)
        assert pick(found) == pytest.approx(plan.claim.conditions[0].threshold, abs=1e-7)
        assert max(found) - min(found) > 1e-4


def test_all_alternatives_lie_at_their_thresholds(study):
    for plan in plans("any_of", study):
        (condition,), (variant,) = plan.claim.conditions, plan.claim.variants
        for part in condition.conditions:
            assert SLOW[part.kind](part, variant, plan) == pytest.approx(part.threshold, abs=1e-7)


def slow_value(part, variant, plan, study):
    return (
        lines(plan, study, variant)[0] if part.kind == "effective_robustness" else SLOW[part.kind](part, variant, plan)
    )


@pytest.mark.parametrize(("kind", "at_threshold"), [("conjunction_one", 1), ("conjunction_all", None)])
def test_of_several_conditions_one_or_all_lie_at_their_thresholds(study, kind, at_threshold):
    shown = Counter()
    for plan in plans(kind, study):
        (variant,), here = plan.claim.variants, []
        for condition in plan.claim.conditions:
            parts = getattr(condition, "conditions", [condition])
            shifts = []
            for part in parts:
                threshold = study.family.tolerance if part.kind == "level_error" else part.threshold
                value = slow_value(part, variant, plan, study)
                sign = 1 if getattr(part, "side", "below") == "above" else -1
                shifts.append(sign * (value - threshold))
            at = [abs(shift) < 1e-6 for shift in shifts]
            assert all(at) or all(shift > 0 for shift in shifts)
            here.append(all(at))
        assert sum(here) == (len(here) if at_threshold is None else 1)
        shown[plan.claim.id, tuple(here)] += 1
    assert len({claim for claim, _ in shown}) >= 3


def test_a_variant_lies_a_threshold_above_equal_controls_or_above_the_best_as_measured(study):
    for plan in plans("best_control_equal", study):
        (condition,), (variant,) = plan.claim.conditions, plan.claim.variants
        for control in study.family.controls:
            assert difference(condition, variant, plan, control) == pytest.approx(condition.threshold, abs=1e-7)
            validation = values_of(plan, "accuracy", control, "validation").mean(axis=1)
            assert validation == pytest.approx(values_of(plan, "accuracy", "sgd", "validation").mean(axis=1))
    apart = set()
    for plan in plans("best_control_measured", study):
        (condition,), (variant,) = plan.claim.conditions, plan.claim.variants
        scores = {name: values_of(plan, "accuracy", name, "validation").mean() for name in study.family.controls}
        best = max(scores, key=scores.get)
        assert difference(condition, variant, plan, best) == pytest.approx(condition.threshold, abs=1e-7)
        apart |= {round(difference(condition, variant, plan, name), 3) for name in scores}
    assert len(apart) > 10


def test_gains_are_exchanged_among_variants_and_nothing_else_is(study):
    plan = plans("partial_correlation", study)[0]
    variants = plan.claim.variants
    columns = [plan.known.columns.index(("plain", name, "none")) for name in variants]
    others = [place for place in range(len(plan.known.columns)) if place not in columns]
    orders = Counter()
    for number in range(60):
        moved = simulated.permuted(plan.known, variants, "none", number, plan.kind).values
        assert np.array_equal(moved[..., others], plan.known.values[..., others], equal_nan=True)
        for place in range(len(plan.known.places)):
            gains = plan.known.values[place][:, columns]
            order = [int(np.where((own == gains.T).all(axis=1))[0][0]) for own in moved[place][:, columns].T]
            assert sorted(order) == list(range(len(variants)))
            orders[tuple(order)] += 1
    assert len(orders) > 60


def test_selected_methods_are_drawn_from_one_distribution(study):
    names = ["contour_warmup", "restarts", "sgd"]
    known, draws = simulated.drawn(study.draws, 0.2, names, "none")
    assert draws.mean(axis=(1, 3)) == pytest.approx(np.broadcast_to(draws.mean(axis=(1, 2, 3))[:, None], (2, 3, 2)))
    sums, best = [], 0
    for number in range(400):
        values = simulated.selected(draws, "selection", number).reshape(*draws.shape[:2], 3, 2)
        sums.append(values.mean(axis=1))
        best += values[..., 0].mean() > draws[..., 0].mean()
    means, error = np.mean(sums, axis=0), np.std(sums, axis=0) / 20
    assert (np.abs(means - means.mean(axis=1, keepdims=True)) < 4 * error).all()
    assert best > 390
    # Validation decides: of each draw's pair, that with the larger first number, and its own second one.
    pairs = {tuple(pair) for pair in draws.reshape(-1, 2)}
    assert all(tuple(pair) in pairs for pair in values.reshape(-1, 2))
    groups = {tuple(group[group[:, 0].argmax()]) for group in draws.reshape(-1, draws.shape[3], 2)}
    assert all(tuple(pair) in groups for pair in values.reshape(-1, 2))
    assert [column[1] for column in known.columns[::2]] == names


def test_redrawn_seeds_are_whole_seeds_of_their_own_data_set(study):
    plan = plans("difference", study)[0]
    made = simulated.redrawn(plan.known, plan.kind, range(200))
    for place, own in enumerate(plan.known.values):
        rows = {tuple(row) for row in own}
        assert all(tuple(row) in rows for row in made[:, place].reshape(-1, own.shape[-1]))
    error = plan.known.values.std(axis=1) / np.sqrt(200 * plan.known.values.shape[1])
    assert (np.abs(made.mean(axis=(0, 2)) - plan.known.values.mean(axis=1)) < 4.5 * error).all()
    donors = [
        [int(np.where((plan.known.values[place] == row).all(axis=1))[0][0]) for row in made[claim, place]]
        for claim, place in product(range(100), range(2))
    ]
    assert len({tuple(own) for own in donors}) == 200


def test_claims_depend_on_their_kind_and_number_alone_and_on_no_other_claim(study):
    plan = plans("difference", study)[0]
    many, one = simulated.redrawn(plan.known, "difference", range(50)), simulated.redrawn(plan.known, "difference", [7])
    assert np.array_equal(many[7], one[0])
    assert not np.array_equal(one, simulated.redrawn(plan.known, "ratio", [7]))
    means = np.diff(simulated.redrawn(plan.known, "difference", range(600)), axis=-1).mean(axis=(1, 2, 3))
    lagged = [np.corrcoef(means[:-lag], means[lag:])[0, 1] for lag in (1, 2, 16, 24)]
    assert np.abs(lagged).max() < 4 / np.sqrt(600)


def test_simulated_evidence_is_the_study_when_no_seed_is_redrawn(study):
    """Values that are not redrawn make, level for level, the very rows of the study's own evidence."""
    claim = next(claim for claim in study.family.claims if claim.id == "M8")
    known = boundaries.world_of(claim, 0.2, study)
    made = simulated.evidence_of(known, np.stack([known.values, known.values]), [0.2, 0.5])
    keys = ["dataset", "train_size", "label_noise", "seed", "method"]
    for table in ("accuracy", "measure", "matched"):
        name = simulated.QUANTITY[table]
        rows, own = getattr(made, table), getattr(study.evidence, table)
        assert set(rows["label_noise"]) == {0.2, 0.5}
        first = rows[rows["label_noise"] == 0.2].astype({"dataset": str, "method": str, name: str})
        own = own.astype({"dataset": str, "method": str, name: str})
        both = first.merge(own, on=[*keys, name], how="left", suffixes=("", "_own"))
        pd.testing.assert_series_equal(both["value"], both["value_own"], check_names=False)
        assert len(both) == len(first) > 0


@pytest.mark.parametrize("kind", ["difference", "ratio", "matched_ratio", "level_error", "any_of", "conjunction_one"])
def test_claims_side_by_side_are_judged_as_one_by_one(study, kind, monkeypatch):
    plan = plans(kind, study._replace(settings=SETTINGS | {"claims": 2}))[-1]
    values = simulated.redrawn(plan.known, kind, range(6))
    fast = boundaries.verdicts(plan, values, study)
    monkeypatch.setattr(boundaries, "_named_only", lambda condition: False)
    slow = [entry for own in values for entry in boundaries.verdicts(plan, own[None], study)]
    assert len(fast) == len(slow) == 6
    for one, other in zip(fast, slow, strict=True):
        numbers = [[entry["verdict"], entry["p_support"], entry["p_refute"]] for entry in (one, other)]
        numbers[0] += [finding["effect"] for finding in one["conditions"]]
        numbers[1] += [finding["effect"] for finding in other["conditions"]]
        assert numbers[0] == numbers[1]
    assert len({entry["p_support"] for entry in fast}) > 1


def test_what_claims_share_is_not_put_side_by_side(study):
    shared = ("robustness", "partial_correlation", "best_control")
    few = study._replace(settings=SETTINGS | {"claims": 3})
    for kind in verdict_errors.KINDS:
        parts = [plan.claim.conditions for plan in plans(kind, few)]
        named = [all(boundaries._named_only(part) for part in own) for own in parts]
        assert any(named) != kind.startswith(shared)
