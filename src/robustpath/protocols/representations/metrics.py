"""What is known of each score and measure of a run whose last hidden layer is measured."""

from robustpath.protocols.base import Metric
from robustpath.protocols.representations.sizes import EDGES, PARTNERS, STATISTICS
from robustpath.protocols.supervised import metrics
from robustpath.protocols.supervised.scores import INFINITE


def _measure(family: str, unit: str = "share", low: float = 0.0, high: float = 1.0) -> Metric:
    return Metric(unit, low, high, "neither", ("test",), "representations", family=family)


def _count(family: str) -> Metric:
    return _measure(family, "number", high=INFINITE)


MEASURES = {
    "polysemanticity": _count("factors"),
    "mixing": _measure("factors"),
    "exclusivity": _measure("factors"),
    "activation_silent": _measure("activity"),
    **{f"activation_mass_{bin}": _measure("activity") for bin in range(len(EDGES) + 1)},
    "mid_mass": _measure("activity"),
    "bimodality": _measure("activity", "none"),
    "dead_share": _measure("activity"),
    "always_on_share": _measure("activity"),
    "participation_ratio": _count("activity"),
    "interference_readout": _measure("interference", "ratio", high=INFINITE),
    "interference_incoming": _measure("interference", "ratio", high=INFINITE),
    "sae_fvu": _measure("autoencoder", high=INFINITE),
    "sae_reached": _measure("autoencoder", "none"),
    "sae_dead_share": _measure("autoencoder"),
    "effective_features": _count("autoencoder"),
    "factor_cosine": _measure("autoencoder", "none"),
    **{
        f"universality_{partner}_{statistic}{null}": _measure("universality", "none", -1.0)
        for partner in PARTNERS
        for statistic in STATISTICS
        for null in ("", "_null")
    },
}
METRICS = {**metrics.METRICS, **MEASURES}
