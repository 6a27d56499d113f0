"""The training sets of each design: the knobs of a setting, the pool of its examples, and which of them it holds."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.data.group_generator import CORES, Examples, Recipe, generated
from robustpath.protocols.designed.sizes import CHANGES, FEWEST, MOST, SHARE, SHARES

Knobs = dict[str, int | float]
CHANCE = 0.5  # a correlation at which an attribute says nothing of the label, of two
RANGES = {
    "correlation": (CHANCE, 0.99),
    "core_margin": (1.5, 5.0),
    "spurious_margin": (1.0, 8.0),
    "absent": (0.0, 0.5),
    "label_noise": (0.0, 0.2),
    "interaction": (0.0, 1.0),
}
CHOICES = {"core": range(len(CORES)), "core_width": range(1, 5), "spurious_width": range(1, 5)}
SCRAMBLING = 13  # the seed of the scrambled Sobol sequences


def knobs_of(design: str, numbers: Sequence[int], train_size: int) -> list[Knobs]:
    """The knobs of the settings with these numbers: points of a scrambled Sobol sequence (Owen 1998), but those of
    "changes", which are listed. A setting does not depend on how many there are."""
    if design == "changes":
        return [_changed(*CHANGES[number], train_size) for number in numbers]
    dimensions = len(RANGES) + len(CHOICES) + 1 if design == "sweep" else 4
    engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=SCRAMBLING)
    points = engine.draw(max(numbers) + 1, dtype=torch.float64)
    return [(_swept if design == "sweep" else _counted)(points[number].tolist(), train_size) for number in numbers]


def recipe_of(design: str, knobs: Mapping) -> Recipe:
    """The recipe of a setting; but in "sweep" that of the data set gauss_groups."""
    if design != "sweep":
        return Recipe()
    return Recipe(
        core=CORES[knobs["core"]],
        core_margin=knobs["core_margin"],
        spurious_margins=(knobs["spurious_margin"],),
        correlations=(knobs["correlation"],),
        core_width=knobs["core_width"],
        spurious_width=knobs["spurious_width"],
        absent=(0.0, knobs["absent"]),
        label_noise=knobs["label_noise"],
        interaction=knobs["interaction"],
    )


def pool_of(design: str, knobs: Mapping, train_size: int, seed: int) -> Examples:
    """The examples of which a training set holds some, U of them.

    "sweep": as many as the largest set, drawn from the same random numbers for all settings of a seed; "subsets": equal
    groups, one pool for all seeds; "changes": the unchanged set of a seed, then MOST more examples of each group.
    """
    recipe = recipe_of(design, knobs)
    if design == "sweep":
        return generated(train_size, recipe, generator("designed", design, seed))
    if design == "subsets":
        turn = torch.arange(train_size // 4 * 4) % 4
        return generated(len(turn), recipe, generator("designed", design), turn // 2, turn % 2)
    further = torch.arange(4 * MOST) % 4
    group = torch.cat([_groups(unchanged(train_size)), further])
    return generated(len(group), recipe, generator("designed", design, seed), group // 2, group % 2)


def held(design: str, knobs: Mapping, pool: Examples, seed: int, number: int) -> Tensor:
    """Which examples of its pool the training set of a setting holds: bool [U]."""
    places = torch.arange(len(pool.labels))
    if design == "sweep":
        return places < knobs["train_size"]
    group = pool.factors.classes * 2 + pool.attributes[:, 0]
    if design == "subsets":
        order = torch.randperm(len(places), generator=generator("designed", design, seed, number))
        chosen = [order[group[order] == each][: knobs[f"group_{each}"]] for each in range(4)]
        return torch.isin(places, torch.cat(chosen))
    of_set = torch.isin(places, places[: len(places) - 4 * MOST])
    own = places[group == knobs["group"]]
    end = int(of_set[own].sum())
    first, last = sorted((end, end + knobs["change"]))
    of_set[own[first:last]] = knobs["change"] > 0
    return of_set


def unchanged(train_size: int) -> list[int]:
    """The examples of each group, label * 2 + attribute, in the unchanged set of "changes"."""
    minority = round(train_size // 2 * (1 - SHARE))
    majority = train_size // 2 - minority
    return [majority, minority, minority, majority]


def _groups(counts: Sequence[int]) -> Tensor:
    return torch.cat([torch.full((count,), group) for group, count in enumerate(counts)])


def _swept(point: Sequence[float], train_size: int) -> Knobs:
    knobs: Knobs = {
        name: round(low + at * (high - low), 4) for at, (name, (low, high)) in zip(point, RANGES.items(), strict=False)
    }
    for at, (name, values) in zip(point[len(RANGES) :], CHOICES.items(), strict=False):
        knobs[name] = values[int(at * len(values))]
    return knobs | {"train_size": round(FEWEST * (train_size / FEWEST) ** point[-1])}


def _counted(point: Sequence[float], train_size: int) -> Knobs:
    counts = {}
    for group, at in enumerate(point):
        low, high = SHARES[group in (0, 3)]
        counts[f"group_{group}"] = round(train_size // 4 * low * (high / low) ** at)
    return counts


def _changed(group: int, change: int, train_size: int) -> Knobs:
    counts = {f"group_{each}": count for each, count in enumerate(unchanged(train_size))}
    return counts | {f"group_{group}": counts[f"group_{group}"] + change, "group": group, "change": change}
