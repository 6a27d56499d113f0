"""Contrasts between two methods on small images with a perceptron, and once more on larger ones with convolutions.

Both sides take the defaults (draw 0), since the larger side has no other draws, and the data sets that both have. What
comes out is named by a rule that was written down before the larger runs (`outcome`).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from robustpath import protocols
from robustpath.methods.roles import ACQUISITION
from robustpath.records import plain
from robustpath.statistics import acquisition, rulers, streams
from robustpath.statistics.evidence import OOD
from robustpath.statistics.stratified import Estimate, mean

SMALL, LARGER = "small", "larger"
AREA = "area_worst_group"
SAME, OPPOSITE, ONLY_SMALL, ONLY_LARGER, NEITHER = OUTCOMES = (
    "the same direction", "opposite directions", "clear at the small scale only", "clear at the larger scale only",
    "clear at neither scale",
)  # fmt: skip


class Contrast(NamedTuple):
    """A method less another one: their family, pairs of experiments (small, larger), the score, and whether it is also
    taken under shift."""

    family: str
    method: str
    other: str
    pairs: tuple[tuple[str, str], ...]
    score: str
    shifted: bool = False


_MINIMA = (("minima", "larger"),)
_STREAMS = (("stream_split", "larger_stream_split"), ("stream_domains", "larger_stream_domains"))
_LABELS = (("acquisition_dominoes", "larger_acquisition"),)
CONTRASTS = (
    Contrast("minima", "sam", "sgd", _MINIMA, "accuracy", shifted=True),
    Contrast("minima", "contour_warmup", "short_descent", _MINIMA, "accuracy", shifted=True),
    Contrast("batches", "slow_ball", "online_sgd", _STREAMS, "accuracy"),
    Contrast("batches", "slow_ball", "der_plus_plus", _STREAMS, "accuracy"),
    Contrast("shortcuts", "parallelogram", "random_acquisition", _LABELS, AREA),
    Contrast("shortcuts", "parallelogram", "core_set", _LABELS, AREA),
)
FOUND = ["family", "method", "other", "label_noise", "kind"]
YARDSTICKS = ("mixup", "ensemble")  # of them the ratios are taken, too
# Of comparisons of statistics/rulers.py.
SCALES = {"minima": SMALL, "yardsticks": SMALL, "ensembles": SMALL, "larger": LARGER, "larger_ensembles": LARGER}


def contrasts(records: pd.DataFrame, settings: Mapping, which: Iterable[Contrast] = CONTRASTS) -> pd.DataFrame:
    """One row a contrast, level of label noise and kind of test data: columns FOUND, `small` and `larger`, each an
    Estimate of the difference over paired seeds, data sets being strata, and `outcome`. Contrasts of which a side is
    not in the records are left out, and levels of noise that only one side has."""
    chosen = list(which)
    names = {name for each in chosen for pair in each.pairs for name in pair}
    # Once for all: the records have millions of rows.
    records = records[records["experiment"].isin(names) & (records["draw"] == 0)]
    rows = []
    for each in chosen:
        found = {side: _differences(records, settings, each, side) for side in (SMALL, LARGER)}
        for cell in sorted(found[SMALL].keys() & found[LARGER].keys()):
            small, larger = (found[side][cell] for side in (SMALL, LARGER))
            rows.append([*each[:3], *cell, small, larger, outcome(small, larger)])
    return pd.DataFrame(rows, columns=[*FOUND, SMALL, LARGER, "outcome"])


def experiments(settings: Mapping) -> list[str]:
    """The experiments that contrasts and ratios read; all of the config where it has none of these."""
    there = settings["experiments"]
    names = [name for each in CONTRASTS for pair in each.pairs for name in pair]
    names += rulers.experiments([name for name in SCALES if name in there], settings)
    return [name for name in dict.fromkeys(names) if name in there] or list(there)


def outcome(small: Estimate, larger: Estimate) -> str:
    """What became of a difference: a side is clear where its interval leaves out zero."""
    small_sign, larger_sign = ((each.low > 0) - (each.high < 0) for each in (small, larger))
    if small_sign and larger_sign:
        return SAME if small_sign == larger_sign else OPPOSITE
    return ONLY_SMALL if small_sign else ONLY_LARGER if larger_sign else NEITHER


def ratios(records: pd.DataFrame, settings: Mapping) -> pd.DataFrame:
    """The data-efficiency ratios of the methods of the contrasts, and of the yardsticks, on both sides (see
    rulers.measured), at defaults and on the data sets that both sides have; `scale`, the side."""
    experiments = settings["experiments"]
    measured = [each for each in CONTRASTS if each.pairs == _MINIMA and set(_MINIMA[0]) <= experiments.keys()]
    methods = {name for each in measured for name in (each.method, each.other)} | {*YARDSTICKS}
    parts = [rulers.measured(records.iloc[:0], settings, ())]
    for comparison in [name for name in SCALES if name in experiments] if measured else ():
        names = [comparison, *rulers.rulers(comparison, settings)]
        kept = shared(settings, *_MINIMA[0])[_MINIMA[0][SCALES[comparison] == LARGER]]
        own = records[records["experiment"].isin(names) & (records["draw"] == 0) & records["dataset"].isin(kept)]
        own = own[own["method"].isin({*methods, rulers.ruler_of(comparison, settings)})]
        parts.append(rulers.measured(own, settings, [comparison]))
    found = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return found.assign(scale=found["comparison"].map(SCALES))


def shared(settings: Mapping, small: str, larger: str) -> dict[str, list[str]]:
    """The data sets of two experiments that are the same but for their size, by the beginnings of their names; all of
    the small one where none is."""
    there = {name: settings["experiments"][name]["datasets"] for name in (small, larger)}
    same = [each for each in there[small] if any(other.startswith(f"{each}_") for other in there[larger])]
    return {small: same or there[small], larger: there[larger]}


def _differences(
    records: pd.DataFrame, settings: Mapping, contrast: Contrast, side: str
) -> dict[tuple[float, str], Estimate]:
    """By (label noise, kind of test data) the difference on one side of a contrast, in fractions."""
    parts = []
    for pair in contrast.pairs:
        experiment = pair[side == LARGER]
        if not set(pair) <= set(records["experiment"].unique()) & settings["experiments"].keys():
            return {}
        rows = _scores(records, settings, experiment, contrast)
        parts.append(rows[rows["dataset"].isin(shared(settings, *pair)[experiment])])
    rows = pd.concat(parts)
    wide = rows.pivot_table(
        index=["label_noise", "kind", "dataset", "seed"], columns="method", values="value", aggfunc="mean"
    )
    if not {contrast.method, contrast.other} <= set(wide):
        return {}
    difference = (wide[contrast.method] - wide[contrast.other]).dropna()
    found = {}
    for cell, own in difference.groupby(level=["label_noise", "kind"]):
        table = own.droplevel([0, 1]).unstack("seed")
        found[cell] = mean(table.to_numpy()[:, None, :], list(table.index), settings["confidence"])
    return found


def _scores(records: pd.DataFrame, settings: Mapping, experiment: str, contrast: Contrast) -> pd.DataFrame:
    """Columns dataset, label_noise, kind, seed, method and value of the two methods of a contrast in an experiment."""
    own = records[(records["experiment"] == experiment) & records["method"].isin([contrast.method, contrast.other])]
    plan = settings["experiments"][experiment]
    if protocols.name_of(plan) == ACQUISITION:
        return acquisition.scores(plain(own), contrast.score).assign(kind="none")
    if protocols.name_of(plan) == "stream":
        return streams.scores(plain(own), contrast.score).assign(kind="none")
    rows = rulers.tested(own, experiment, contrast.score, settings)
    return rows[rows["kind"].isin(["none", OOD] if contrast.shifted else ["none"])]
