"""Macros of streams: our ball against the strongest rehearsal, what a memory adds to a ball, and plain readouts.

The hypotheses state what was expected; these say how far ours is from the best, and which part of a gain is whose.
"""

import json

import pandas as pd

from robustpath.numbers.macros import Macros, Number, difference, made, reads
from robustpath.records import labels, plain
from robustpath.records.labels import MISSING
from robustpath.statistics.streams import differences, scores, selected, with_hyperparameters

STREAMS, MEMORY, COMPARED, READOUTS = "streams", "memory_ball", "stream_methods", "stream_readouts"
OURS, REHEARSAL, DISTILLATION = "slow_ball", "der_plus_plus", "der"
FACTORS = ["memory", "ball"]
PLACES = {"Clean": "clean labels", "Noisy": "the highest label noise"}


def collect(table: pd.DataFrame, settings: dict) -> dict[str, Number]:
    """Name -> Number; what the records lack is said to be not measured."""
    there, confidence = set(table["experiment"].unique()), settings["confidence"]
    ball = _against_rehearsal(table, confidence) if STREAMS in there else None
    memory = _of_memory(table, confidence) if MEMORY in there else None
    known = {COMPARED, READOUTS} <= there
    final = {name: scores(selected(table, name), "accuracy") for name in (COMPARED, READOUTS) if known}
    return {**made(_budgets, settings), **made(_ball, ball), **made(_memory, memory), **made(_readouts, final)}


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
    own = with_hyperparameters(own[own["evaluations"] == own["evaluations"].max()], *FACTORS)
    if 0.0 not in own["memory"].unique():
        return None
    return differences(scores(own, "accuracy", FACTORS), ["label_noise", "ball"], "memory", 0.0, confidence)


@reads(STREAMS, COMPARED)
def _budgets(settings: dict) -> Macros:
    """The gradient evaluations a batch of the main methods, and of all methods."""
    budgets = {name: settings["experiments"].get(name, {}).get("evaluations", []) for name in (STREAMS, COMPARED)}
    main, every = (sorted(found) for found in budgets.values())
    return {
        "StreamLargestBudget": (f"{main[-1]:g}" if main else MISSING, "streams: largest budget a batch, evaluations"),
        "StreamMiddleBudget": (f"{main[len(main) // 2]:g}" if main else MISSING, "streams: budget between the others"),
        "StreamSmallestBudget": (f"{main[0]:g}" if main else MISSING, "streams: smallest budget a batch, evaluations"),
        "StreamMethodsBudget": (f"{every[-1]:g}" if every else MISSING, "stream methods: budget a batch, evaluations"),
    }


@reads(COMPARED, READOUTS)
def _readouts(final: dict[str, pd.DataFrame]) -> Macros:
    """The most accurate readout of features that are not trained; rehearsal, distillation and our ball among all
    methods."""
    macros: Macros = {}
    for place, words in PLACES.items():
        best, name, trained = MISSING, MISSING, {}
        if final:
            readouts = _of_level(final[READOUTS], place).groupby("method")["value"].mean()
            trained = _of_level(final[COMPARED], place).groupby("method")["value"].mean().to_dict()
            best, name = labels.percent(readouts.max()), labels.method(readouts.idxmax())
        macros |= {
            f"BestReadout{place}": (best, f"{words}: final accuracy of the best readout of random features, per cent"),
            f"BestReadoutName{place}": (name, f"{words}: the readout of random features with the highest accuracy"),
        }
        for key, method in (("Rehearsal", REHEARSAL), ("Distillation", DISTILLATION), ("SlowBall", OURS)):
            value = labels.percent(trained[method]) if method in trained else MISSING
            what = f"{words}: final accuracy of {labels.method(method)}, all methods, per cent"
            macros[f"{key}Accuracy{place}"] = (value, what)
    return macros


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
