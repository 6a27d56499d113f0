"""What is known of each metric of a supervised run: of the scores in scores.py and group_scores.py, and of the measures
in measure.py.

They lie apart: what is said of a measure is no reason to score anything again.
"""

from robustpath.protocols.base import Metric
from robustpath.protocols.supervised import group_scores
from robustpath.protocols.supervised.scores import FACTS, INFINITE


def _measure(family: str, unit: str, better: str, split: str = "train", low: float = 0.0) -> Metric:
    return Metric(unit, low, INFINITE, better, (split,), "measures", family=family)


# Where one of these has not converged, its value is a lower bound of what it measures.
LOWER_BOUNDS = frozenset({"lambda_max", "sam_sharpness", "asam_sharpness", "keskar_sharpness"})

METRICS = {
    **FACTS,
    **group_scores.FACTS,
    "lambda_max": _measure("sharpness", "nats", "neither", low=-INFINITE),
    "trace": _measure("sharpness", "nats", "neither", low=-INFINITE),
    "sam_sharpness": _measure("sharpness", "nats", "neither", low=-INFINITE),
    "asam_sharpness": _measure("sharpness", "nats", "neither", low=-INFINITE),
    "noise_sharpness": _measure("sharpness", "nats", "neither", low=-INFINITE),
    "keskar_sharpness": _measure("sharpness", "per cent", "neither", low=-INFINITE),
    "pacbayes_sigma": _measure("sharpness", "standard deviation", "neither"),
    "pacbayes_sigma_magnitude": _measure("sharpness", "standard deviation", "neither"),
    "pacbayes_bound": _measure("sharpness", "none", "neither"),
    "pacbayes_bound_magnitude": _measure("sharpness", "none", "neither", low=-INFINITE),
    # Standard errors of the measures of those names that are means over random draws.
    "noise_sharpness_error": _measure("error", "nats", "neither"),
    "pacbayes_sigma_error": _measure("error", "standard deviation", "neither"),
    "pacbayes_sigma_magnitude_error": _measure("error", "standard deviation", "neither"),
    "pacbayes_bound_error": _measure("error", "none", "neither"),
    "pacbayes_bound_magnitude_error": _measure("error", "none", "neither"),
    "path_norm": _measure("norm", "none", "neither"),
    "frobenius_norm": _measure("norm", "none", "neither"),
    "distance_from_start": _measure("norm", "none", "neither"),
    "spectral_product": _measure("norm", "none", "neither"),
    "spectral_bound": _measure("norm", "none", "neither", low=-INFINITE),
    "margin": _measure("norm", "logits", "neither", low=-INFINITE),
    "barrier": _measure("distance", "nats", "neither", low=-INFINITE),
    "barrier_matched": _measure("distance", "nats", "neither", low=-INFINITE),
    "function_distance": _measure("distance", "nats", "neither", "test"),
    "disagreement": _measure("distance", "fraction", "neither", "test"),
    "walk_level_error": _measure("walk", "share", "neither"),
    "walk_displacement": _measure("walk", "share", "neither"),
    "walk_function_distance": _measure("walk", "nats", "neither", "test"),
    "walk_lambda_max_start": _measure("walk", "nats", "neither", low=-INFINITE),
    "walk_lambda_max_end": _measure("walk", "nats", "neither", low=-INFINITE),
    "walk_accepted": _measure("walk", "share", "neither"),
}
