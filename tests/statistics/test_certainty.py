"""Counts and errors of measures by hand."""

import numpy as np
import pandas as pd
import pytest

from robustpath.protocols.supervised.metrics import LOWER_BOUNDS, METRICS
from robustpath.records import complete
from robustpath.statistics.certainty import ERROR, certainty, known

RUN = {"experiment": "minima", "dataset": "d", "method": "sgd", "train_size": 9, "label_noise": 0.0, "draw": 0}


def rows(metric, values, converged):
    table = pd.DataFrame({"metric": metric, "value": values, "converged": converged, "seed": range(len(values))})
    return complete(table.assign(**RUN))


def test_lower_bounds_are_kept_and_counted_and_what_is_lost_is_not():
    table = pd.concat([
        rows("asam_sharpness", [1.0, 2.0, 3.0, np.nan], [True, False, False, False]),
        rows("pacbayes_sigma", [0.1, 0.2, 0.3, 2.0], [True, True, True, False]),
    ])  # fmt: skip
    counts = {name: certainty(table, name) for name in ("asam_sharpness", "pacbayes_sigma")}
    assert [counts["asam_sharpness"][key] for key in ("runs", "lower", "lost")] == [3, 2, 1]
    assert [counts["pacbayes_sigma"][key] for key in ("runs", "lower", "lost")] == [3, 0, 1]
    assert np.isnan(counts["asam_sharpness"]["error"])
    assert known(table)["value"].tolist() == [1.0, 2.0, 3.0, 0.1, 0.2, 0.3]


def test_errors_are_shares_of_the_measure_run_by_run():
    table = pd.concat([
        rows("noise_sharpness", [1.0, -2.0, 4.0], [True] * 3),
        rows("noise_sharpness_error", [0.1, 0.4, 0.4], [True] * 3).iloc[::-1],
    ])  # fmt: skip
    found = certainty(table, "noise_sharpness")
    assert found["error"] == pytest.approx(0.1)
    assert found["high"] == pytest.approx(0.19)  # of 0.1, 0.1 and 0.2, nine tenths of the way between the last two


def test_every_error_belongs_to_a_measure():
    errors = [name for name, metric in METRICS.items() if metric.family == "error"]
    assert errors and all(name.removesuffix(ERROR) in METRICS and name.endswith(ERROR) for name in errors)
    assert set(METRICS) >= LOWER_BOUNDS
