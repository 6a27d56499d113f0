"""The rates of wrong verdicts are those of the judge itself: right ones, and those of a judge that errs."""

import pandas as pd
import planted
import pytest
import scipy
from study_fixtures import CLAIMS

from robustpath import study
from robustpath.claims import conditions, entries, model, verdict_errors
from robustpath.claims.boundaries import Study
from robustpath.core.errors import UserError
from robustpath.statistics import evidence
from robustpath.statistics.aggregates import detected

SEEDS = 20
KIND = verdict_errors.DIFFERENCE
SETTINGS = {"reference": "sgd", "confidence": 0.95, "test_size": 900, "families": 3, "claims_with_effect": 60}
METHODS = ["sgd", "sam", "restarts", "reordered_sgd", "contour_population", "contour_cooldown"]


def simulate(monkeypatch, claims=300, kinds=(KIND,), **settings):
    """Simulated claims of some kinds, on a planted study of few methods without any effect."""
    family = model.load(CLAIMS).families["minima"]
    facts = {"calibration": model.Calibration(effects=[0.3]), "short_names": {"contour_population": "V5"}}
    table = planted.study(METHODS, seeds=SEEDS, spread=0.5)
    own = table[table["experiment"] == family.experiment]
    whole = evidence.gather(table, family.experiment, family.curve)
    monkeypatch.setattr(verdict_errors, "KINDS", {kind: verdict_errors.KINDS[kind] for kind in kinds})
    given = SETTINGS | {"claims": claims} | settings
    return verdict_errors.simulate(Study(whole, evidence.validated(own), family.model_copy(update=facts), given))


def rate(table, kind, event, planted_at="threshold"):
    found = verdict_errors.rates(table, 0.95)
    (row,) = found[(found["kind"] == kind) & (found["event"] == event) & (found["planted"] == planted_at)].itertuples()
    return row


def test_both_errors_and_the_power_are_those_of_one_sided_t_tests(monkeypatch):
    table = simulate(monkeypatch)
    for event in ("supported", "refuted"):
        found = rate(table, KIND, event)
        assert found.count == 300
        assert found.low < 0.025 < found.high
    power = rate(table, KIND, "supported", "effect")
    # Two data sets of SEEDS pairs, each of two runs of that spread.
    assert power.low - 0.05 < detected(0.3, 0.5 * 2**0.5, 2 * SEEDS) < power.high + 0.05
    assert power.count == SETTINGS["claims_with_effect"]


def break_the_judge(monkeypatch, support, refute):
    """The judge with its p divided by these numbers wherever it decides."""

    def rash(p_support, p_refute, confidence):
        return decide(p_support and p_support / support, p_refute and p_refute / refute, confidence)

    decide = conditions.decide
    for module in (conditions, entries):
        monkeypatch.setattr(module, "decide", rash)


def test_a_judge_that_ignores_its_p_is_found_out(monkeypatch):
    """Supported wherever the effect lies beyond the threshold, refuted elsewhere: each in half of the claims."""
    break_the_judge(monkeypatch, 20, 20)
    table = simulate(monkeypatch, claims=100)
    for event in ("supported", "refuted"):
        assert 0.3 < rate(table, KIND, event).rate < 0.7
    errors = verdict_errors.errors(verdict_errors.rates(table, 0.95))
    assert (errors["low"] > 0.05).all() and len(errors) == 2


def test_a_judge_that_errs_in_one_direction_is_found_out_in_that_one(monkeypatch):
    break_the_judge(monkeypatch, 1, 8)
    table = simulate(monkeypatch, claims=200)
    assert rate(table, KIND, "refuted").low > 0.05
    assert rate(table, KIND, "supported").low < 0.025


def test_rates_have_the_intervals_of_clopper_and_pearson():
    verdicts = ["supported"] * 3 + ["refuted"] * 5 + ["undecided"] * 92
    table = pd.DataFrame({"verdict": verdicts, "kind": KIND, "planted": "threshold", "truth": 0.0, "family": "M"})
    table = table.assign(number=range(100), stands=False)
    for event, count in {"supported": 3, "refuted": 5}.items():
        found = rate(table, KIND, event)
        assert (found.rate, found.happened, found.count) == (count / 100, count, 100)
        # The bounds leave out a fortieth of the binomial's tail each.
        assert scipy.stats.binom.sf(count - 1, 100, found.low) == pytest.approx(0.025)
        assert scipy.stats.binom.cdf(count, 100, found.high) == pytest.approx(0.025)


def test_a_family_counts_once_however_many_of_its_claims_stand():
    rows = [(number, stands) for number in range(4) for stands in (number < 1, number < 2, False)]
    table = pd.DataFrame(rows, columns=["number", "stands"]).assign(family="M", truth=0.0, planted="equal")
    table = table.assign(kind=verdict_errors.FAMILY, verdict="supported")
    found = rate(table, verdict_errors.FAMILY, "family", "equal")
    assert (found.rate, found.count) == (0.5, 4)
    assert set(verdict_errors.rates(table, 0.95)["event"]) == {"family"}


def test_what_equal_methods_are_rightly_called_is_no_error():
    rows = [
        ("inequivalence_equal", "equal"),
        (verdict_errors.MARGIN, "threshold"),
        (KIND, "threshold"),
        (KIND, "effect"),
    ]
    table = pd.DataFrame(rows, columns=["kind", "planted"]).assign(truth=0.0, family="M", number=0, stands=False)
    errors = verdict_errors.errors(verdict_errors.rates(table.assign(verdict="refuted"), 0.95))
    assert list(zip(errors["kind"], errors["event"], strict=True)) == [
        (KIND, "supported"),
        (KIND, "refuted"),
        (verdict_errors.MARGIN, "supported"),
        (verdict_errors.MARGIN, "refuted"),
        ("inequivalence_equal", "supported"),
    ]
    assert set(errors["planted"]) == {"threshold", "equal"}


def test_every_kind_of_condition_is_simulated_and_the_same_records_give_the_same_bytes(
    claims_file, calibration_file, minima_settings, tmp_path
):
    records, shuffled = claims_file.with_name("records.parquet"), tmp_path / "records.parquet"
    pd.read_parquet(records).sample(frac=1, random_state=1).to_parquet(shuffled, index=False)
    few = minima_settings | {"claims": 3, "claims_with_effect": 2, "families": 1}
    verdict_errors.write(shuffled, CLAIMS, few, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == calibration_file.read_bytes()
    table = verdict_errors.read(calibration_file)
    effects = model.load(CLAIMS).families["minima"].calibration.effects
    counts = table[table["planted"] == "effect"].groupby("truth").size()
    assert counts.to_dict() == dict.fromkeys(effects, 2)
    kinds = table[table["planted"] != "effect"].groupby("kind").size()
    datasets, levels, variants = 2, 2, 6
    others = {verdict_errors.FAMILY: variants * levels, verdict_errors.RETRAINING: datasets * levels}
    assert kinds.to_dict() == dict.fromkeys(verdict_errors.KINDS, 3) | others
    assert table["p_support"].between(0, 1).all() and table["p_refute"].between(0, 1).all()


def test_every_kind_of_condition_of_the_file_has_its_rates():
    known = {part.kind for claim in model.load(CLAIMS).families["minima"].claims for part in claim.conditions}
    simulated = {"effective_robustness" if kind.startswith("robustness") else kind for kind in verdict_errors.KINDS}
    assert known - {"inequivalence"} <= simulated
    assert {verdict_errors.MARGIN, "inequivalence_equal"} <= simulated


def test_the_laptop_scale_judges_a_thousand_claims_of_each_kind():
    settings = study.calibrate_settings(study.load(CLAIMS.parents[1] / "config.yaml", {"scale": "laptop"}))
    assert settings["claims"] >= 1000


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "broken").write_text("no parquet")
    for name in ("missing", "broken"):
        with pytest.raises(UserError, match="snakemake calibrate"):
            verdict_errors.read(tmp_path / name)
