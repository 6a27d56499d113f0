"""The calibration finds the rates that are there: those of a t test, and those of a rule that errs."""

import numpy as np
import pandas as pd
import pytest
from conftest import CLAIMS

from robustpath.analysis import calibration, claims_model, conditions
from robustpath.analysis.aggregates import detected
from robustpath.errors import UserError

SEEDS = 20
SETTINGS = {"reference": "sgd", "confidence": 0.95}


@pytest.fixture(scope="module")
def accuracy():
    """Gaussian accuracies of the walks and the reference on one data set: differences of sd 0.5 points, mean 2."""
    generator, rows = np.random.default_rng(0), []
    for method in ("sgd", "contour_warmup", "flat_warmup", "persistent_warmup"):
        for noise in (0.0, 0.2):
            values = 0.8 + 0.02 * (method != "sgd") + (method != "sgd") * 0.005 * generator.normal(size=SEEDS)
            rows += [("optdigits", 300, noise, seed, method, value) for seed, value in enumerate(values)]
    return pd.DataFrame(rows, columns=[*calibration.CELL, "method", "value"])


def simulate(accuracy, families=20, effects=(0.3,), few=10):
    claims = claims_model.load(CLAIMS)
    told = {"families": families, "families_with_effect": few, "effects": list(effects), "resamples": 199}
    claims = claims.model_copy(update={"calibration": claims.calibration.model_copy(update=told)})
    return calibration.simulate(accuracy, claims, SETTINGS)


def rate(table, rule, effect, event):
    rows = calibration.rates(table, 0.95)
    return rows[(rows["rule"] == rule) & (rows["effect"] == effect) & (rows["event"] == event)].iloc[0]


def test_rates_and_power_are_those_of_the_t_test(accuracy):
    table = simulate(accuracy)
    null = rate(table, "difference", 0.0, "verdict")
    assert null["count"] == 20 * 3 * 2
    assert null["low"] < 0.05 and null["rate"] < 0.11
    assert rate(table, "difference", 0.0, "family")["low"] < 0.05
    power = rate(table, "difference", 0.3, "supported")
    assert power["low"] < detected(0.3, 0.5, SEEDS) < power["high"] + 0.03
    assert rate(table, "inequivalence", 0.3, "refuted")["low"] < 0.05
    assert rate(table, "inequivalence", 0.0, "supported")["rate"] == 0


def test_a_rule_that_errs_is_found_out(accuracy, monkeypatch):
    """Verdicts by an interval of 80 %, no test asked for: a fifth of the claims without an effect get one."""
    decide = conditions.decide

    def rash(low, high, threshold, side):
        middle, shrink = (low + high) / 2, 1.33 / 2.09
        return decide(middle - shrink * (middle - low), middle + shrink * (high - middle), threshold, side)

    monkeypatch.setattr(conditions, "decide", rash)
    monkeypatch.setattr(conditions.Estimate, "p", lambda found, threshold: 0.0)
    null = rate(simulate(accuracy), "difference", 0.0, "verdict")
    assert null["low"] > 0.1 and null["low"] < 0.25 < null["high"] + 0.1


def test_a_simulated_method_keeps_the_spread_and_loses_the_effect(accuracy):
    sources = calibration._sources(accuracy, ["contour_warmup"], "sgd")
    drawn = pd.concat([calibration.simulated(sources, 0.001, family) for family in range(400)])
    gain = drawn["value"] - drawn["base"]
    assert gain.mean() == pytest.approx(0.001, abs=2e-4)
    paired = accuracy.pivot(index=["label_noise", "seed"], columns="method", values="value")
    spread = (paired["contour_warmup"] - paired["sgd"]).groupby("label_noise").std()
    assert gain.groupby(drawn["label_noise"]).std().to_numpy() == pytest.approx(spread.to_numpy(), rel=0.05)


def test_one_sign_a_seed_for_all_its_data_sets(accuracy):
    other = accuracy.assign(dataset="fashion_mnist", value=accuracy["value"] - 0.1)
    sources = calibration._sources(pd.concat([accuracy, other]), ["flat_warmup"], "sgd")
    drawn = calibration.simulated(sources, 0.0, 3)
    gains = drawn.assign(gain=drawn["value"] - drawn["base"]).pivot(
        index=["label_noise", "seed"], columns="dataset", values="gain"
    )
    assert np.allclose(gains["optdigits"], gains["fashion_mnist"])


def test_the_same_records_give_the_same_bytes(claims_file, minima_settings, tmp_path):
    text = CLAIMS.read_text().replace("families: 100, families_with_effect: 25", "families: 1, families_with_effect: 1")
    (tmp_path / "claims.yaml").write_text(text)
    records = claims_file.with_name("records.parquet")
    for name in ("a", "b"):
        calibration.write(records, tmp_path / "claims.yaml", minima_settings, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert len(calibration.read(tmp_path / "a")) == 12 * (1 + 6 + 2)


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "broken").write_text("no parquet")
    for name in ("missing", "broken"):
        with pytest.raises(UserError, match="snakemake calibrate"):
            calibration.read(tmp_path / name)
