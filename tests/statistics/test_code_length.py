"""Known answers of prequential code lengths."""

import math

import numpy as np
import pandas as pd
import pytest

from robustpath import records
from robustpath.statistics import code_length
from robustpath.statistics.code_length import bits


def test_a_uniform_predictor_costs_the_logarithm_of_the_classes():
    for classes in (2, 10):
        assert bits([50, 150, 500], np.full(3, math.log(classes)), classes) == pytest.approx(math.log2(classes))


def test_blocks_are_coded_by_the_model_before_them():
    """10 labels of 4 classes at 2 bits, 10 more at 1 bit, 20 more at half a bit: 40 bits for 40 labels."""
    nats = math.log(2) * np.array([[1.0, 0.5, 99.0]])
    assert bits([10, 20, 40], nats, 4) == pytest.approx([1.0])


def test_records_are_coded_seed_by_seed_by_the_draw_that_validation_selects():
    rows = []
    for seed in range(2):
        for size, nats in ((10, 1.0 + seed), (20, 0.5), (40, 9.0)):
            for draw in range(2):
                run = {"experiment": "own", "dataset": "mnist5k", "method": "sgd", "train_size": size, "seed": seed}
                run |= {"label_noise": 0.0, "draw": draw}
                rows.append(run | {"split": "validation", "metric": "accuracy", "value": 0.5 + 0.1 * draw})
                rows.append(run | {"split": "test", "metric": "cross_entropy", "value": nats if draw else 7.0})
    table = pd.DataFrame(rows).assign(
        family="minima", shift="none", shift_family="none", severity=0, converged=True, diverged=False,
        gradient_evaluations=1.0, steps=1, hyperparameters="{}",
    )  # fmt: skip
    table = records.complete(table)[list(records.SCHEMA)]
    settings = {"experiments": {"own": {"train_sizes": [10, 20, 40]}}}
    found = code_length.code_lengths(table, settings, "own").set_index("seed")["value"]
    for seed in range(2):
        expected = (10 * math.log2(10) + 10 * (1 + seed) / math.log(2) + 20 * 0.5 / math.log(2)) / 40
        assert found[seed] == pytest.approx(expected)
    lost = table.assign(value=table["value"].mask((table["metric"] == "cross_entropy") & (table["seed"] == 0), np.inf))
    assert set(code_length.code_lengths(lost, settings, "own")["seed"]) == {1}
    assert code_length.code_lengths(table, {"experiments": {"own": {"train_sizes": [10]}}}, "own").empty
