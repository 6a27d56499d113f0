"""Records of the experiments walk_levels and headline with planted effects."""

import json

import numpy as np
import pandas as pd

from robustpath import records

DATASETS = {"optdigits": 0.8, "typeface_digits": 0.6}
DESCENDED, SHARES, LENGTHS = [0.0, 0.1, 0.333], [0.1, 0.25, 0.5], [0.0, 0.05]
GRID = {"descended": DESCENDED, "share": SHARES, "step_length": LENGTHS}
DIRECTIONS = ["midway_walk", "persistent_midway_walk"]
METHODS = ["sgd", "sam", "contour_warmup"]
NOISE = [0.0, 0.2]


def settings(seeds, draws):
    """Report settings of these experiments, as config.report_settings gives them."""
    shared = {"datasets": list(DATASETS), "train_sizes": [300], "label_noise": NOISE, "seeds": seeds, "budget": 600}
    return {
        "scale": "laptop", "reference": "sgd", "confidence": 0.95,
        "methods": dict.fromkeys([*METHODS, *DIRECTIONS], "minima"),
        "experiments": {
            "walk_levels": shared | {"methods": DIRECTIONS, "draws": 1, "grid": GRID},
            "headline": shared | {"methods": METHODS, "draws": draws, "grid": {}},
        },
    }  # fmt: skip


def contrasted(seeds=6, draws=4, gain=lambda noise, method, descended, share: 0.0, spread=0.01, rng=0):
    """Records of both experiments: accuracies of a data set and seed, and deviations of each run.

    `gain`: what a walk adds to its run that stands still. Draw k of a method of `headline` has the accuracy of its seed
    plus k points, and 2 k for sam; the best on validation data is the largest k.
    """
    generator = np.random.default_rng(rng)
    level = {(name, seed): mean + generator.normal(0, 0.05) for name, mean in DATASETS.items() for seed in range(seeds)}
    rows = []

    def add(experiment, method, dataset, noise, seed, draw, hyperparameters, value):
        own = {"experiment": experiment, "method": method, "dataset": dataset, "label_noise": noise, "seed": seed}
        own |= {"draw": draw, "hyperparameters": json.dumps(hyperparameters), "value": value}
        rows.extend(own | {"split": split} for split in ("validation", "test"))

    for (dataset, seed), mean in level.items():
        for noise in NOISE:
            for method in DIRECTIONS:
                for draw, values in enumerate(pd.MultiIndex.from_product(GRID.values())):
                    descended, share, length = values
                    value = mean + generator.normal(0, spread)
                    value += gain(noise, method, descended, share) if length else 0.0
                    add("walk_levels", method, dataset, noise, seed, draw, dict(zip(GRID, values, strict=True)), value)
            for method in METHODS:
                for draw in range(draws):
                    value = mean + (0.02 if method == "sam" else 0.01) * draw
                    add("headline", method, dataset, noise, seed, draw, {}, value)
    table = pd.DataFrame(rows).assign(
        family="minima", train_size=300, shift="none", shift_family="none", severity=0, metric="accuracy",
        converged=True, diverged=False, gradient_evaluations=600.0, steps=600,
    )  # fmt: skip
    return records.complete(table.assign(value=table["value"].clip(0, 1)))[list(records.SCHEMA)]
