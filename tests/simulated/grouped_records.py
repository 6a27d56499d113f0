"""Records of the experiments on data with groups of the shipped config, with means that a test plants."""

import json
from itertools import product

import numpy as np
import pandas as pd
import stream_records

from robustpath import records

METRICS = ("accuracy", "accuracy_worst_group")


def recorded(settings, planted, spread=0.004, rng=0):
    """Records of all experiments of these settings (stream_records.settings).

    `planted` (run) -> {(split, metric): mean} of a run: experiment, dataset, method, label_noise, draw and its
    hyperparameters. A seed moves all runs on a data set alike, five times as far as `spread`, which moves each score;
    all stay between 0 and 1.
    """
    generator = np.random.default_rng(rng)
    moved, rows = {}, []
    for name, own in settings["experiments"].items():
        grid = [dict(zip(own["grid"], values, strict=True)) for values in product(*own["grid"].values())]
        drawn = list(enumerate(grid)) if own["grid"] else [(draw, {}) for draw in range(own["draws"])]
        axes = own["datasets"], own["methods"], own["train_sizes"], own["label_noise"], range(own["seeds"]), drawn
        for dataset, method, size, noise, seed, (draw, values) in product(*axes):
            run = {"experiment": name, "dataset": dataset, "method": method, "train_size": size, "label_noise": noise}
            run |= {"seed": seed, "draw": draw}
            shift = moved.setdefault((dataset, seed), generator.normal(0, 5 * spread))
            for (split, metric), mean in planted(run | values).items():
                value = min(max(mean + shift + generator.normal(0, spread), 0.0), 1.0)
                facts = {"hyperparameters": json.dumps(values), "split": split, "metric": metric, "value": value}
                rows.append(run | facts)
    table = pd.DataFrame(rows).assign(family="shortcuts", shift="none", shift_family="none", severity=0)
    table = table.assign(converged=True, diverged=False, gradient_evaluations=100.0, steps=100)
    return records.complete(table)[list(records.SCHEMA)]


settings = stream_records.settings
