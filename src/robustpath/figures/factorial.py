"""The words of the table of the factorial: names of its cells and effects, numbers in cells, and its finding."""

from collections.abc import Mapping, Sequence

import pandas as pd

from robustpath.figures.findings import change
from robustpath.records import labels

CROSS = r" $\times$ "


def effect_name(factors: Sequence[str]) -> str:
    """An effect as the table prints it: a factor, or factors with crosses between them."""
    return CROSS.join(factors)


def learner_name(descent: bool, coding: bool, learners: Mapping[tuple[bool, bool], str]) -> str:
    """The training method of a cell as the table prints it; learners: by descent and coding."""
    return labels.escape(labels.method(learners[descent, coding]))


def level(row: pd.Series) -> str:
    """A mean in per cent with half the width of its interval."""
    return rf"{labels.percent(row['mean'])}\,$\pm$\,{labels.percent(row['high'] - row['mean'])}"


def effect(row: pd.Series) -> str:
    """An effect in points with its interval."""
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])}"


def finding(gains: Mapping[str, pd.Series], beyond: pd.Series, effects: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What all factors together do to the area against each factor alone, and how far their gains add up.

    gains: by factor, the area with all of them less that with this one alone; beyond: what all change together less the
    sum of what each changes alone; effects: as `statistics.factorial.effects` gives them; names: of factors, the level
    that is present. Each row has mean, low and high.
    """
    best = min(gains, key=lambda factor: gains[factor]["mean"])
    pairs = effects[effects["effect"].map(len) == 2]
    largest = pairs.loc[pairs["mean"].abs().idxmax()]
    against = change(gains[best], ("gain", "lose"), "show no clear change")
    together = change(beyond, ("they gain more", "they gain less"), "they show no clear difference")
    return (
        f"{labels.listing(list(names.values()))} together {against} in the area under worst-group accuracy, compared "
        f"with the best of them alone, {names[best]}; against the sum of what each changes alone {together}; the "
        f"largest interaction of two is {effect_name(largest['effect'])} ({effect(largest)})."
    )
