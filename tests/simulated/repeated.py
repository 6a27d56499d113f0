"""Records of the experiments in which one source of variation varies, and of `minima`, with planted deviations."""

import numpy as np
import pandas as pd

from robustpath import records
from robustpath.statistics.variance import ALONE

DATASETS = {"optdigits": 0.8, "typeface_digits": 0.6}
DRAWS = 3
SHIFTS = [("none", "none", 0), ("fog", "corruption", 1), ("fog", "corruption", 2), ("script", "natural", 1)]


def settings(seeds):
    """Report settings of these experiments, as config.report_settings gives them."""
    shared = {"datasets": list(DATASETS), "train_sizes": [300], "label_noise": [0.0], "seeds": seeds, "budget": 600}
    experiments = {name: shared | {"methods": ["sgd"]} for name in (source.experiment for source in ALONE.values())}
    return {
        "scale": "laptop", "reference": "sgd", "confidence": 0.95, "methods": {"sgd": "minima", "sam": "minima"},
        "test_size": 900, "experiments": experiments | {"minima": shared | {"methods": ["sgd", "sam"]}},
    }  # fmt: skip


def repeated(deviations, seeds, pair=0.002, rng=0):
    """Records whose sources add up, each normal with its standard deviation in `deviations` (fractions; 0 if absent).

    Draw 0 is the best on validation data in the even seeds, draw 1 in the odd ones; "draw" moves draw 1 in each seed.
    Shifts at severity v multiply the effects by 1 + v, so the mean over two severities by 2.5. `pair` is the standard
    deviation of sam's difference to sgd. Experiment minima has noisy labels too, which nothing here should read.
    """
    generator = np.random.default_rng(rng)
    frames = []
    for experiment in [*(source.experiment for source in ALONE.values()), "minima"]:
        everything = experiment == "minima"
        axes = {
            "dataset": list(DATASETS),
            "method": ["sgd", "sam"] if everything else ["sgd"],
            "label_noise": [0.0, 0.2] if everything else [0.0],
            "seed": range(seeds),
            "draw": range(DRAWS if everything or experiment == "variance_draw" else 1),
        }
        run = pd.MultiIndex.from_product(axes.values(), names=list(axes)).to_frame(index=False)
        effect = 0.1 * run["label_noise"] * generator.normal(size=len(run))
        for name, source in ALONE.items():
            drawn = pd.DataFrame(
                generator.normal(0, deviations.get(name, 0.0), (seeds, len(DATASETS))), columns=DATASETS
            )
            moved = drawn.to_numpy()[run["seed"], run["dataset"].map(list(DATASETS).index)]
            applies = everything or source.experiment == experiment
            effect += moved * applies * ((name != "draw") | (run["draw"] == 1))
        effect += (run["method"] == "sam") * generator.normal(0, pair, seeds)[run["seed"]]
        run["validated"] = np.where(run["draw"] == run["seed"] % 2, 0.9, 0.5)
        run["effect"] = effect
        frames.append(run.assign(experiment=experiment))
    run = pd.concat(frames, ignore_index=True)
    rows = [run.assign(split="validation", shift="none", shift_family="none", severity=0, value=run["validated"])]
    for shift, family, severity in SHIFTS:
        value = run["dataset"].map(DATASETS) + run["effect"] * (1 + severity)
        rows.append(run.assign(split="test", shift=shift, shift_family=family, severity=severity, value=value))
    table = pd.concat(rows, ignore_index=True).assign(
        family="minima", train_size=300, metric="accuracy", converged=True, diverged=False,
        gradient_evaluations=600.0, steps=600, hyperparameters="{}",
    )  # fmt: skip
    table = table[(table["shift_family"] != "natural") | (table["dataset"] == "typeface_digits")]
    return records.complete(table)[list(records.SCHEMA)].reset_index(drop=True)
