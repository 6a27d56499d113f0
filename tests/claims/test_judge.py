import numpy as np
import planted
import pytest
from study_fixtures import CLAIMS

from robustpath.claims import conditions, model
from robustpath.claims.judge import judge, void_walks
from robustpath.core.errors import UserError

VARIANT = "contour_warmup"


def hypothesis(name, variants=(VARIANT,), noise=(0.0,), placebos=(), **changes):
    """The file with one hypothesis, for some variants and label noises; `changes` to its first condition."""
    family = model.load(CLAIMS).families["minima"]
    (claim,) = [claim for claim in family.claims if claim.id == name]
    first, *others = claim.conditions
    cases = {"variants": list(variants), "label_noise": list(noise)}
    claim = claim.model_copy(update=cases | {"conditions": [first.model_copy(update=changes), *others]})
    corrected = [name] if name in family.corrected else []
    facts = {"claims": [claim], "corrected": corrected, "placebos": list(placebos)}
    return model.Claims.model_construct(families={"minima": family.model_copy(update=facts)})


def methods_for(name, variants):
    """The methods that a hypothesis compares, and no more: each costs time."""
    few = {
        "M0": ["sgd", "reordered_sgd"],
        "M1": ["sgd", "fresh_start", "reordered_sgd"],
        "M2": planted.CONTROLS,
        "M3": ["sgd", *planted.PUBLISHED],
        "M4": ["sgd"],
        "M5": ["sgd", "isotropic_warmup"],
        "M6": ["sgd", "restarts"],
        "M7": ["sgd"],
        "M8": ["sgd", "sam"],
    }
    return list(dict.fromkeys([*few[name], *variants]))


def verdict_on(name, variants=(VARIANT,), noise=(0.0,), changes=None, seeds=12, placebos=(), **effects):
    few = {"sharpness": ["lambda_max", "noise_sharpness"], "draws": 1}
    methods_there = [*methods_for(name, variants), *placebos]
    table = planted.study(list(dict.fromkeys(methods_there)), noise=noise, seeds=seeds, **few, **effects)
    whole = hypothesis(name, variants, noise, placebos, **(changes or {}))
    return judge(table, whole, planted.settings())["minima"]["verdicts"][0]


@pytest.mark.parametrize(
    ("name", "variants", "effects", "expected"),
    [
        ("M0", [VARIANT], {"moved": {VARIANT: 0.02}}, "supported"),
        ("M0", [VARIANT], {"moved": {VARIANT: 0.003}}, "refuted"),
        ("M0", [VARIANT], {"moved": {VARIANT: 0.02}, "level": {VARIANT: 0.2}}, "refuted"),
        ("M1", [VARIANT], {"barrier": {VARIANT: 0.7}}, "supported"),
        ("M1", [VARIANT], {}, "refuted"),
        ("M2", [VARIANT], {"gain": {VARIANT: 1.0}}, "supported"),
        ("M2", [VARIANT], {}, "refuted"),
        ("M2", [VARIANT], {"gain": {VARIANT: 0.4}, "spread": 3.0}, "undecided"),
        ("M3", [VARIANT], {"robust": {VARIANT: 0.2}}, "supported"),
        ("M3", [VARIANT], {"gain": {VARIANT: 2.0}, "spread": 0.3}, "undecided"),
        ("M3", [VARIANT], {"robust": {VARIANT: -0.2}}, "refuted"),
        ("M4", [VARIANT], {"sharp": {VARIANT: 0.5}}, "supported"),
        ("M4", [VARIANT], {"loss": {VARIANT: 4.0}}, "refuted"),
        ("M5", [VARIANT], {"gain": {VARIANT: 1.0}}, "supported"),
        ("M5", [VARIANT], {"gain": {VARIANT: -1.0}}, "supported"),
        ("M5", [VARIANT], {}, "refuted"),
        ("M5", [VARIANT], {"spread": 3.0}, "undecided"),
        ("M6", ["contour_population"], {"gain": {"contour_population": 0.6}}, "supported"),
        ("M6", ["contour_population"], {"gain": {"contour_population": -0.6}}, "refuted"),
        ("M6", ["contour_population"], {"spread": 3.0}, "undecided"),
        ("M8", ["contour_cooldown"], {"gain": {"contour_cooldown": 0.8}}, "supported"),
        ("M8", ["contour_cooldown"], {"gain": {"contour_cooldown": -0.8}}, "refuted"),
        ("M8", ["contour_cooldown"], {"gain": {"sam": 3, "contour_cooldown": 0.8}, "sharp": {"sam": 0.1}}, "refuted"),
        ("M8", ["contour_cooldown"], {"gain": {"sam": 3, "contour_cooldown": 0.8}, "sharp": {"sam": 2}}, "supported"),
    ],
)
def test_a_planted_effect_has_its_verdict(name, variants, effects, expected):
    assert verdict_on(name, variants, **effects)["verdict"] == expected


def test_an_early_stop_is_no_better_minimum():
    # On noisy labels less descent is more accurate: a gain at equal budget, none at equal loss.
    found = verdict_on("M8", ["contour_cooldown"], noise=(0.2,), loss={"contour_cooldown": 3.0}, rng=1)
    first, second, _ = found["entries"][0]["conditions"]
    assert first["verdict"] == "supported" and first["effect"] == pytest.approx(2.2, abs=0.3)
    assert second["effect"] == pytest.approx(0, abs=0.2)
    assert found["verdict"] != "supported"


@pytest.mark.parametrize("follows", [1, -1])
def test_gains_follow_the_distance_that_they_were_planted_on(follows):
    gain = {name: 0.5 * i for i, name in enumerate(planted.VARIANTS)}
    distance = {name: 0.002 * 2 ** (follows * i) for i, name in enumerate(planted.VARIANTS)}
    displaced = dict(zip(planted.VARIANTS, [0.5, 0.1, 0.4, 0.3, 0.6, 0.2], strict=True))
    found = verdict_on("M7", planted.VARIANTS, gain=gain, moved=distance, displaced=displaced)
    assert found["verdict"] == {1: "supported", -1: "refuted"}[follows]
    assert found["variant"] == "all" and found["n"] == 2 * len(planted.VARIANTS)
    other = verdict_on("M7", planted.VARIANTS, gain=gain, moved=displaced, displaced=distance)
    assert abs(other["effect"] or 0.0) < 0.5 < abs(found["effect"])


def test_partial_spearman_by_hand():
    # Ranks a = 1 2 3 4, b = 1 2 4 3, c = 1 3 2 4: r_ab = .8, r_ac = .8, r_bc = .4; (.8 - .32) / (.6 sqrt(.84)).
    units = np.array([[[1.0, 2, 3, 4]], [[1.0, 2, 9, 8]], [[0.1, 0.3, 0.2, 5]]])
    found, freedom = conditions.partial_spearman(*units)
    assert found == pytest.approx((0.8 - 0.32) / (0.6 * 0.84**0.5)) and freedom == 4 - 1 - 2
    twice = conditions.partial_spearman(*np.concatenate([units, 5 - units], axis=1))
    assert twice == (pytest.approx(found), 8 - 2 - 2)
    assert conditions._ranks(np.array([[3.0, 1.0, 3.0]])) == pytest.approx([0.5, -1.0, 0.5])


def test_effect_interval_and_n_are_those_of_the_planted_gain():
    found = verdict_on("M6", ["contour_population"], gain={"contour_population": 0.6}, rng=1)
    assert found["effect"] == pytest.approx(0.6, abs=0.15)
    assert found["low"] < 0.6 < found["high"]
    (condition,) = found["entries"][0]["conditions"]
    assert (found["n"], found["unit"], condition["interval"]) == (24, "percentage points", "stratified t")
    assert 0 < found["p"] <= found["holm"] < 0.025
    assert 0 < found["detectable"] < found["low"]
    each = condition["by_dataset"]
    assert set(each) == set(planted.DATASETS) and all(n == 12 for *_, n in each.values())
    assert np.mean([effect for effect, *_ in each.values()]) == pytest.approx(found["effect"])


def test_a_changed_threshold_changes_the_verdict():
    effects = {"gain": {VARIANT: 1.0}}
    assert verdict_on("M2", changes={"threshold": 0.3}, **effects)["verdict"] == "supported"
    assert verdict_on("M2", changes={"threshold": 3.0}, **effects)["verdict"] == "refuted"
    assert verdict_on("M5", changes={"margin": 3.0}, **effects)["verdict"] == "refuted"


def test_every_control_is_compared_and_validation_has_no_say():
    known = verdict_on("M2", gain={"radam": 2.0})
    assert known["against"] == "radam" and known["verdict"] == "refuted"
    unlucky = verdict_on("M2", gain={"radam": 2.0}, validated={"radam": -5.0, "restarts": 1.0})
    for name in ("against", "effect", "p"):
        assert unlucky[name] == known[name]
    (condition,) = known["entries"][0]["conditions"]
    assert set(condition["each_control"]) == set(planted.CONTROLS)
    assert condition["each_control"]["radam"]["effect"] == condition["effect"] == known["effect"]
    alone = verdict_on("M2", seeds=1)
    assert alone["verdict"] == "undecided" and "fewer than two seeds" in alone["note"]


def test_a_control_that_was_not_run_leaves_the_claim_undecided():
    table = planted.study([VARIANT, *planted.CONTROLS[:-1]], gain={VARIANT: 3.0}, draws=1)
    found = judge(table, hypothesis("M2"), planted.settings())["minima"]["verdicts"][0]
    assert found["verdict"] == "undecided"
    assert found["note"] == f"no records of {VARIANT} beside {planted.CONTROLS[-1]} to judge by"


def test_a_walk_off_its_level_is_void_and_no_evidence():
    found = verdict_on("M2", [VARIANT, "flat_warmup"], gain={VARIANT: 2.0}, level={VARIANT: 0.06})
    assert [entry["verdict"] for entry in found["entries"]] == ["void", "refuted"]
    assert found["verdict"] == "refuted" and found["variant"] == "flat_warmup"
    alone = verdict_on("M2", gain={VARIANT: 2.0}, level={VARIANT: 0.06})
    assert alone["verdict"] == "void" and alone["effect"] is None and alone["holm"] is None


def test_a_void_walk_is_left_out_of_what_is_judged_together():
    found = verdict_on("M7", planted.VARIANTS, level={"flat_warmup": 0.2})
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
    assert verdict_on("M2", variants, gain={VARIANT: 1.0})["variant"] == VARIANT
    assert verdict_on("M2", variants, gain={VARIANT: 1.0})["verdict"] == "supported"
    assert verdict_on("M2", variants)["verdict"] == "refuted"


def test_holm_counts_every_case_of_the_corrected_hypotheses_and_may_withhold_support():
    effects = {"gain": {VARIANT: 0.55}, "spread": 0.75, "rng": 9}
    alone = verdict_on("M6", [VARIANT], **effects)
    many = verdict_on("M6", [VARIANT, "flat_warmup", "repelled_warmup", "persistent_warmup", "sgd"], **effects)
    assert alone["verdict"] == "supported" and alone["holm"] == alone["p"]
    entry = many["entries"][0]
    assert entry["verdict"] == "supported" and entry["holm"] > 0.025
    assert many["verdict"] == "undecided"


def test_one_seed_has_no_interval_and_it_is_said():
    found = verdict_on("M6", ["contour_population"], seeds=1, gain={"contour_population": 3.0})
    assert found["verdict"] == "undecided" and found["low"] is None
    assert found["note"] == "(fewer than two seeds on optdigits, typeface_digits)"


def test_what_was_not_run_is_undecided_with_its_reason():
    table = planted.study(["sgd", VARIANT])
    found = judge(table, hypothesis("M6", ["contour_population"]), planted.settings())["minima"]["verdicts"][0]
    assert found["verdict"] == "undecided" and found["n"] == 0
    assert "no records of contour_population beside restarts" in found["note"]
    other = judge(table, hypothesis("M6", ["contour_population"], noise=[0.4]), planted.settings())["minima"][
        "verdicts"
    ][0]
    assert other["verdict"] == "undecided"
    alone = judge(table[table["experiment"] == "lengths"], hypothesis("M7", planted.VARIANTS), planted.settings())[
        "minima"
    ]["verdicts"][0]
    assert alone["verdict"] == "undecided" and "no runs of experiment minima" in alone["note"]


def test_losses_that_sgd_never_has_are_left_out_and_counted():
    found = verdict_on("M4", loss={VARIANT: 0.5})
    assert found["verdict"] == "undecided" and found["left_out"] == 2 * 12


def test_a_misspelt_method_is_refused():
    with pytest.raises(UserError, match="M6 names the unknown method contour_poplation; did you mean contour_pop"):
        judge(planted.study(["sgd"], seeds=2), hypothesis("M6", ["contour_poplation"]), planted.settings())


@pytest.mark.parametrize(
    ("support", "refute", "verdict"),
    [(0.02, 0.98, "supported"), (0.98, 0.02, "refuted"), (0.03, 0.97, "undecided"), (None, None, "undecided")],
)
def test_each_event_is_tested_at_half_of_what_the_confidence_leaves(support, refute, verdict):
    assert conditions.decide(support, refute, 0.95) == verdict


def test_the_file_of_verdicts_is_complete(verdicts):
    own = verdicts["families"]["minima"]
    expected = [claim.id for claim in model.load(CLAIMS).families["minima"].claims]
    assert [verdict["id"] for verdict in own["verdicts"]] == expected
    fields = {"statement", "verdict", "effect", "low", "high", "n", "p", "holm", "unit", "threshold", "entries"}
    fields |= {"detectable", "passed_by", "placebos", "earlier"}
    assert all(fields <= set(verdict) for verdict in own["verdicts"])
    said = {verdict["id"]: verdict["verdict"] for verdict in own["verdicts"]}
    assert said["M0"] == "supported" and said["M1"] == "refuted" and said["M8"] == "supported"
    entries = [entry for verdict in own["verdicts"] for entry in verdict["entries"]]
    assert {entry["variant"] for entry in entries if entry["verdict"] == "void"} == {"flat_warmup"}
    corrected = [v for v in own["verdicts"] if v["corrected"]]
    tests = [entry for verdict in corrected for entry in verdict["entries"] if entry["holm"] is not None]
    assert own["corrected_tests"] == len(tests) == 3 * 5 * 2 + 3 * 2 + 2
