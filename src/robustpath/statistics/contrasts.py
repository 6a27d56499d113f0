"""Contrasts of paired runs, data sets as strata: walks that move against such that stand still, and what draws add."""

import json

import numpy as np
import pandas as pd

from robustpath.core.errors import UserError
from robustpath.records import plain
from robustpath.statistics import stratified
from robustpath.statistics.aggregates import tuning_curves
from robustpath.statistics.intervals import check_complete

WALK = ["descended", "share"]
FOUND = ["n", "mean", "low", "high", "p"]


def walked(records: pd.DataFrame, experiment: str, confidence: float) -> pd.DataFrame:
    """Columns label_noise, method, descended, share, n, mean, low, high, p: accuracy in distribution of the walks
    less that of the runs of the same method, descended and share that stand still (step_length 0), seed by seed.

    UserError where a walk has no run that stands still, or the records hold several lengths of step.
    """
    own = records[(records["experiment"] == experiment) & (records["metric"] == "accuracy")]
    own = plain(own[(own["split"] == "test") & (own["shift"] == "none")])
    values = {text: json.loads(text) for text in own["hyperparameters"].unique()}
    for name in (*WALK, "step_length"):
        own = own.assign(**{name: [values[text][name] for text in own["hyperparameters"]]})
    moving = own["step_length"] > 0
    if own.loc[moving, "step_length"].nunique() != 1 or moving.all():
        lengths = sorted(own["step_length"].unique().tolist())
        raise UserError(
            f"the experiment {experiment} has the step lengths {lengths}, where 0 and one other are compared; correct "
            "its grid in config.yaml"
        )
    keys = ["dataset", "train_size", "label_noise", "method", *WALK, "seed"]
    scores = own[[*keys, "value"]].assign(arm=np.where(moving, "walk", "still"))
    check_complete(scores, across=("arm", "seed"))
    wide = scores.pivot(index=keys, columns="arm", values="value")
    return contrasts((wide["walk"] - wide["still"]).rename("value").reset_index(), ["method", *WALK], confidence)


def after_draws(records: pd.DataFrame, experiment: str, reference: str, confidence: float) -> pd.DataFrame:
    """Columns label_noise, method, draws, n, mean, low, high, p: the expected accuracy in distribution of the best of
    so many draws (`best_of_draws`), less that of the reference's best of as many, seed by seed."""
    curves = plain(tuning_curves(records, experiment))
    keys = ["dataset", "train_size", "label_noise", "draws", "seed"]
    wide = curves.pivot(index=keys, columns="method", values="value")
    if reference not in wide:
        raise UserError(f"no scores of the reference {reference} to compare with, only of {', '.join(wide)}")
    long = wide.sub(wide[reference], axis="index").drop(columns=reference).stack().rename("value").reset_index()
    return contrasts(long, ["method", "draws"], confidence)


def contrasts(differences: pd.DataFrame, by: list[str], confidence: float) -> pd.DataFrame:
    """Columns label_noise, `by`, n, mean, low, high, p: the stratified mean of the column `value`, its interval and
    two-sided p. Differences have the columns dataset, train_size, label_noise, seed, `by` and value."""
    found = []
    for key, rows in differences.groupby(["label_noise", *by], sort=True, observed=True):
        wide = rows.pivot(index=["dataset", "train_size"], columns="seed", values="value")
        datasets = list(wide.index.get_level_values(0).unique())
        cube = wide.to_numpy(dtype=float).reshape(len(datasets), -1, wide.shape[1])
        estimate = stratified.mean(cube, datasets, confidence)
        p = min(1.0, 2 * min(estimate.above(0.0), estimate.below(0.0)))
        found.append([*key, estimate.n, estimate.effect, estimate.low, estimate.high, p])
    return pd.DataFrame(found, columns=["label_noise", *by, *FOUND])
