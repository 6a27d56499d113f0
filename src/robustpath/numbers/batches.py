"""Macros of the hypotheses on learning from one batch before it is discarded."""

from robustpath.numbers.claims import of_family
from robustpath.numbers.macros import Macros, Number, made, reads

FAMILY = "batches"
LEVELS = {"Clean": (0.0, "clean labels"), "Noisy": (0.3, "three tenths of the labels noisy")}
EXPERIMENTS = (
    "streams", "stream_steps", "anchor_age", "distances", "distances_split", "memory_ball", "radii", "stream_split",
    "stream_domains", "stream_gradual", "stream_abrupt", "stream_recurring",
)  # fmt: skip


def collect(told: dict | None) -> dict[str, Number]:
    """Name -> Number; told: what claims.json says of the family, None where nothing was judged."""
    return made(_stream_hypotheses, told)


@reads(*EXPERIMENTS)
def _stream_hypotheses(told: dict | None) -> Macros:
    """Verdict, effect, interval, n and p of each hypothesis on streams, at each label noise."""
    return of_family(FAMILY, told, LEVELS)
