"""Records of runs on designed training sets whose behaviours are planted functions of their knobs."""

import json

import numpy as np
import pandas as pd

from robustpath.protocols import axes

GROUPS = ("group_0", "group_1", "group_2", "group_3")
BASE = (485, 15, 15, 485)
RANGES = {
    "correlation": (0.5, 1.0), "core_margin": (0.5, 3.0), "spurious_margin": (0.5, 6.0), "core_width": (1, 8),
    "spurious_width": (1, 8), "absent": (0.0, 0.5), "label_noise": (0.0, 0.3), "interaction": (0.0, 1.0),
}  # fmt: skip


def unit(knobs, name):
    """A knob of its range as a number between -1 and 1."""
    low, high = RANGES[name]
    return 2 * (knobs[name] - low) / (high - low) - 1


def of_knobs(knobs):
    """Mostly the correlation, half as much the margin of the attribute, and what both do together."""
    effect = 0.12 * unit(knobs, "correlation") + 0.06 * unit(knobs, "spurious_margin")
    effect += 0.06 * unit(knobs, "correlation") * unit(knobs, "spurious_margin") + 0.03 * (knobs["core"] == 2)
    return {"reliance_attribute": 0.4 + effect, "reliance_core": 0.5 - effect, "accuracy_worst_group": 0.6 - effect}


def of_counts(counts):
    """The attribute is relied on less the more minority examples there are, and hardly by the majority's number."""
    minority, majority = np.log1p(counts[1] + counts[2]), np.log1p(counts[0] + counts[3])
    effect = -0.08 * (minority - np.log1p(30)) + 0.01 * (majority - np.log1p(970))
    return {"reliance_attribute": 0.4 + effect, "reliance_core": 0.5 - effect, "accuracy_worst_group": 0.6 - effect}


def sweep(settings=80, seeds=3, law=of_knobs, spread=0.01, rng=0):
    """Runs at settings whose knobs are drawn from RANGES, independently."""
    stream, cells = np.random.default_rng(rng), []
    for setting in range(settings):
        knobs = {name: float(stream.uniform(*bounds)) for name, bounds in RANGES.items()}
        knobs |= {"core": int(stream.integers(3)), "train_size": int(stream.choice([100, 200, 400, 800]))}
        cells.append(("feature_sweep", setting, knobs, law(knobs)))
    return records(cells, seeds, spread, stream)


def subsets(settings=60, seeds=3, law=of_counts, spread=0.01, rng=1):
    """Runs on sets with so many examples of each group, drawn in the logarithm."""
    stream, cells = np.random.default_rng(rng), []
    for setting in range(settings):
        counts = [int(np.exp(stream.uniform(np.log(low), np.log(200)))) for low in (20, 2, 2, 20)]
        cells.append(("feature_subsets", setting, dict(zip(GROUPS, counts, strict=True)), law(counts)))
    return records(cells, seeds, spread, stream)


def changes(seeds=10, law=of_counts, spread=0.01, rng=2, sizes=(-10, 5, 40), base=BASE):
    """Runs on the set `base` and on those with more or fewer examples of one group."""
    cells = [("feature_changes", 0, {"group": 0, "change": 0} | dict(zip(GROUPS, base, strict=True)), law(base))]
    for group in range(4):
        for change in sizes:
            counts = [count + change * (place == group) for place, count in enumerate(base)]
            knobs = {"group": group, "change": change} | dict(zip(GROUPS, counts, strict=True))
            cells.append(("feature_changes", len(cells), knobs, law(counts)))
    return records(cells, seeds, spread, np.random.default_rng(rng))


def records(cells, seeds, spread, stream):
    """Rows as a protocol writes them: a value is its mean, what the seed adds to all runs, and a deviation."""
    shared, rows = stream.normal(0, spread, seeds), []
    for experiment, setting, knobs, means in cells:
        for seed in range(seeds):
            run = {"experiment": experiment, "setting": setting, "seed": seed, "hyperparameters": json.dumps(knobs)}
            for metric, mean in means.items():
                rows.append(run | {"metric": metric, "value": mean + shared[seed] + stream.normal(0, spread)})
    absent = {name: -1.0 if axis.kind == "real" else -1 for name, axis in axes().items() if name != "setting"}
    return pd.DataFrame(rows).assign(
        dataset="gauss_groups", method="sgd", family="minima", draw=0, split="test", shift="none", shift_family="none",
        severity=0, converged=True, diverged=False, gradient_evaluations=1000.0, steps=1000, **absent,
    )  # fmt: skip


def settings(**experiments):
    """What a notebook is given of the config."""
    about = {"datasets": ["gauss_groups"], "methods": ["sgd"], "seeds": 3, "draws": 1, "budget": 1000}
    return {
        "scale": "laptop", "confidence": 0.95, "methods": {"sgd": "minima"},
        "experiments": {
            "feature_sweep": about | {"design": "sweep", "settings": 80, "train_size": 400},
            "feature_subsets": about | {"design": "subsets", "settings": 60, "train_size": 400},
            "feature_changes": about | {"design": "changes", "seeds": 10, "train_size": 1000},
        } | experiments,
    }  # fmt: skip
