"""Macros of paired differences on streams: our ball against the strongest rehearsal, and what a memory adds to a ball.

The hypotheses state what was expected; these say how far ours is from the best, and which part of a gain is whose.
"""

import json

import pandas as pd

from robustpath.numbers.macros import Macros, Number, difference, made, reads
from robustpath.records import plain
from robustpath.statistics.streams import differences, scores, selected, told

STREAMS, MEMORY = "streams", "memory_ball"
OURS, REHEARSAL = "slow_ball", "der_plus_plus"
FACTORS = ["memory", "ball"]
PLACES = {"Clean": "clean labels", "Noisy": "the highest label noise"}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    there, confidence = set(table["experiment"].unique()), settings["confidence"]
    ball = _against_rehearsal(table, confidence) if STREAMS in there else None
    memory = _of_memory(table, confidence) if MEMORY in there else None
    return {**made(_ball, ball), **made(_memory, memory)}


def _against_rehearsal(table: pd.DataFrame, confidence: float) -> pd.DataFrame | None:
    """The difference by label noise at the largest budget; None where one of the two is not there."""
    rows = scores(selected(table, STREAMS), "accuracy")
    rows = rows[(rows["evaluations"] == rows["evaluations"].max()) & rows["method"].isin([OURS, REHEARSAL])]
    if rows["method"].nunique() < 2:
        return None
    return differences(rows, ["label_noise"], "method", REHEARSAL, confidence)


def _of_memory(table: pd.DataFrame, confidence: float) -> pd.DataFrame | None:
    """What the memory changes at the largest budget, by label noise and weight of the ball; None where a run was not
    given both, or none was without the memory."""
    own = plain(table[table["experiment"] == MEMORY])
    if any(set(FACTORS) - json.loads(text).keys() for text in own["hyperparameters"].unique()):
        return None
    own = told(own[own["evaluations"] == own["evaluations"].max()], *FACTORS)
    if 0.0 not in own["memory"].unique():
        return None
    return differences(scores(own, "accuracy", FACTORS), ["label_noise", "ball"], "memory", 0.0, confidence)


@reads(STREAMS)
def _ball(found: pd.DataFrame | None) -> Macros:
    """The final accuracy of the slow ball less that of DER++, both at the largest budget."""
    macros: Macros = {}
    for place, words in PLACES.items():
        row = None if found is None else _only(_of_level(found, place))
        macros |= difference(f"SlowBallMinusRehearsal{place}", row, f"{words}: final accuracy, slow ball minus DER++")
    return macros


@reads(MEMORY)
def _memory(found: pd.DataFrame | None) -> Macros:
    """What the episodic memory changes of the final accuracy without the ball, and with it."""
    macros: Macros = {}
    for place, words in PLACES.items():
        for name, with_ball in (("WithoutBall", False), ("WithBall", True)):
            row = None
            if found is not None:
                own = _of_level(found, place)
                row = _only(own[(own["ball"] > 0) == with_ball])
            what = f"{words}, {'with' if with_ball else 'without'} the ball: final accuracy with memory minus without"
            macros |= difference(f"Memory{name}{place}", row, what)
    return macros


def _only(rows: pd.DataFrame) -> pd.Series | None:
    """The one row that is compared; None where a config has none or several."""
    return rows.iloc[0] if len(rows) == 1 else None


def _of_level(found: pd.DataFrame, place: str) -> pd.DataFrame:
    levels = sorted(found["label_noise"].unique())
    return found[found["label_noise"] == levels[0 if place == "Clean" else -1]]
