"""Records of the scale check and of what it repeats, with differences that a test plants."""

import acquired_records
import grouped_records
import pandas as pd
import ruled
import stream_records

SUPERVISED = [
    "minima", "yardsticks", "ensembles", "ruler", "ruler_typefaces", "ruler_optdigits", "larger", "larger_ensembles",
    "ruler_larger", "ruler_larger_typefaces",
]  # fmt: skip
STREAMS = ["stream_split", "stream_domains", "larger_stream_split", "larger_stream_domains"]
ACQUIRED = ["acquisition_dominoes", "larger_acquisition"]
METHODS = {
    "minima": ["sgd", "sam", "contour_warmup", "short_descent"],
    "stream_split": ["online_sgd", "der_plus_plus", "slow_ball"],
    "stream_domains": ["online_sgd", "der_plus_plus", "slow_ball"],
}
LESS = {"slow_ball": -0.1, "core_set": 0.2}  # accuracy beyond that of other methods, at both scales


def settings(seeds=6):
    """What a report knows of these experiments at the laptop scale, with fewer seeds and methods; streams have a
    second draw at the small scale, as they are shipped."""
    found = stream_records.settings(*SUPERVISED, *STREAMS, *ACQUIRED, seeds=seeds)
    for name, own in found["experiments"].items():
        own |= {"methods": METHODS.get(name, own["methods"]), "draws": 2 if name == "stream_split" else 1}
    return found


def recorded(settings, small, larger, spread=1e-4):
    """Records in which a method of minima is as accurate as the ruler at small[method] or larger[method] times its
    examples (1 where it is not named), and other methods have the same differences LESS at both scales, but for the
    parallelogram, which is ahead of others by small["parallelogram"] and larger["parallelogram"].

    The second draw of the slow ball is better by a fifth, so that it shows where it is taken.
    """

    def side(run):
        return larger if "larger" in run["experiment"] else small

    def supervised(run):
        value = ruled.curve(run["train_size"] * side(run).get(run["method"], 1.0))
        return {("validation", "accuracy"): value, ("test", "accuracy"): value}

    def streamed(run):
        better = 0.2 if run["draw"] and run["method"] == "slow_ball" else 0.0
        return {"accuracy": 0.5 + LESS.get(run["method"], 0.0) + better}

    def bought(run):
        ahead = side(run).get("parallelogram", 0.0) if run["method"] == "parallelogram" else 0.0
        return {"worst": 0.4 + ahead + LESS.get(run["method"], 0.0)}

    parts = [
        grouped_records.recorded(ruled.only(settings, SUPERVISED), supervised, spread),
        stream_records.recorded(ruled.only(settings, STREAMS), streamed, spread),
        acquired_records.recorded(ruled.only(settings, ACQUIRED), bought, spread),
    ]
    return pd.concat(parts, ignore_index=True)
