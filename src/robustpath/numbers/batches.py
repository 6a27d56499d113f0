"""Macros of the hypotheses on learning from one batch before it is discarded."""

from robustpath import protocols
from robustpath.numbers.claims import deciding, of_family
from robustpath.numbers.macros import Macros, Number, made, reads
from robustpath.records import labels
from robustpath.records.labels import MISSING

FAMILY = "batches"
LEVELS = {"Clean": (0.0, "clean labels"), "Noisy": (0.3, "three tenths of the labels noisy")}
EXPERIMENTS = (
    "streams", "stream_steps", "anchor_age", "distances", "distances_split", "memory_ball", "radii", "stream_split",
    "stream_domains", "stream_gradual", "stream_abrupt", "stream_recurring",
)  # fmt: skip


def collect(judged: dict | None, settings: dict) -> dict[str, Number]:
    """Name -> Number; judged: what claims.json says of the family, None where nothing was judged."""
    return {**made(_stream, settings), **made(_stream_hypotheses, judged)}


@reads("streams")
def _stream(settings: dict) -> Macros:
    """What the main stream is, as the config asks for it."""
    known = settings["experiments"].get("streams")
    streams = [each for each in settings["experiments"].values() if protocols.name_of(each) == "stream"]
    methods = {name for each in streams for name in each["methods"]}
    values = dict.fromkeys(_STREAM, MISSING)
    if known:
        noise = [f"{100 * level:g}" for level in known["label_noise"] if level]
        found = (
            labels.word(known["tasks"]), labels.count(known["examples"]), labels.word(known["examples_per_batch"]),
            labels.count(known["memory"]), labels.listing([f"{budget:g}" for budget in known["evaluations"]]),
            labels.listing(noise), labels.word(known["seeds"]), labels.word(len(methods)),
        )  # fmt: skip
        values = dict(zip(_STREAM, found, strict=True))
    return {f"Stream{name}": (value, _STREAM[name]) for name, value in values.items()}


_STREAM = {
    "TasksWord": "tasks of the main stream, in words",
    "Examples": "training examples of each of its tasks",
    "BatchSize": "examples of each of its batches, in words",
    "Memory": "examples that its memory holds",
    "Budgets": "gradient evaluations a batch",
    "NoisePercent": "labels of the stream that are drawn anew, in per cent",
    "SeedCountWord": "seeds of the main stream, in words",
    "MethodCountWord": "methods that are trained on streams, in words",
}


@reads(*EXPERIMENTS)
def _stream_hypotheses(judged: dict | None) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis on streams, at each label noise."""
    return of_family(FAMILY, judged, LEVELS) | deciding(FAMILY, judged)
