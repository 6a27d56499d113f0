"""What a loss on activations changes under each factor: width, correlation, label noise, shifts of images.

Of each condition, runs at one strength are compared with those at strength zero, seed by seed: of the same experiment
where its grid has that, else with plain training in the experiment of the references.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from robustpath import models
from robustpath.models import DEFAULT
from robustpath.records import plain
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import with_hyperparameters

KEYS = ["dataset", "train_size", "seed"]
STRENGTH = "strength"


class Condition(NamedTuple):
    """experiment and data set; label_noise of the runs; over: "worst group", or the family of shifts of images."""

    experiment: str
    dataset: str
    label_noise: float
    over: str


def narrow() -> list[str]:
    """The perceptrons whose last hidden layer has a width of its own."""
    return [name for name in models.names() if name.startswith(f"{DEFAULT}_")]


def varied(experiments: Mapping[str, dict]) -> list[str]:
    """The experiments of a grid of strengths whose network has the width of the scale or one of its own."""
    networks = (DEFAULT, *narrow())
    return [
        name
        for name, own in experiments.items()
        if STRENGTH in (own.get("grid") or {}) and own.get("model", DEFAULT) in networks
    ]


def conditions(experiments: Mapping[str, dict], families: Mapping[str, list[str]]) -> list[Condition]:
    """The conditions that the experiments of a grid of strengths hold, in their order; `families` names the families of
    shifts of each data set without groups, by experiment/dataset."""
    found = []
    for name in varied(experiments):
        own = experiments[name]
        for dataset in own["datasets"]:
            kinds = families.get(f"{name}/{dataset}", ["worst group"])
            found += [Condition(name, dataset, level, kind) for level in own["label_noise"] for kind in kinds]
    return found


def changes(
    records: pd.DataFrame, asked: list[Condition], references: str, reference: str, strength: float, confidence: float
) -> pd.DataFrame:
    """Columns experiment, dataset, label_noise, over, method, n, mean, low, high: the score at `strength` less that at
    strength zero, a fraction; a seed has their mean over train sizes. Conditions whose records are not there are left
    out."""
    frames = []
    for each in asked:
        rows = _scored(records[records["experiment"] == each.experiment], each)
        if rows.empty:
            continue
        rows = with_hyperparameters(rows, STRENGTH)
        own = _averaged(rows[rows[STRENGTH] == strength], [*KEYS, "method"])
        base = _averaged(rows[rows[STRENGTH] == 0], [*KEYS, "method"])
        if base.empty:
            plainly = records[(records["experiment"] == references) & (records["method"] == reference)]
            base = _averaged(_scored(plainly, each), KEYS)
        on = [name for name in (*KEYS, "method") if name in base]
        both = own.merge(base, on=on, suffixes=("", "_base"))
        gained = _averaged(both.assign(value=both["value"] - both["value_base"]), ["method", "seed"])
        frames.append(interval(gained, ["method"], confidence).assign(**each._asdict()))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*Condition._fields, "method"])


def _averaged(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Columns `keys` and value: the mean over all else, such as other hyperparameters of a grid."""
    return rows.groupby(keys, as_index=False, observed=True)["value"].mean()


def _scored(rows: pd.DataFrame, asked: Condition) -> pd.DataFrame:
    """The score of every run of a condition: worst-group accuracy, or mean accuracy over the shifts of a family."""
    rows = plain(rows[(rows["dataset"] == asked.dataset) & (rows["label_noise"] == asked.label_noise)])
    rows = rows[rows["split"] == "test"]
    if asked.over == "worst group":
        return rows[(rows["metric"] == "accuracy_worst_group") & (rows["shift"] == "none")]
    own = rows[(rows["metric"] == "accuracy") & (rows["shift_family"] == asked.over)]
    keys = [*KEYS, "method", "hyperparameters"]
    each = own.groupby([*keys, "shift"], as_index=False, observed=True)["value"].mean()
    return each.groupby(keys, as_index=False, observed=True)["value"].mean()


def families(records: pd.DataFrame, experiments: Mapping[str, dict]) -> dict[str, list[str]]:
    """By experiment/dataset, the families of shifts on which its runs were scored, of data sets without groups."""
    found = {}
    for name, own in experiments.items():
        rows = records[records["experiment"] == name]
        for dataset in own["datasets"]:
            here = rows[rows["dataset"] == dataset]
            if len(here) and not (here["metric"] == "accuracy_worst_group").any():
                found[f"{name}/{dataset}"] = sorted(set(here["shift_family"].unique()) - {"none"})
    return found
