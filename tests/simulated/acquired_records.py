"""Records of the experiments on acquisition of the shipped config, with means that a test plants."""

from itertools import product

import numpy as np
import pandas as pd
import stream_records

from robustpath import records
from robustpath.protocols.acquisition.on_the_way import of_round

MEANS = {"discovered": 0.05, "labels_to_first_hit": 60.0, "never_hit": 0.0, "acquired_minority": 0.2}
NOTED = {"off_manifold": 1.5, "candidate_share": 0.1}  # of acquisitions with anchors alone
STEADY = {"labels_to_first_hit", "never_hit"}  # neither moved by a seed nor a share


def recorded(settings, planted=lambda run: {}, spread=0.004, rng=0):
    """Records of all experiments of these settings (stream_records.settings).

    `planted` (run) -> means that differ from MEANS, and "accuracy" and "worst" of the last round, of a run: experiment,
    dataset, method, missing, label_noise, seed and draw. Both curves rise by a tenth on the way to the last round. A
    seed moves all runs on a data set alike, five times as far as `spread`, which moves each score.
    """
    generator = np.random.default_rng(rng)
    moved, rows = {}, []
    for name, own in settings["experiments"].items():
        axes = own["datasets"], own["methods"], own["missing"], own["label_noise"], range(own["seeds"])
        for dataset, method, missing, noise, seed, draw in product(*axes, range(own["draws"])):
            run = {"experiment": name, "dataset": dataset, "method": method, "missing": missing, "label_noise": noise}
            run |= {"seed": seed, "draw": draw}
            means = {"accuracy": 0.8, "worst": 0.4} | MEANS | planted(run)
            shift = moved.setdefault((dataset, seed), generator.normal(0, 5 * spread))
            for split, metric, mean in _scores(means, own["rounds"]):
                value = mean + shift + generator.normal(0, spread)
                value = mean if metric in STEADY else np.clip(value, 0, 1)
                rows.append(run | {"split": split, "metric": metric, "value": value, "converged": True})
                if metric == of_round("accuracy_worst_group", own["rounds"]):
                    rows.append(rows[-1] | {"metric": "accuracy_worst_group"})
            anchored = method.startswith("parallelogram") or method in ("alvin", "anchor_al")
            for metric, mean in NOTED.items():
                value = means.get(metric, mean) + shift if anchored else np.nan
                rows.append(run | {"split": "train", "metric": metric, "value": value, "converged": anchored})
    table = pd.DataFrame(rows).assign(family="shortcuts", shift="none", shift_family="none", severity=0)
    table = table.assign(diverged=False, gradient_evaluations=100.0, steps=100, hyperparameters="{}")
    return records.complete(table)[list(records.SCHEMA)]


def _scores(means, rounds):
    """(split, metric, mean) of every row of a run."""
    yield "validation", "accuracy", means.get("validation", means["accuracy"])
    yield "test", "accuracy", means["accuracy"]
    for score, last in (("accuracy", means["accuracy"]), ("accuracy_worst_group", means["worst"])):
        for number in range(rounds + 1):
            yield "test", of_round(score, number), last - 0.1 * (rounds - number) / rounds
    yield "test", "area_accuracy", means["accuracy"] - 0.05
    yield "test", "area_worst_group", means["worst"] - 0.05
    for metric in MEANS:
        yield "train", metric, means[metric]


settings = stream_records.settings
