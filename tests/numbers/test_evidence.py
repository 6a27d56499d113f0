"""What the seeds of a study can find, from planted deviations."""

import pytest
from repeated import repeated, settings

from robustpath.numbers import evidence
from robustpath.statistics.aggregates import detected, runs_needed


def test_the_smallest_effect_is_stated_at_each_label_noise_apart():
    # The means of two data sets: sam's difference is common to both; at noise each run adds a deviation of 2 points.
    table = repeated({"split": 0.01}, 400, pair=0.003)
    macros = evidence._smallest(table, settings(400))
    clean, noisy = (float(macros[f"DifferenceSpread{place}"][0]) / 100 for place in ("Clean", "Noisy"))
    assert clean == pytest.approx(0.003, rel=0.15)
    assert noisy == pytest.approx((0.003**2 + 0.02**2) ** 0.5, rel=0.15)
    for place, deviation in (("Clean", clean), ("Noisy", noisy)):
        effect = float(macros[f"SmallestEffect{place}"][0]) / 100
        assert detected(effect, deviation, 400, 0.05) == pytest.approx(0.8, abs=0.1)
        words = {2: "two", 3: "three", 4: "four"}
        needed = runs_needed(0.01, deviation)
        assert macros[f"SeedsForOnePoint{place}"][0] == words.get(needed, str(needed))
