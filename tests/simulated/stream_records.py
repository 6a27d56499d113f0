"""Records of the experiments on streams of the shipped config, with means that a test plants."""

import json
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from robustpath import protocols, records, study

CONFIG = Path(__file__).parents[2] / "config.yaml"
SHIFTS = [("fog", "corruption"), ("contrast", "corruption"), ("optdigits", "natural")]
MEANS = {
    "cross_entropy": 0.8, "calibration_error": 0.1, "prequential_accuracy": 0.6, "prequential_bits": 1.8,
    "calibrated_bits": 1.7, "examples_to_threshold": 200.0, "below_threshold": 0.2, "movement": 0.1, "ratio": 0.9,
    "forgetting": 0.2, "backward_transfer": -0.2, "forward_transfer": 0.02, "learning_accuracy": 0.85,
    "worst_accuracy": 0.5, "averaged_accuracy": 0.75,
}  # fmt: skip
WITHOUT_BALL = {"ratio"}
AT_THE_END = {"accuracy", "cross_entropy", "calibration_error", "averaged_accuracy", "ratio"}  # of any order of batches


@cache
def _report(scale):
    return study.report_settings(study.load(CONFIG, {"scale": scale}))


def settings(*experiments, seeds=4, scale="laptop", **changes):
    """What the report knows of some experiments of the shipped config, with fewer seeds and other values of keys."""
    found = dict(_report(scale))
    found["experiments"] = {name: found["experiments"][name] | {"seeds": seeds} | changes for name in experiments}
    return found


def recorded(settings, planted=lambda run: {}, spread=0.01, rng=0):
    """Records of all experiments of these settings. `planted` (run) -> means by metric that differ from MEANS, and
    "accuracy", of a run: experiment, dataset, method, evaluations, label_noise and its hyperparameters by name.

    What is not planted is one number for all runs. `spread` is the standard deviation of what a run adds; a seed adds
    five times as much to all runs on a data set. Draws have no hyperparameters; a grid has its own.
    """
    generator = np.random.default_rng(rng)
    moved, rows = {}, []
    for name, own in settings["experiments"].items():
        grid = [dict(zip(own["grid"], values, strict=True)) for values in product(*own["grid"].values())]
        axes = own["datasets"], own["methods"], own["evaluations"], own["label_noise"], range(own["seeds"])
        drawn = list(enumerate(grid)) if own["grid"] else [(draw, {}) for draw in range(own["draws"])]
        for dataset, method, evaluations, noise, seed in product(*axes):
            for draw, values in drawn:
                run = {"experiment": name, "dataset": dataset, "method": method, "evaluations": float(evaluations)}
                run |= {"label_noise": noise, "seed": seed, "draw": draw}
                means = {"accuracy": 0.7} | MEANS | planted(run | values)
                shift = moved.setdefault((dataset, seed), generator.normal(0, 5 * spread))
                run |= {"hyperparameters": json.dumps(values), "gradient_evaluations": cost(own, evaluations, method)}
                run["steps"] = _steps(own, evaluations, method)
                for facts, metric, mean in _scores(own, means, method):
                    value = mean + shift + generator.normal(0, spread)
                    rows.append((run, facts, metric, value))
    table = pd.DataFrame([{**run, **facts, "metric": metric, "value": value} for run, facts, metric, value in rows])
    whole = protocols.metrics()
    low, high = (table["metric"].map({name: getattr(whole[name], side) for name in whole}) for side in ("low", "high"))
    table = table.assign(family="batches", train_size=-1, diverged=False, value=table["value"].clip(low, high))
    lost = table["metric"].isin(WITHOUT_BALL) & ~table["method"].str.startswith("ball_")
    lost |= ~table["metric"].isin(AT_THE_END) & table["method"].isin(["joint", "gdumb"])
    table = table.assign(converged=~lost, value=table["value"].mask(lost))
    return records.complete(table)[list(records.SCHEMA)]


def cost(own, evaluations, method):
    """Gradient evaluations of a run: those of an own example and of replayed ones, as many steps as are paid for."""
    return _steps(own, evaluations, method) * _of_step(method)


def _of_step(method):
    return 1.0 if method in ("online_sgd", "joint", "gdumb") else 3.0


def _steps(own, evaluations, method):
    batches = own["tasks"] * own["examples"] // own["examples_per_batch"]
    return batches * max(1, int(evaluations / _of_step(method)))


def _scores(own, means, method):
    """(where, metric, mean) of every row of a run."""
    nowhere = {"shift": "none", "shift_family": "none", "severity": 0}
    for split in ("validation", "test"):
        yield nowhere | {"split": split}, "accuracy", means.get(f"{split}_accuracy", means["accuracy"])
    if own.get("shifted", True):
        for shift, family in SHIFTS:
            where = {"shift": shift, "shift_family": family, "severity": 1, "split": "test"}
            yield where, "accuracy", means.get("shifted", means["accuracy"] - 0.2)
    for metric in MEANS:
        yield nowhere | {"split": protocols.metrics()[metric].splits[-1]}, metric, means[metric]
