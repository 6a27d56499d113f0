"""Records of all comparisons with a ruler and of the rulers of the shipped config, with planted curves."""

import acquired_records
import grouped_records
import numpy as np
import pandas as pd
import stream_records

from robustpath import study

SUPERVISED = [
    "minima", "yardsticks", "ensembles", "ruler", "ruler_typefaces", "ruler_optdigits", "groups", "ruler_groups",
    "ruler_shapes",
]  # fmt: skip
SIZES = (70, 140, 280, 560, 1120, 2240, 3800)
STREAMS = ["stream_methods", *(f"ruler_stream_{size}" for size in SIZES)]
ACQUIRED = ["acquisition_methods", "ruler_acquisition_hole"]
METHODS = {
    "minima": ["sgd", "sam", "contour_warmup", "short_descent"],
    "groups": ["sgd", "group_dro"],
    "stream_methods": ["online_sgd", "er", "der_plus_plus", "slow_ball"],
    "acquisition_methods": ["random_acquisition", "badge", "parallelogram"],
}
WORTH = {
    "sam": 1.5,
    "contour_warmup": 1.0,
    "short_descent": 0.9,
    "mixup": 1.3,
    "ensemble": 1.4,
    "group_dro": 1.2,
    "der_plus_plus": 2.0,
    "slow_ball": 0.5,
}


def settings(seeds=6, **methods):
    """What a report knows of these experiments at the laptop scale, with fewer seeds, methods and draws."""
    found = stream_records.settings(*SUPERVISED, *STREAMS, *ACQUIRED, seeds=seeds, draws=1)
    for name, chosen in (METHODS | methods).items():
        found["experiments"][name]["methods"] = chosen
    return found


def curve(size):
    """The accuracy of every ruler at a number of examples: straight over its logarithm."""
    return 0.2 + 0.06 * np.log2(size / 10)


def recorded(settings, worth=WORTH, spread=1e-4):
    """Records in which a method is as accurate as the ruler at `worth` (1 where it is not named) times its examples."""

    def supervised(run):
        own = settings["experiments"][run["experiment"]]
        value = curve(run["train_size"] * worth.get(run["method"], 1.0))
        scores = {("validation", "accuracy"): value, ("test", "accuracy"): value, ("test", "cross_entropy"): 1.0}
        return scores | ({("test", "accuracy_worst_group"): value} if "correlation" in own else {})

    def streamed(run):
        plain = 0.05 * (run["method"] in ("er", "der_plus_plus"))  # a ruler of its own
        own = settings["experiments"][run["experiment"]]["examples"]
        return {"accuracy": curve(own * worth.get(run["method"], 1.0)) + plain}

    parts = [
        grouped_records.recorded(only(settings, SUPERVISED), supervised, spread),
        stream_records.recorded(only(settings, STREAMS), streamed, spread),
        acquired_records.recorded(only(settings, ACQUIRED), lambda run: {}, spread),
    ]
    return pd.concat(parts, ignore_index=True)


def only(settings, names):
    return settings | {
        "experiments": {name: settings["experiments"][name] for name in names if name in settings["experiments"]}
    }


def shipped(scale):
    """What a report knows of a scale of the shipped config."""
    return study.report_settings(study.load(stream_records.CONFIG, {"scale": scale}))
