"""The calibration finds the rates that are there: those of a t test, and those of a rule that errs."""

import numpy as np
import pandas as pd
import pytest
from study_fixtures import CLAIMS

from robustpath import study
from robustpath.claims import conditions, judge, model, verdict_errors
from robustpath.claims.verdict_errors import CELL
from robustpath.core.errors import UserError
from robustpath.statistics.aggregates import detected
from robustpath.statistics.evidence import Evidence

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
    return pd.DataFrame(rows, columns=[*verdict_errors.CELL, "method", "value"])


def simulate(accuracy, families=20, effects=(0.3,), few=10):
    claims = model.load(CLAIMS)
    told = {"effects": list(effects), "resamples": 199}
    claims = claims.model_copy(update={"calibration": claims.calibration.model_copy(update=told)})
    return verdict_errors.simulate(accuracy, claims, SETTINGS | {"families": families, "families_with_effect": few})


@pytest.fixture(scope="module")
def table(accuracy):
    """Twenty families without an effect, ten with."""
    return simulate(accuracy)


def drawn_of(sources, effect, families, equal_by=verdict_errors.SIGNS):
    """The simulated methods of some families as one table: CELL, method, base, value."""
    values = verdict_errors.simulated(sources, effect, families, equal_by)
    return pd.concat([sources[[*CELL, "method", "base"]].assign(value=own) for own in values])


def one_by_one(sources, effect, family, equal_by):
    """The same simulated methods of a family, by looking up each seed that was drawn."""
    generator = np.random.default_rng([1 if equal_by == verdict_errors.SIGNS else 2, family])
    seeds = sources.groupby(["method", "label_noise", "seed"])
    if equal_by == verdict_errors.SIGNS:
        left = sources["left"] * generator.choice([-1.0, 1.0], seeds.ngroups)[seeds.ngroup()]
    else:
        index = ["method", "label_noise", "dataset", "train_size", "seed"]
        each = sources[["method", "label_noise", "seed"]].drop_duplicates().groupby(["method", "label_noise"])["seed"]
        donors = np.concatenate([generator.choice(own.to_numpy(), len(own)) for _, own in each])
        drawn = sources[index].assign(seed=donors[seeds.ngroup()])
        left = sources.set_index(index)["left"].loc[pd.MultiIndex.from_frame(drawn)].to_numpy()
    return sources[[*CELL, "method", "base"]].assign(value=sources["base"] + left + effect)


def judged_by_the_judge(made, hypothesis):
    """The entries of one family by the whole judge, from a table of accuracies."""
    cases = {}
    for level, rows in made.groupby("label_noise"):
        base = rows.drop_duplicates(CELL).assign(method="sgd", value=lambda one: one["base"])
        accuracy = pd.concat([rows, base])[[*CELL, "method", "value"]].assign(test_set="none")
        nothing = pd.DataFrame(columns=[*CELL, "method", "metric", "quantity", "value", "expected"])
        found = Evidence(accuracy, accuracy, nothing, nothing, nothing)
        cases[level] = conditions.Case(found, nothing, None, "sgd", hypothesis, 0.95)
    (claim,) = hypothesis.claims
    return judge.concluded(hypothesis, [judge._entries(claim, cases)], 0.95)[0]["entries"]


@pytest.mark.parametrize("equal_by", [verdict_errors.SIGNS, verdict_errors.SEEDS])
@pytest.mark.parametrize("rule", ["difference", "inequivalence"])
def test_families_are_judged_as_one_by_one(accuracy, equal_by, rule):
    other = accuracy.assign(dataset="fashion_mnist", value=accuracy["value"] ** 1.1)
    whole = pd.concat([accuracy, other], ignore_index=True).sample(frac=1, random_state=0)
    variants = ["contour_warmup", "flat_warmup", "persistent_warmup"]
    sources = verdict_errors._sources(whole, variants, "sgd")
    told = model.load(CLAIMS)
    told = told.model_copy(update={"calibration": told.calibration.model_copy(update={"resamples": 199})})
    hypothesis = verdict_errors._hypothesis(rule, [0.3], sources, told, "sgd")
    values = verdict_errors.simulated(sources, 0.002, range(3), equal_by)
    families = verdict_errors.judge_families(sources, values, hypothesis, SETTINGS)
    for family, fast in enumerate(families):
        made = one_by_one(sources, 0.002, family, equal_by)
        assert (made["value"].to_numpy() == values[family]).all()
        slow = judged_by_the_judge(made, hypothesis)
        assert list(fast["method"]) == [entry["variant"] for entry in slow]
        assert list(fast["label_noise"]) == [entry["label_noise"] for entry in slow]
        assert list(fast["verdict"]) == [entry["verdict"] for entry in slow]
        for name in ("n", "low", "high", "p"):
            assert list(fast[name]) == [entry["decides"][name] for entry in slow]
        stands = [entry["verdict"] == "supported" and entry["holm"] < 0.05 for entry in slow]
        assert list(fast["stands"]) == stands
    assert len(set(pd.concat(families)["verdict"])) > 1


def rate(table, rule, effect, event, equal_by=verdict_errors.SIGNS):
    rows = verdict_errors.rates(table, 0.95).set_index(["equal_by", "rule", "effect", "event"])
    return rows.loc[(equal_by, rule, effect, event)]


def test_rates_and_power_are_those_of_the_t_test(table):
    null = rate(table, "difference", 0.0, "verdict")
    assert null["count"] == 20 * 3 * 2
    assert null["low"] < 0.05 and null["rate"] < 0.11
    assert rate(table, "difference", 0.0, "family")["low"] < 0.05
    redrawn = rate(table, "difference", 0.0, "verdict", verdict_errors.SEEDS)
    assert redrawn["count"] == 20 * 3 * 2
    assert redrawn["low"] < 0.05 and redrawn["rate"] < 0.11
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
    null = rate(simulate(accuracy, families=12, few=1), "difference", 0.0, "verdict")
    assert null["low"] > 0.1 and null["low"] < 0.25 < null["high"] + 0.1


def test_a_simulated_method_keeps_the_spread_and_loses_the_effect(accuracy):
    sources = verdict_errors._sources(accuracy, ["contour_warmup"], "sgd")
    drawn = drawn_of(sources, 0.001, range(200))
    gain = drawn["value"] - drawn["base"]
    assert gain.mean() == pytest.approx(0.001, abs=3e-4)
    paired = accuracy.pivot(index=["label_noise", "seed"], columns="method", values="value")
    spread = (paired["contour_warmup"] - paired["sgd"]).groupby("label_noise").std()
    assert gain.groupby(drawn["label_noise"]).std().to_numpy() == pytest.approx(spread.to_numpy(), rel=0.05)


def test_one_sign_a_seed_for_all_its_data_sets(accuracy):
    other = accuracy.assign(dataset="fashion_mnist", value=accuracy["value"] - 0.1)
    sources = verdict_errors._sources(pd.concat([accuracy, other]), ["flat_warmup"], "sgd")
    drawn = drawn_of(sources, 0.0, [3])
    gains = drawn.assign(gain=drawn["value"] - drawn["base"]).pivot(
        index=["label_noise", "seed"], columns="dataset", values="gain"
    )
    assert np.allclose(gains["optdigits"], gains["fashion_mnist"])


def test_the_same_records_give_the_same_bytes(claims_file, calibration_file, minima_settings, tmp_path):
    records, shuffled = claims_file.with_name("records.parquet"), tmp_path / "records.parquet"
    pd.read_parquet(records).sample(frac=1, random_state=1).to_parquet(shuffled, index=False)
    few = minima_settings | {"families": 1, "families_with_effect": 1}
    for name, file in {"a": records, "b": shuffled}.items():
        verdict_errors.write(file, CLAIMS, few, tmp_path / name)
        assert (tmp_path / name).read_bytes() == calibration_file.read_bytes()
    table = verdict_errors.read(calibration_file)
    datasets = 2
    assert len(table) == 12 * (1 + 1 + 6 + 2) + 2 * datasets
    assert set(table.loc[table["equal_by"] == verdict_errors.RETRAINING, "method"]) == {verdict_errors.RETRAINED}


def test_redrawn_seeds_keep_the_skew_and_the_dependence_of_data_sets(accuracy):
    skewed = accuracy.assign(value=accuracy["value"].where(accuracy["method"] == "sgd", accuracy["value"] ** 60))
    both = pd.concat([skewed, skewed.assign(dataset="fashion_mnist", value=skewed["value"] - 0.1)])
    sources = verdict_errors._sources(both, ["flat_warmup"], "sgd")
    drawn = drawn_of(sources, 0.0, range(200), verdict_errors.SEEDS)
    gains = drawn.assign(gain=drawn["value"] - drawn["base"])
    known = sources.groupby(["label_noise", "dataset"])["left"].agg(["std", "skew"])
    found = gains.groupby(["label_noise", "dataset"])["gain"].agg(["mean", "std", "skew"])
    assert (found["mean"].abs() < 0.1 * known["std"]).all()
    assert found["skew"].to_numpy() == pytest.approx(known["skew"].to_numpy(), abs=0.15)
    one = drawn_of(sources, 0.0, [5], verdict_errors.SEEDS)
    wide = one.assign(gain=one["value"] - one["base"]).pivot(
        index=["label_noise", "seed"], columns="dataset", values="gain"
    )
    assert np.allclose(wide["optdigits"], wide["fashion_mnist"])
    assert wide["optdigits"].nunique() < len(wide)


def test_the_interval_alone_is_counted_beside_the_rule(table):
    null = table[(table["equal_by"] == verdict_errors.SIGNS) & (table["rule"] == "difference") & (table["effect"] == 0)]
    alone = (null["low"] > 0) | (null["high"] < 0)
    assert rate(table, "difference", 0.0, "interval")["rate"] == pytest.approx(alone.mean())
    assert not (null["verdict"].isin(["supported", "refuted"]) & ~alone).any()
    assert (null["verdict"].isin(["supported", "refuted"]) == (alone & (null["p"] < 0.05))).all()


def test_the_laptop_scale_judges_a_thousand_claims_without_an_effect():
    claims = model.load(CLAIMS)
    told = study.calibrate_settings(study.load(CLAIMS.parents[1] / "config.yaml", {"scale": "laptop"}))
    levels = {level for claim in claims.claims for level in claim.label_noise}
    assert told["families"] * len(claims.short_names) * len(levels) >= 1000


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "broken").write_text("no parquet")
    for name in ("missing", "broken"):
        with pytest.raises(UserError, match="snakemake calibrate"):
            verdict_errors.read(tmp_path / name)
