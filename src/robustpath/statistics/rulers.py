"""Which methods are measured by which ruler, and the data-efficiency ratios of all of them (statistics/efficiency.py).

A ruler is a plain method: its own runs in the experiment that is measured, and experiments that train plain methods
alone at other numbers of examples. These are found by what they are: all their keys but those that VARIED names are
those of the experiment that they measure.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from robustpath import protocols
from robustpath.methods.roles import ACQUISITION
from robustpath.records import RUN, plain, present
from robustpath.records.selection import select
from robustpath.statistics.efficiency import Task, ratios
from robustpath.statistics.evidence import OOD
from robustpath.statistics.label_curves import curves

REFERENCE = "reference"  # the config's
WORST = "accuracy_worst_group"
VARIED = {"datasets", "methods", "train_sizes", "examples", "rounds", "measured", "points", "shifted"}
MODEL = "model"
KEYS = ["dataset", "label_noise", "kind", "seed", "method", "size"]
FOUND = ["comparison", "method", "label_noise", "kind"]
Rows = Callable[[str, str], pd.DataFrame]


class Comparison(NamedTuple):
    """The experiment whose methods are measured, their family, the plain method that measures, and the score; `by`, the
    comparison whose experiment has the ruler at the size of the methods, where their own trains no ruler."""

    experiment: str
    family: str
    ruler: str
    score: str
    by: str = ""


COMPARISONS = {
    "minima": Comparison("minima", "minima", REFERENCE, "accuracy"),
    "streams": Comparison("stream_methods", "batches", "online_sgd", "accuracy"),
    "rehearsal": Comparison("stream_methods", "batches", "er", "accuracy"),
    "groups": Comparison("groups", "shortcuts", REFERENCE, WORST),
    "holes": Comparison("acquisition_methods", "shortcuts", "random_acquisition", WORST),
    "labels": Comparison("acquisition_generic", "shortcuts", "random_acquisition", WORST),
}
# Measured too, but not among the ratios of the study: some of its methods once more, on larger images, and what other
# families and more networks give on the same data.
AGAIN = {
    "larger": Comparison("larger", "minima", REFERENCE, "accuracy"),
    "larger_ensembles": Comparison("larger_ensembles", "minima", REFERENCE, "accuracy", by="larger"),
}
YARDSTICKS = {
    "yardsticks": Comparison("yardsticks", "minima", REFERENCE, "accuracy", by="minima"),
    "ensembles": Comparison("ensembles", "minima", REFERENCE, "accuracy", by="minima"),
}
EVERY = COMPARISONS | AGAIN | YARDSTICKS


def ruler_of(comparison: str, settings: Mapping) -> str:
    """The method that measures."""
    name = EVERY[comparison].ruler
    return settings["reference"] if name == REFERENCE else name


def rulers(comparison: str, settings: Mapping) -> list[str]:
    """The experiments of plain methods alone that measure a comparison; none where the config has none. With `by`, that
    experiment first, if the network is all that differs.

    settings: those of a report (records.report_settings).
    """
    there, about = settings["experiments"], EVERY[comparison]
    own, ruler = there.get(about.experiment), ruler_of(comparison, settings)
    every = {ruler_of(name, settings) for name in EVERY}
    if own is None:
        return []
    if about.by:
        other = EVERY[about.by].experiment
        same = other in there and _same(own, there[other], VARIED | {MODEL})
        return [other, *rulers(about.by, settings)] if same else []
    return [
        name
        for name, each in there.items()
        if name != about.experiment
        and protocols.name_of(each) == protocols.name_of(own)
        and ruler in each["methods"]
        and set(each["methods"]) <= every
        and set(each["datasets"]) & set(own["datasets"])
        and _same(own, each, VARIED)
    ]


def experiments(comparisons: Iterable[str], settings: Mapping) -> list[str]:
    """The experiments that some comparisons read; all of the config where these are none."""
    there = settings["experiments"]
    names = [name for each in comparisons for name in (EVERY[each].experiment, *rulers(each, settings))]
    return [name for name in dict.fromkeys(names) if name in there] or list(there)


def yardsticks(experiment: str, settings: Mapping) -> list[str]:
    """The experiments of yardsticks that are like `experiment` in all but the network (see `rulers`), and none of whose
    methods it has."""
    found = {about.experiment: rulers(name, settings) for name, about in YARDSTICKS.items()}
    there = settings["experiments"]
    own = set(there[experiment]["methods"]) if experiment in there else set()
    return [name for name, by in found.items() if by[:1] == [experiment] and not own & set(there[name]["methods"])]


def _same(own: Mapping, other: Mapping, but: Collection[str]) -> bool:
    """Whether two experiments are the same in all keys but some."""
    return all(own.get(key) == other.get(key) for key in (own.keys() | other.keys()) - set(but))


def measured(records: pd.DataFrame, settings: Mapping, comparisons: Iterable[str] = COMPARISONS) -> pd.DataFrame:
    """One row a comparison, method, level of label noise and kind of test data ("none" or, where there are shifts, OOD,
    the mean over their kinds): columns FOUND, size, ratio, low, high, side, low_open, high_open, seeds, by_dataset (see
    efficiency.Ratio), `validation`, the mean validation accuracy of the draws that were selected, and `itself`, whether
    the method is the ruler.

    In the row of the ruler itself one half of its seeds is measured by the other half, so that it is no identity. Of
    several sizes of an experiment the largest is measured. Data sets on which a ruler has fewer than two sizes, or does
    not rise (`rises`), measure nothing and are left out.
    """
    there, of = set(records["experiment"].unique()), cache(partial(tested, records, settings=settings))
    rows = [each for name in comparisons for each in _measured(of, there, name, settings)]
    found = pd.DataFrame(rows, columns=[*FOUND, "size", *_RATIO, "validation", "itself"])
    return found.astype({"low_open": bool, "high_open": bool, "itself": bool})


def scores(records: pd.DataFrame, comparison: str, settings: Mapping) -> pd.DataFrame:
    """Columns KEYS and value: the test scores of the measured experiment's methods and of its rulers, of the draws with
    the highest validation accuracy, and with kind "validation" that accuracy; of an acquisition after each round."""
    there = set(records["experiment"].unique())
    return _scores(partial(tested, records, settings=settings), there, comparison, settings)


def _scores(of: Rows, there: Collection[str], comparison: str, settings: Mapping) -> pd.DataFrame:
    """As `scores`; of: an experiment and a score to their rows; there: the experiments that have records."""
    about, ruler = EVERY[comparison], ruler_of(comparison, settings)
    parts = {name: of(name, about.score) for name in (about.experiment, *rulers(comparison, settings)) if name in there}
    if about.by:
        others = parts.items()
        parts = {name: each if name == about.experiment else each[each["method"] == ruler] for name, each in others}
    return pd.concat(parts.values(), ignore_index=True)


def rises(curve: np.ndarray, confidence: float) -> bool:
    """Whether a ruler [seeds, k] is clearly better at its largest size than at its smallest: the t interval of the
    difference, seed by seed, lies above 0. Where more examples bring nothing, or teach a shortcut that harms the worst
    group, no number of them stands for an accuracy."""
    gain = curve[:, -1] - curve[:, 0]
    half = stdtrit(len(gain) - 1, 0.5 + confidence / 2) * gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > half)


def ruler_curve(rows: pd.DataFrame, ruler: str) -> pd.DataFrame:
    """The accuracies [seeds, sizes] of a ruler on one data set, level and kind, of the seeds that have every size."""
    own = rows[rows["method"] == ruler]
    return own.groupby(["seed", "size"])["value"].mean().unstack().dropna()


_KEPT = [*RUN, "split", "shift", "shift_family", "metric", "value", "diverged"]
_RATIO = ["ratio", "low", "high", "side", "low_open", "high_open", "seeds", "by_dataset"]


def _measured(of: Rows, there: Collection[str], comparison: str, settings: Mapping) -> Iterator[tuple]:
    about, ruler = EVERY[comparison], ruler_of(comparison, settings)
    if not rulers(comparison, settings) or about.experiment not in there:
        return
    rows = _scores(of, there, comparison, settings)
    size = _size(about.experiment, settings)
    at_size = rows[rows["size"] == size]
    validated = at_size[at_size["kind"] == "validation"].groupby(["label_noise", "method"])["value"].mean()
    order = present(settings["experiments"][about.experiment]["methods"], at_size["method"])
    for (level, kind), own in rows[rows["kind"] != "validation"].groupby(["label_noise", "kind"]):
        itself, others = ([name for name in order if (name == ruler) == same] for same in (True, False))
        for names, halved in ((itself, True), (others, False)):
            tasks = list(_tasks(own, ruler, names, size, settings["confidence"], halved)) if names else []
            for name, ratio in zip(names, ratios(tasks, settings["confidence"]) if tasks else [], strict=False):
                yield comparison, name, level, kind, size, *ratio, validated.get((level, name), np.nan), halved


def _tasks(
    rows: pd.DataFrame, ruler: str, methods: list[str], size: float, confidence: float, halved: bool
) -> Iterator[Task]:
    """The data sets on which methods are measured; `halved`: the second half of the seeds by the first."""
    for dataset, own in rows.groupby("dataset"):
        curve = ruler_curve(own, ruler)
        there = own[(own["size"] == size) & own["method"].isin(methods)]
        values = there.groupby(["seed", "method"])["value"].mean().unstack().reindex(columns=methods).dropna()
        seeds = curve.index.intersection(values.index)
        if curve.shape[1] < 2 or len(seeds) < 2 or not rises(curve.to_numpy(), confidence):
            continue
        half = len(seeds) // 2
        by, of = (seeds[:half], seeds[half : 2 * half]) if halved else (seeds, seeds)
        sizes = curve.columns.to_numpy(float)
        yield Task(dataset, sizes, curve.loc[by].to_numpy(), values.loc[of].to_numpy(), size)


def _size(experiment: str, settings: Mapping) -> float:
    """How many examples the measured methods had: for training, of each task, or labelled after the last round."""
    own = settings["experiments"][experiment]
    if protocols.name_of(own) == ACQUISITION:
        return float(own["seed_labels"] + own["acquired"] * own["rounds"])
    return float(own["examples"] if "examples" in own else max(own["train_sizes"]))


def tested(records: pd.DataFrame, experiment: str, score: str, settings: Mapping) -> pd.DataFrame:
    """Columns KEYS and value: as `scores`, of one experiment."""
    own = records[records["experiment"] == experiment]
    plan = settings["experiments"][experiment]
    if protocols.name_of(plan) == ACQUISITION:
        chosen = select(own[_KEPT])
        rows = curves(chosen, settings, experiment, score).rename(columns={"labels": "size"})
        last = chosen[(chosen["split"] == "validation") & (chosen["metric"] == "accuracy")]
        last = last.assign(size=_size(experiment, settings), kind="validation")
        return _means(rows.assign(size=rows["size"].astype(float), kind="none"), last)
    chosen = select(own.loc[own["metric"].isin([score, "accuracy"]) & own["split"].isin(["validation", "test"]), _KEPT])
    sizes = float(plan["examples"]) if "examples" in plan else chosen["train_size"].astype(float)
    chosen = chosen.assign(size=sizes, kind=chosen["shift_family"])
    test = chosen[(chosen["split"] == "test") & (chosen["metric"] == score)]
    inside = test[test["shift"] == "none"]
    outside = test[test["shift"] != "none"] if score == "accuracy" else test.iloc[:0]
    over = _means(outside)
    held = chosen[(chosen["split"] == "validation") & (chosen["metric"] == "accuracy") & (chosen["shift"] == "none")]
    return _means(inside, over.assign(kind=OOD), held.assign(kind="validation"))


def _means(*parts: pd.DataFrame) -> pd.DataFrame:
    """The mean of each cell of KEYS over all else, one part after the other: missing groups, and shifts and severities
    of a kind."""
    means = [each.groupby(KEYS, as_index=False, observed=True)["value"].mean() for each in parts]
    return pd.concat([plain(each) for each in means], ignore_index=True)
