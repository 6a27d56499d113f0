"""The kinds of simulated claims: conditions of paper/claims.yaml in worlds where they hold exactly at their thresholds.

At its threshold a condition neither holds nor fails, so each verdict but `undecided` is an error.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from robustpath.claims import judge, simulated
from robustpath.claims.model import BEST_CONTROL, Claim, Difference, Family
from robustpath.claims.simulated import Column, World
from robustpath.statistics.evidence import OOD, Evidence

THRESHOLD, EQUAL, EFFECT = "threshold", "equal", "effect"  # where the truth of a simulated claim lies
# Beyond its threshold by so much a condition is met in every sample: points, and a factor of ratios and medians.
FAR_POINTS, FAR_FACTOR = 3.0, 4.0
ROUNDS, CLOSE = 30, 1e-9
# So many cases of the study, spread over its claims, variants and label noises, are worlds of a kind.
WORLDS = 24
SHIFTED = ("difference", "inequivalence", "matched_difference", "effective_robustness")


class Study(NamedTuple):
    """The evidence and the hypotheses of a family; draws: accuracies of all draws, see statistics.evidence.validated.

    settings: as judge.judged takes them, and `claims`, how many are simulated of each kind.
    """

    evidence: Evidence
    draws: pd.DataFrame
    family: Family
    settings: dict


class Plan(NamedTuple):
    """A claim of one condition or several, and the world in which its truth is known; `planted` says where that lies.

    draw: values [claims, places, seeds, columns] of the simulated claims of some numbers, by their kind.
    """

    kind: str
    claim: Claim
    level: float
    known: World
    planted: str = THRESHOLD
    effect: float = 0.0  # planted, percentage points, where `planted` says so
    draw: Callable = simulated.redrawn


def verdicts(plan: Plan, values: np.ndarray, study: Study) -> list[dict]:
    """The judge's entries for simulated values [claims, places, seeds, columns].

    Where a claim compares named methods only, claims stand side by side in one case, as claims on methods of their own
    (`side_by_side`); else, since they share the controls or the line, each is a label noise of its own.
    """
    if all(_named_only(condition) for condition in plan.claim.conditions):
        known, values, claims = side_by_side(plan, values)
        levels = [0.0]
    else:
        known, levels = plan.known, [number / len(values) for number in range(len(values))]
        claims = [plan.claim.model_copy(update={"label_noise": levels})]
    whole = simulated.evidence_of(known, values, levels)
    family = study.family.model_copy(update={"claims": claims, "placebos": []})
    return [entry for verdict in judge.judged(whole, family, study.settings) for entry in verdict["entries"]]


def _named_only(condition) -> bool:
    """Whether a condition compares a variant with named methods, or SGD's curve, and with nothing else."""
    if condition.kind == "any_of":
        return all(_named_only(part) for part in condition.conditions)
    shared = condition.kind in ("effective_robustness", "partial_correlation")
    return not shared and getattr(condition, "against", None) != BEST_CONTROL


def side_by_side(plan: Plan, values: np.ndarray) -> tuple[World, np.ndarray, list[Claim]]:
    """The columns of all claims as those of one, with the number of its claim in each method's name; and the claims."""
    numbers = range(len(values))
    columns = [(table, f"{method} {number}", name) for number in numbers for table, method, name in plan.known.columns]
    wide = np.moveaxis(values, 0, 2).reshape(1, *values.shape[1:3], -1)

    def own(condition, number: int):
        if condition.kind == "any_of":
            return condition.model_copy(update={"conditions": [own(part, number) for part in condition.conditions]})
        other = getattr(condition, "against", None)
        return condition if other is None else condition.model_copy(update={"against": f"{other} {number}"})

    claims = []
    for number in numbers:
        conditions = [own(condition, number) for condition in plan.claim.conditions]
        names = [f"{name} {number}" for name in plan.claim.variants]
        claims.append(alone(plan.claim, conditions, names).model_copy(update={"label_noise": [0.0]}))
    return World(plan.known.places, columns, wide[0]), wide, claims


def sources(study: Study, wanted: Callable) -> list[tuple[Claim, object, float]]:
    """Cases of a condition that is `wanted`: a claim of it alone on one variant (or on all together), and the level;
    those that the study has runs of."""
    found = []
    for claim in study.family.claims:
        known, levels = studied(claim, study)
        groups = [known] if claim.together and known else [[name] for name in known]
        for condition, variants, level in product(claim.conditions, groups, levels):
            if wanted(condition):
                found.append((alone(claim, [condition], variants), condition, level))
    return spread(found, study)


def studied(claim: Claim, study: Study) -> tuple[list[str], list[float]]:
    """The variants and the levels of label noise of a claim that the study has runs of."""
    own = study.evidence.accuracy
    methods, levels = set(own["method"].unique()), set(own["label_noise"].unique())
    return [name for name in claim.variants if name in methods], [each for each in claim.label_noise if each in levels]


def spread(cases: list, study: Study) -> list:
    """At most WORLDS of them, and no more than there will be claims, evenly spread."""
    places = np.linspace(0, len(cases) - 1, min(WORLDS, len(cases), study.settings["claims"]))
    return [cases[round(place)] for place in places]


def alone(claim: Claim, conditions: list, variants: list[str]) -> Claim:
    """The claim with these conditions and variants only."""
    return claim.model_copy(update={"conditions": conditions, "variants": variants})


def world_of(claim: Claim, level: float, study: Study) -> World:
    """The world of what a claim's conditions read."""
    lengths = sorted(study.evidence.curve["method"].unique())
    reference = study.settings["reference"]
    columns = set()
    for condition in claim.conditions:
        columns |= simulated.needed(condition, claim.variants, study.family, reference, lengths)
    return simulated.world(study.evidence, level, columns)


def effect(condition, claim: Claim, known: World, study: Study) -> float:
    """The value of a condition in a world as the judge finds it, in the condition's unit; NaN where it finds none."""
    plan = Plan("", alone(claim, [condition], claim.variants), 0.0, known)
    (entry,) = verdicts(plan, known.values[None], study)
    found = entry["conditions"][0]["effect"] if entry["conditions"] else None
    return np.nan if found is None else found


def threshold_of(condition, study: Study) -> float:
    """The threshold in the condition's unit; of an inequivalence the margin."""
    if condition.kind == "level_error":
        return study.family.tolerance
    return condition.margin if condition.kind == "inequivalence" else condition.threshold


def beyond(condition, study: Study) -> float:
    """A value in the condition's unit at which every sample meets the condition."""
    threshold, sign = threshold_of(condition, study), 1 if getattr(condition, "side", "below") == "above" else -1
    if condition.kind == "inequivalence":
        return threshold + FAR_POINTS
    if condition.kind in SHIFTED:
        return threshold + sign * FAR_POINTS
    return threshold * FAR_FACTOR**sign


def knobs(condition, variant: str) -> list[tuple[Column, int]]:
    """Columns that move a condition's value when they are shifted or scaled, and in which direction."""
    kind = condition.kind
    if kind in ("difference", "inequivalence"):
        names = [(variant, 1)] + [(condition.against, -1)] * (condition.against != BEST_CONTROL)
        return [(("accuracy", name, condition.test_set), sign) for name, sign in names]
    if kind == "effective_robustness":
        return [(("accuracy", variant, OOD), 1)]
    if kind == "matched_difference":
        return [(("matched", variant, condition.test_set), 1)]
    if kind == "matched_ratio":
        return [(("matched", variant, condition.measure), 1)]
    if kind == "level_error":
        return [(("measure", variant, simulated.LEVEL_ERROR), 1)]
    below = condition.against_measure or condition.measure
    return [(("measure", variant, condition.measure), 1), (("measure", condition.against, below), -1)]


def turned(known: World, condition, knob: tuple[Column, int], now: float, target: float) -> World:
    """The world after a turn of the knob that takes the condition's value from `now` to the target."""
    column, sign = knob
    if condition.kind in SHIFTED:
        return simulated.shifted(known, column, sign * (target - now) / 100)
    return simulated.scaled(known, column, (target / now) ** sign)


def planted(known: World, targets: list[tuple], claim: Claim, study: Study) -> World | None:
    """The world in which each (condition, target) has its target; None, and a line, where they cannot all have it."""
    found = _planted(known, targets, claim, study)
    if found is None:
        kinds = ", ".join(condition.kind for condition, _ in targets)
        print(f"{claim.id}, {claim.variants[0]}: no records that can be moved to the thresholds of {kinds}")
    return found


def _planted(known: World, targets: list[tuple], claim: Claim, study: Study) -> World | None:
    """Each condition turns a knob of its own. One may read what another turns, so all turn until all are right."""
    (variant,) = claim.variants
    taken, turns = [], []
    for condition, target in sorted(targets, key=lambda one: len(knobs(one[0], variant))):
        free = [knob for knob in knobs(condition, variant) if knob[0] not in taken and knob[0] in known.columns]
        if not free:
            return None
        taken.append(free[0][0])
        turns.append((condition, target, free[0]))
    for _ in range(ROUNDS):
        right = True
        for condition, target, knob in turns:
            now = effect(condition, claim, known, study)
            if np.isnan(now) or (condition.kind not in SHIFTED and now <= 0):
                return None
            if abs(now - target) > CLOSE * max(1, abs(target)):
                known, right = turned(known, condition, knob, now, target), False
        if right:
            return known
    return None


def single(kind: str) -> Callable:
    """Plans of the conditions of a kind, each at its threshold; a difference to the best control has its own kinds."""

    def plans(name: str, study: Study) -> Iterator[Plan]:
        def wanted(condition):
            return condition.kind == kind and getattr(condition, "against", None) != BEST_CONTROL

        for own, condition, level in sources(study, wanted):
            targets = [(condition, threshold_of(condition, study))]
            if known := planted(world_of(own, level, study), targets, own, study):
                yield Plan(name, own, level, known)

    return plans


def effective_robustness(end: str) -> Callable:
    """Plans of effective robustness whose `lowest` or `highest` line (of all baselines, or of all but one) is at the
    threshold: support needs all lines, and so does refutation."""

    def plans(name: str, study: Study) -> Iterator[Plan]:
        for own, condition, level in sources(study, lambda one: one.kind == "effective_robustness"):
            known = world_of(own, level, study)
            (entry,) = verdicts(Plan("", own, level, known), known.values[None], study)
            (found,) = entry["conditions"]
            if found["effect"] is None:
                print(f"{own.id}, {own.variants[0]}: no line of effective robustness at label noise {level:g}")
                continue
            pick = {"lowest": min, "highest": max}[end]
            now = pick([found["effect"], *(ends["effect"] for ends in found["without_one"].values())])
            moved = simulated.shifted(known, ("accuracy", own.variants[0], OOD), (condition.threshold - now) / 100)
            yield Plan(name, own, level, moved)

    return plans


def inequivalence(at_margin: bool) -> Callable:
    """Plans of inequivalences: half of them a margin above, half a margin below, or all equal."""

    def plans(name: str, study: Study) -> Iterator[Plan]:
        found = sources(study, lambda one: one.kind == "inequivalence" and one.against != BEST_CONTROL)
        for number, (own, condition, level) in enumerate(found):
            target = condition.margin * (1 - 2 * (number % 2)) if at_margin else 0.0
            if known := planted(world_of(own, level, study), [(condition, target)], own, study):
                yield Plan(name, own, level, known, THRESHOLD if at_margin else EQUAL)

    return plans


def any_of(name: str, study: Study) -> Iterator[Plan]:
    """Plans of several alternatives, all at their thresholds."""
    for own, condition, level in sources(study, lambda one: one.kind == "any_of"):
        targets = [(part, threshold_of(part, study)) for part in condition.conditions]
        if known := planted(world_of(own, level, study), targets, own, study):
            yield Plan(name, own, level, known)


def conjunction(one: bool) -> Callable:
    """Plans of claims with several conditions: `one` at its threshold and the others met, or all at theirs."""

    def plans(name: str, study: Study) -> Iterator[Plan]:
        cases = [
            (alone(claim, claim.conditions, [variant]), level, chosen)
            for claim in study.family.claims
            if len(claim.conditions) > 1 and not claim.together
            for variant, level in product(*studied(claim, study))
            for chosen in (range(len(claim.conditions)) if one else [None])
        ]
        for own, level, chosen in spread(cases, study):
            targets = []
            for place, condition in enumerate(own.conditions):
                value = threshold_of if chosen in (None, place) else beyond
                targets += [(part, value(part, study)) for part in getattr(condition, "conditions", [condition])]
            if known := planted(world_of(own, level, study), targets, own, study):
                yield Plan(name, own, level, known)

    return plans


def best_control(equal: bool) -> Callable:
    """Plans of differences to all controls, which have one mean, or the means that the study found.

    The smallest of them, to the control of the highest mean accuracy on the test set, is at the threshold.
    """

    def plans(name: str, study: Study) -> Iterator[Plan]:
        for own, condition, level in sources(study, lambda one: getattr(one, "against", None) == BEST_CONTROL):
            known = world_of(own, level, study)
            columns = {name: ("accuracy", name, condition.test_set) for name in study.family.controls}
            controls = [name for name, column in columns.items() if column in known.columns]
            if not controls:
                continue
            if equal:
                known = simulated.identical(known, [*controls, *own.variants], controls[0])
            best = max(controls, key=lambda one: simulated.means(known, columns[one]).mean())
            named = condition.model_copy(update={"against": best})
            targets = [(named, threshold_of(condition, study))]
            if known := planted(known, targets, own, study):
                yield Plan(name, own, level, known)

    return plans


def partial_correlation(name: str, study: Study) -> Iterator[Plan]:
    """Plans of partial correlations of zero: what a variant gains is exchanged among the variants."""
    for own, condition, level in sources(study, lambda one: one.kind == "partial_correlation" and one.threshold == 0):

        def draw(known, kind, numbers, own=own, condition=condition):
            values = []
            for number in numbers:
                one = simulated.permuted(known, own.variants, condition.test_set, number, kind)
                values.append(simulated.redrawn(one, kind, [number])[0])
            return np.stack(values)

        yield Plan(name, own, level, world_of(own, level, study), draw=draw)


def selection(name: str, study: Study) -> Iterator[Plan]:
    """Plans of differences between methods whose draws are exchanged among them, and are selected after that."""

    def wanted(condition):
        return condition.kind == "difference" and condition.test_set == "none"

    for own, condition, level in sources(study, wanted):
        known = world_of(own, level, study)
        names = sorted({column[1] for column in known.columns})
        known, draws = simulated.drawn(study.draws, level, names, condition.test_set)

        def draw(known, kind, numbers, own=own, condition=condition, draws=draws):
            values = np.stack([simulated.selected(draws, kind, number) for number in numbers])
            values[..., known.at(("accuracy", own.variants[0], condition.test_set))] += condition.threshold / 100
            return values

        yield Plan(name, own, level, known, draw=draw)


def effects(effect_of: float) -> Callable:
    """Plans of variants that are, in distribution, `effect_of` points more accurate than the reference."""

    def plans(name: str, study: Study) -> Iterator[Plan]:
        reference = study.settings["reference"]
        condition = Difference(kind="difference", test_set="none", against=reference, threshold=0.0)
        levels = sorted(study.evidence.accuracy["label_noise"].unique())
        for variant, level in spread(list(product(study.family.short_names, levels)), study):
            own = alone(study.family.claims[0], [condition], [variant])
            if known := planted(world_of(own, level, study), [(condition, effect_of)], own, study):
                yield Plan(name, own, level, known, EFFECT, effect_of)

    return plans
