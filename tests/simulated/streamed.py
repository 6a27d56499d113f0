"""Records of runs on streams whose means are planted, and hypotheses on them."""

import json
from itertools import product

import numpy as np
import pandas as pd

from robustpath import records
from robustpath.claims import contrast_model

SEEDS = 8
CLEAN = "none"


def runs(cells, seeds=SEEDS, spread=0.01, rng=0):
    """Records of cells: dicts of experiment, method, dataset, evaluations, label_noise (of these some may be left out),
    and `values`, or `draws`: pairs of hyperparameters and values.

    Values are means by metric; `validation` is that of the validation accuracy where it is not that of the test, and
    `shifts` the test accuracies by (shift, its kind). A run has its mean, what its data set and seed add to all runs,
    and a deviation of its own.
    """
    generator = np.random.default_rng(rng)
    rows, seeded = [], {}
    for cell, seed in product(cells, range(seeds)):
        own = {"experiment": "streams", "dataset": "mnist5k", "evaluations": 7.0, "label_noise": 0.0} | cell
        draws = own.pop("draws", None) or [({}, own["values"])]
        own.pop("values", None)
        for draw, (hyperparameters, values) in enumerate(draws):
            means = {"validation": values["accuracy"]} | values
            run = own | {"seed": seed, "draw": draw, "hyperparameters": json.dumps(hyperparameters)}
            for metric, mean in means.items():
                shifts = mean if metric == "shifts" else {(CLEAN, CLEAN): mean}
                for (shift, family), each in shifts.items():
                    key = (own["dataset"], seed, metric)
                    seeded.setdefault(key, generator.normal(0, 5 * spread))
                    where = {"shift": shift, "shift_family": family, "severity": int(shift != CLEAN)}
                    where |= {"split": "validation" if metric == "validation" else split_of(metric)}
                    where["metric"] = "accuracy" if metric in ("validation", "shifts") else metric
                    rows.append(run | where | {"value": each + seeded[key] + generator.normal(0, spread)})
    table = pd.DataFrame(rows).assign(
        family="batches", train_size=-1, converged=True, diverged=False, gradient_evaluations=1.0, steps=1
    )
    return records.complete(table)[list(records.SCHEMA)]


def split_of(metric):
    """The split on which a metric is taken here."""
    return "train" if metric.startswith(("prequential", "discovered")) else "test"


def condition(kind="contrast", **keys):
    """A condition as the file would give it."""
    shared = {"kind": kind, "what": "the difference", "short": "difference", "metric": "accuracy"}
    return contrast_model.KINDS[kind].model_validate(shared | keys)


def less(method, other, **keys):
    """The terms of one method less another."""
    shared = {"experiment": "streams"} | keys
    return [shared | {"method": method}, shared | {"method": other, "weight": -1.0}]


def hypothesis(*conditions, name="B1", **keys):
    """A hypothesis with these conditions."""
    shared = {"id": name, "statement": "It holds.", "source": "none", "label_noise": [0.0]}
    return contrast_model.Hypothesis.model_validate(
        shared | keys | {"conditions": [c.model_dump() for c in conditions]}
    )


def family(*claims):
    """A family of these hypotheses."""
    facts = {"letter": "B", "experiments": {"streams": "all"}, "claims": [claim.model_dump() for claim in claims]}
    return contrast_model.Family.model_validate(facts)
