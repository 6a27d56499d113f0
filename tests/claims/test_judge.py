import pandas as pd
import planted
import pytest
from study_fixtures import CLAIMS

from robustpath.claims import conditions, model
from robustpath.claims.judge import best_control, judge, void_walks
from robustpath.core.errors import UserError

VARIANT = "contour_warmup"
RESAMPLES = model.Bootstrap(resamples=999, fewest_seeds=8)


def hypothesis(name, variants=(VARIANT,), noise=(0.0,), **changes):
    """The file with one hypothesis, for some variants and label noises; `changes` to its first condition."""
    whole = model.load(CLAIMS)
    (claim,) = [claim for claim in whole.claims if claim.id == name]
    first, *others = claim.conditions
    told = {"variants": list(variants), "label_noise": list(noise)}
    claim = claim.model_copy(update=told | {"conditions": [first.model_copy(update=changes), *others]})
    corrected = [name] if name in whole.corrected else []
    return whole.model_copy(update={"claims": [claim], "corrected": corrected, "bootstrap": RESAMPLES})


def methods_for(name, variants):
    """The methods that a hypothesis compares, and no more: each costs time."""
    few = {
        "H0": ["sgd", "reordered_sgd"],
        "H1": ["sgd", "fresh_start", "reordered_sgd"],
        "H2": planted.CONTROLS,
        "H3": ["sgd", *planted.PUBLISHED],
        "H4": ["sgd"],
        "H5": ["sgd", "isotropic_warmup"],
        "H6": ["sgd", "restarts"],
        "H7": ["sgd"],
        "H8": ["sgd", "sam"],
    }
    return list(dict.fromkeys([*few[name], *variants]))


def verdict_on(name, variants=(VARIANT,), noise=(0.0,), changes=None, seeds=12, **effects):
    few = {"sharpness": ["lambda_max", "noise_sharpness"], "draws": 1}
    table = planted.study(methods_for(name, variants), noise=noise, seeds=seeds, **few, **effects)
    found = judge(table, hypothesis(name, variants, noise, **(changes or {})), planted.settings())
    return found[0]


@pytest.mark.parametrize(
    ("name", "variants", "effects", "expected"),
    [
        ("H0", [VARIANT], {"moved": {VARIANT: 0.02}}, "supported"),
        ("H0", [VARIANT], {"moved": {VARIANT: 0.003}}, "refuted"),
        ("H0", [VARIANT], {"moved": {VARIANT: 0.02}, "level": {VARIANT: 0.2}}, "refuted"),
        ("H1", [VARIANT], {"barrier": {VARIANT: 0.7}}, "supported"),
        ("H1", [VARIANT], {}, "refuted"),
        ("H2", [VARIANT], {"gain": {VARIANT: 1.0}}, "supported"),
        ("H2", [VARIANT], {}, "refuted"),
        ("H2", [VARIANT], {"gain": {VARIANT: 0.4}, "spread": 3.0}, "undecided"),
        ("H3", [VARIANT], {"robust": {VARIANT: 0.2}}, "supported"),
        ("H3", [VARIANT], {"gain": {VARIANT: 2.0}, "spread": 0.3}, "undecided"),
        ("H3", [VARIANT], {"robust": {VARIANT: -0.2}}, "refuted"),
        ("H4", [VARIANT], {"sharp": {VARIANT: 0.5}}, "supported"),
        ("H4", [VARIANT], {"loss": {VARIANT: 4.0}}, "refuted"),
        ("H5", [VARIANT], {"gain": {VARIANT: 1.0}}, "supported"),
        ("H5", [VARIANT], {"gain": {VARIANT: -1.0}}, "supported"),
        ("H5", [VARIANT], {}, "refuted"),
        ("H5", [VARIANT], {"spread": 3.0}, "undecided"),
        ("H6", ["contour_population"], {"gain": {"contour_population": 0.6}}, "supported"),
        ("H6", ["contour_population"], {"gain": {"contour_population": -0.6}}, "refuted"),
        ("H6", ["contour_population"], {"spread": 3.0}, "undecided"),
        ("H8", ["contour_cooldown"], {"gain": {"contour_cooldown": 0.8}}, "supported"),
        ("H8", ["contour_cooldown"], {"gain": {"contour_cooldown": -0.8}}, "refuted"),
        ("H8", ["contour_cooldown"], {"gain": {"sam": 3, "contour_cooldown": 0.8}, "sharp": {"sam": 0.1}}, "refuted"),
        ("H8", ["contour_cooldown"], {"gain": {"sam": 3, "contour_cooldown": 0.8}, "sharp": {"sam": 2}}, "supported"),
    ],
)
def test_a_planted_effect_has_its_verdict(name, variants, effects, expected):
    assert verdict_on(name, variants, **effects)["verdict"] == expected


def test_an_early_stop_is_no_better_minimum():
    # On noisy labels less descent is more accurate: a gain at equal budget, none at equal loss.
    found = verdict_on("H8", ["contour_cooldown"], noise=(0.2,), loss={"contour_cooldown": 3.0}, rng=1)
    first, second, _ = found["entries"][0]["conditions"]
    assert first["verdict"] == "supported" and first["effect"] == pytest.approx(2.2, abs=0.3)
    assert second["effect"] == pytest.approx(0, abs=0.2)
    assert found["verdict"] != "supported"


@pytest.mark.parametrize("follows", [1, -1])
def test_gains_follow_the_distance_that_they_were_planted_on(follows):
    gain = {name: 0.5 * i for i, name in enumerate(planted.VARIANTS)}
    distance = {name: 0.002 * 2 ** (follows * i) for i, name in enumerate(planted.VARIANTS)}
    displaced = dict(zip(planted.VARIANTS, [0.5, 0.1, 0.4, 0.3, 0.6, 0.2], strict=True))
    found = verdict_on("H7", planted.VARIANTS, gain=gain, moved=distance, displaced=displaced)
    assert found["verdict"] == {1: "supported", -1: "refuted"}[follows]
    assert found["variant"] == "all" and found["n"] == 12
    other = verdict_on("H7", planted.VARIANTS, gain=gain, moved=displaced, displaced=distance)
    assert abs(other["effect"]) < 0.5 < abs(found["effect"])


def test_partial_spearman_by_hand():
    # Ranks a = 1 2 3 4, b = 1 2 4 3, c = 1 3 2 4: r_ab = .8, r_ac = .8, r_bc = .4; (.8 - .32) / (.6 sqrt(.84)).
    rows = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 9, 8], "c": [0.1, 0.3, 0.2, 5], "dataset": "d"})
    found = conditions.partial_spearman(rows.assign(train_size=50), "a", "b", "c")
    assert found == pytest.approx((0.8 - 0.32) / (0.6 * 0.84**0.5))


def test_effect_interval_and_n_are_those_of_the_planted_gain():
    found = verdict_on("H6", ["contour_population"], gain={"contour_population": 0.6}, rng=1)
    assert found["effect"] == pytest.approx(0.6, abs=0.15)
    assert found["low"] < 0.6 < found["high"]
    assert (found["n"], found["unit"], found["interval"]) == (12, "percentage points", "BCa bootstrap")
    assert 0 < found["p"] <= found["holm"] < 0.05


def test_a_changed_threshold_changes_the_verdict():
    effects = {"gain": {VARIANT: 1.0}}
    assert verdict_on("H2", changes={"threshold": 0.3}, **effects)["verdict"] == "supported"
    assert verdict_on("H2", changes={"threshold": 3.0}, **effects)["verdict"] == "refuted"
    assert verdict_on("H5", changes={"margin": 3.0}, **effects)["verdict"] == "refuted"


def test_the_best_control_is_chosen_by_validation_and_never_by_the_test_set():
    lucky = verdict_on("H2", gain={"radam": 2.0}, validated={"radam": -5.0, "restarts": 1.0})
    assert lucky["against"] == "restarts"
    assert verdict_on("H2", gain={"radam": 2.0})["against"] == "radam"
    assert best_control(pd.DataFrame(columns=["test_set", "method", "value"]), ["sgd"]) is None


def test_a_walk_off_its_level_is_void_and_no_evidence():
    found = verdict_on("H2", [VARIANT, "flat_warmup"], gain={VARIANT: 2.0}, level={VARIANT: 0.06})
    assert [entry["verdict"] for entry in found["entries"]] == ["void", "refuted"]
    assert found["verdict"] == "refuted" and found["variant"] == "flat_warmup"
    alone = verdict_on("H2", gain={VARIANT: 2.0}, level={VARIANT: 0.06})
    assert alone["verdict"] == "void" and alone["effect"] is None and alone["holm"] is None


def test_a_void_walk_is_left_out_of_what_is_judged_together():
    found = verdict_on("H7", planted.VARIANTS, level={"flat_warmup": 0.2})
    assert "left out: flat_warmup" in found["note"]


def test_void_walks_are_counted_and_a_diverged_one_is_void():
    table = planted.study(["sgd", VARIANT], seeds=3, level={VARIANT: 0.001})
    walk = (table["metric"] == "walk_level_error") & (table["label_noise"] == 0) & (table["dataset"] == "optdigits")
    table.loc[walk & (table["seed"] == 0), "value"] = 0.5
    table.loc[walk & (table["seed"] == 1), ["value", "converged"]] = [float("nan"), False]
    counts = void_walks(table, 0.05).set_index("label_noise")
    assert counts["void"].to_dict() == {0.0: 2, 0.2: 0}
    assert counts["walks"].to_dict() == {0.0: 6, 0.2: 6}


def test_one_supported_variant_supports_and_all_must_fail_to_refute():
    variants = [VARIANT, "flat_warmup"]
    assert verdict_on("H2", variants, gain={VARIANT: 1.0})["variant"] == VARIANT
    assert verdict_on("H2", variants, gain={VARIANT: 1.0})["verdict"] == "supported"
    assert verdict_on("H2", variants)["verdict"] == "refuted"


def test_holm_counts_every_case_of_the_corrected_hypotheses_and_may_withhold_support():
    effects = {"gain": {VARIANT: 0.55}, "spread": 0.75, "rng": 9}
    alone = verdict_on("H6", [VARIANT], **effects)
    many = verdict_on("H6", [VARIANT, "flat_warmup", "repelled_warmup", "persistent_warmup", "sgd"], **effects)
    assert alone["verdict"] == "supported" and alone["holm"] == alone["p"]
    entry = many["entries"][0]
    assert entry["verdict"] == "supported" and entry["holm"] > 0.05
    assert many["verdict"] == "undecided"


def test_few_seeds_are_judged_by_t_and_it_is_said():
    found = verdict_on("H6", ["contour_population"], seeds=3, gain={"contour_population": 3.0})
    assert found["interval"] == "t (fewer than 8 seeds)"
    assert found["n"] == 3


def test_what_was_not_run_is_undecided_with_its_reason():
    table = planted.study(["sgd", VARIANT])
    found = judge(table, hypothesis("H6", ["contour_population"]), planted.settings())[0]
    assert found["verdict"] == "undecided" and found["n"] == 0
    assert "no records of contour_population beside restarts" in found["note"]
    other = judge(table, hypothesis("H6", ["contour_population"], noise=[0.4]), planted.settings())[0]
    assert other["verdict"] == "undecided"
    alone = judge(table[table["experiment"] == "lengths"], hypothesis("H7", planted.VARIANTS), planted.settings())[0]
    assert alone["verdict"] == "undecided" and "no experiment minima" in alone["note"]


def test_losses_that_sgd_never_has_are_left_out_and_counted():
    found = verdict_on("H4", loss={VARIANT: 0.5})
    assert found["verdict"] == "undecided" and found["left_out"] == 2 * 12


def test_a_misspelt_method_is_refused():
    with pytest.raises(UserError, match="H6 names the unknown method contour_poplation; did you mean contour_pop"):
        judge(planted.study(["sgd"], seeds=2), hypothesis("H6", ["contour_poplation"]), planted.settings())


@pytest.mark.parametrize(
    ("low", "high", "side", "verdict"),
    [
        (0.4, 0.6, "above", "supported"),
        (0.1, 0.2, "above", "refuted"),
        (0.2, 0.4, "above", "undecided"),
        (0.3, 0.6, "above", "undecided"),
        (0.1, 0.2, "below", "supported"),
        (0.4, 0.6, "below", "refuted"),
        (float("nan"), float("nan"), "above", "undecided"),
    ],
)
def test_the_whole_interval_must_lie_on_one_side(low, high, side, verdict):
    assert conditions.decide(low, high, 0.3, side) == verdict


def test_the_file_of_verdicts_is_complete(verdicts):
    assert [verdict["id"] for verdict in verdicts["verdicts"]] == [f"H{i}" for i in range(9)]
    fields = {"statement", "verdict", "effect", "low", "high", "n", "p", "holm", "unit", "threshold", "entries"}
    assert all(fields <= set(verdict) for verdict in verdicts["verdicts"])
    said = {verdict["id"]: verdict["verdict"] for verdict in verdicts["verdicts"]}
    assert said["H0"] == "supported" and said["H1"] == "refuted" and said["H8"] == "supported"
    entries = [entry for verdict in verdicts["verdicts"] for entry in verdict["entries"]]
    assert {entry["variant"] for entry in entries if entry["verdict"] == "void"} == {"flat_warmup"}
    corrected = [entry for entry in entries if entry["holm"] is not None]
    assert verdicts["corrected_tests"] == len(corrected) == 3 * 5 * 2 + 3 * 2 + 2


def test_the_paper_says_what_the_verdict_allows():
    told = model.load(CLAIMS)
    said = {claim.id: claim.sentences for claim in told.claims}
    for gain, verdict in ((1.0, "supported"), (0.0, "refuted")):
        found = verdict_on("H2", gain={VARIANT: gain})
        assert found["verdict"] == verdict and found["sentence"] == said["H2"][verdict]


@pytest.mark.parametrize(("tail", "verdict"), [(0.04, "undecided"), (0.02, "supported"), (0.98, "supported")])
def test_a_verdict_needs_the_test_beside_the_interval(tail, verdict):
    """Both have an interval above the threshold; a two-sided p is twice the smaller tail."""
    finding = conditions._finding("accuracy", conditions.POINTS, 0.0, "above")
    found = conditions.Estimate(0.01, 0.001, 0.02, 20, "BCa bootstrap", lambda threshold: tail)
    assert conditions._filled(finding, found, 0.95, scale=100)["verdict"] == verdict
