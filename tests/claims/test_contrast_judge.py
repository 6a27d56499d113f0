"""Verdicts on hypotheses on streams: all label noises, Holm's correction, placebos, what is not measured, and words."""

import json

import numpy as np
import pandas as pd
import pytest
import streamed
from streamed import condition, family, hypothesis, less

from robustpath.claims import contrast_judge, contrast_model, contrast_values, sentences, verdicts
from robustpath.claims.files import CONTRASTS
from robustpath.numbers import batches
from robustpath.numbers.claims import of_family

AHEAD = condition(terms=less("new", "old"), at_least=5.0, what="the accuracy of the new less that of the old")


def table(clean, noisy, spread=0.01, **others):
    """Runs of `old`, and of `new` ahead of it by some points at each label noise; `others` as much at both."""
    gains = {"new": (clean, noisy)} | {name: (gain, gain) for name, gain in others.items()} | {"old": (0, 0)}
    cells = [
        {"method": name, "label_noise": noise, "values": {"accuracy": 0.5 + gain / 100}}
        for name, own in gains.items()
        for noise, gain in zip((0.0, 0.3), own, strict=True)
    ]
    return streamed.runs(cells, spread=spread)


def judged(records, *claims):
    return contrast_judge.judged(contrast_values.needed(records, contrasts(*claims)), family(*claims), 0.95)


@pytest.mark.parametrize(
    ("clean", "noisy", "word"),
    [(15, 15, "supported"), (15, 0, "refuted"), (0, 15, "refuted"), (15, 5.2, "undecided")],
)
def test_it_must_hold_at_every_label_noise_it_is_stated_for(clean, noisy, word):
    (verdict,) = judged(table(clean, noisy, 0.02), hypothesis(AHEAD, label_noise=[0.0, 0.3]))
    assert verdict["verdict"] == word
    assert [entry["label_noise"] for entry in verdict["entries"]] == [0.0, 0.3]


def test_what_is_beside_has_no_part_in_the_verdict():
    (verdict,) = judged(table(15, 0), hypothesis(AHEAD, beside=[0.3]))
    assert verdict["verdict"] == "supported" and verdict["label_noise"] == 0.0
    stated, beside = verdict["entries"]
    assert beside["verdict"] == "refuted" and beside["beside"] and "beside" not in stated
    said = sentences.sentences(verdict, 0.95)
    assert said[0.0].startswith("With clean labels, the accuracy of the new less that of the old is $+1")
    assert "points (" in said[0.0] and "required: above 5). The case is supported." in said[0.0]
    assert said[0.3].startswith("Outside the hypothesis, with 30\\,\\% noisy labels, the accuracy")


def test_conditions_are_judged_where_they_are_stated():
    later = condition(terms=less("new", "old"), at_most=1.0, label_noise=[0.3])
    first = condition(terms=less("new", "old"), at_least=5.0, label_noise=[0.0])
    (verdict,) = judged(table(15, 0, 0.004), hypothesis(first, later, label_noise=[0.0, 0.3]))
    assert verdict["verdict"] == "supported"
    assert [[each["threshold"] for each in entry["conditions"]] for entry in verdict["entries"]] == [[5.0], [1.0]]


def test_the_correction_runs_over_the_whole_family():
    """One case is supported alone; beside eleven that are not, Holm takes twelve times its p."""
    records = table(9.6, 0, 0.02)
    (alone,) = judged(records, hypothesis(AHEAD))
    assert alone["verdict"] == "supported" and 0.025 / 12 < alone["p"] < 0.025
    far = condition(terms=less("new", "old"), at_least=6.4)
    found = judged(records, hypothesis(AHEAD), *(hypothesis(far, name=f"B{number}") for number in range(2, 13)))
    assert found[0]["verdict"] == "undecided" and found[0]["holm"] == pytest.approx(12 * alone["p"])


def test_placebos_go_through_the_conditions_in_the_place_of_a_method():
    claim = hypothesis(AHEAD, placebos={"control": "new", "other": "new"})
    (verdict,) = judged(table(15, 0, control=12, other=0), claim)
    assert verdict["passed_by"] == ["control"]
    assert [row["verdict"] for row in verdict["placebos"]] == ["supported", "refuted"]
    assert "This is not specific: control passes too." in sentences.sentences(verdict, 0.95)[0.0]


def test_what_was_not_measured_says_so():
    records = table(15, 0).assign(experiment="another")
    found = contrast_judge.judge(records, contrasts(hypothesis(AHEAD)), 0.95)["batches"]
    (verdict,) = found["verdicts"]
    assert verdict["verdict"] == "undecided" and verdict["effect"] is None
    assert sentences.sentences(verdict, 0.95)[0.0] == (
        "With clean labels, nothing is measured (there are no runs of experiment streams)."
    )
    assert found["corrected_tests"] == 0


def test_a_short_sentence_has_the_verdict_and_the_condition_that_decides():
    first, other, within = AHEAD, condition(terms=less("new", "old"), at_least=8.0, what="the same"), [14.0, 16.0]
    (verdict,) = judged(table(15, 0, 0.004), hypothesis(first, other, label_noise=[0.0, 0.3]))
    clean, noisy = sentences.short(verdict, 0.95).split(" With 30")
    assert clean.startswith("With clean labels, the same is $+1")
    assert clean.endswith("required: above 8): supported (the narrowest of its two conditions; both are supported).")
    assert noisy.endswith(": refuted (the clearest failure of its two conditions; both are refuted).")
    third = condition(terms=less("new", "old"), within=within, what="the third")
    (verdict,) = judged(table(15, 0, 0.03), hypothesis(first, third, placebos={"old": "new"}))
    said = sentences.short(verdict, 0.95)
    assert said.startswith("With clean labels, the third is")
    assert said.endswith(": undecided (the weakest of its two conditions; one is supported and one is undecided).")
    (verdict,) = judged(table(15, 0, control=12), hypothesis(first, placebos={"control": "new"}))
    said = sentences.short(verdict, 0.95)
    assert said.startswith("With clean labels, the accuracy of the new less that of the old is $+1")
    assert said.endswith("required: above 5): supported. This is not specific: control passes too.")


def test_a_short_sentence_says_what_the_correction_takes_away():
    records = table(9.6, 0, 0.02)
    far = condition(terms=less("new", "old"), at_least=6.4)
    found = judged(records, hypothesis(AHEAD), *(hypothesis(far, name=f"B{number}") for number in range(2, 13)))
    assert sentences.short(found[0], 0.95).endswith(": supported, though not after Holm's correction.")
    (alone,) = judged(records, hypothesis(AHEAD))
    assert "Holm" not in sentences.short(alone, 0.95)


def contrasts(*claims):
    return contrast_model.Contrasts(families={"batches": family(*claims)})


def test_an_interval_is_said_and_printed():
    within = condition(terms=less("new", "old"), within=[-3.0, 1.0])
    (verdict,) = judged(table(-1, 0, 0.003), hypothesis(within))
    assert "required: within [$-3$, 1]). The case is supported." in sentences.sentences(verdict, 0.95)[0.0]
    assert verdicts.threshold(verdict["entries"][0]["conditions"][0]) == "[$-3$, 1]"
    assert verdicts.measure(verdict["entries"][0]["conditions"][0]) == "difference"


def planted(good=True):
    """Records of every term of the paper's file, with means under which all of its hypotheses hold, or none does."""
    budgets = {1: 0, 2: 1, 5: 2, 8: 2, 10: 3, 20: 3, 24: 4, 40: 4}
    cells = []

    def add(experiment, method, accuracy, noise=0.0, budget=12.0, dataset="mnist5k", draws=None, **values):
        own = {"experiment": experiment, "method": method, "label_noise": noise, "evaluations": float(budget)}
        means = {"accuracy": accuracy, **values}
        cells.append(own | {"dataset": dataset} | ({"draws": draws} if draws else {"values": means}))

    for noise in (0.0, 0.3):
        for budget in (1, 2, 5, 10, 24):
            place = budgets[budget]
            lost = -0.03 * place if noise else 0.0
            means = {"forgetting": 0.3 + 0.1 * place, "prequential_accuracy": 0.6 + 0.05 * place}
            for data, slope in (("mnist5k", -0.3), ("mnist1d", 0.4)):
                bits = 2.4 + slope * place
                add("stream_steps", "online_sgd", 0.5 + lost, noise, budget, data, prequential_bits=bits, **means)
        gains = {"er": -0.06, "der_plus_plus": -0.01, "der": 0.03, "slow_ball": 0.03}
        for budget in (8, 20, 40):
            place = budgets[budget] - 2
            for method in (
                "er",
                "der_plus_plus",
                "der",
                "slow_ball",
                "esmer",
                "mkd_der_plus_plus",
                "joint",
                "online_sgd",
            ):
                gain = gains.get(method, -0.05) if noise else 0.03
                bits = {"er": 1.3 - 0.3 * place, "slow_ball": 1.5 - 0.3 * place}.get(method, 3.0)
                worst = 0.3 if method == "slow_ball" else 0.1
                shifts = {("fog", "corruption"): worst, ("blur", "corruption"): 0.7}
                add("streams", method, 0.7 + gain * place, noise, budget, prequential_bits=bits, shifts=shifts)
            same = {"prequential_accuracy": 0.7}
            add("streams", "batch_line_search", 0.65 if noise else 0.52, noise, budget, **same)
            add("streams", "ball_line_search", 0.65 if noise else 0.52, noise, budget, **same)
            add("streams", "replay_ball", 0.7, noise, budget, **same)
            add("streams", "batch_ball", 0.5, noise, budget, prequential_bits=0.5)
            add("streams", "literal_proposal", 0.4, noise, budget)
        ages = {0.0: 0.5, 0.5: 0.6, 0.8: 0.7, 0.9: 0.8, 0.95: 0.75, 0.98: 0.7, 0.995: 0.6, 1.0: 0.4}
        draws = [({"age": age, "weight": 3.0}, {"accuracy": accuracy}) for age, accuracy in ages.items()]
        add("anchor_age", "slow_ball", 0, noise, draws=draws)
        both = {(0.0, 0.0): 0.5, (1.0, 0.0): 0.5, (0.0, 10.0): 0.5, (1.0, 10.0): 0.6}
        draws = [({"memory": memory, "ball": ball}, {"accuracy": each}) for (memory, ball), each in both.items()]
        add("memory_ball", "epi_ball", 0, noise, draws=draws)
        for method, width in {"ball_trust": 0.01, "ball_multiplier": 0.08, "ball_decay": 0.03}.items():
            draws = [
                ({"radius": radius}, {"accuracy": 0.7 + width * place}) for place, radius in enumerate((0.002, 0.02))
            ]
            add("radii", method, 0, noise, draws=draws)
    for experiment, feature in (("distances", 0.84), ("distances_split", 0.5)):
        for method, accuracy in {
            "slow_ball": 0.86,
            "feature_ball": feature,
            "cosine_ball": 0.7,
            "cka_ball": 0.7,
        }.items():
            add(experiment, method, accuracy)
    for experiment in ("stream_split", "stream_domains", "stream_gradual", "stream_abrupt", "stream_recurring"):
        add(experiment, "literal_proposal", 0.5)
        add(experiment, "er", 0.6)
    records = streamed.runs(cells, seeds=5, spread=0.001)
    if good:
        return records
    shuffled = records.assign(value=0.5)
    noise = np.random.default_rng(1).normal(0, 0.001, len(shuffled))
    return shuffled.assign(value=shuffled["value"] + noise)


@pytest.fixture(scope="module")
def found():
    return contrast_judge.judge(planted(), contrast_model.load(CONTRASTS), 0.95)["batches"]


def test_every_hypothesis_of_the_paper_can_be_supported(found):
    assert {verdict["id"]: verdict["verdict"] for verdict in found["verdicts"]} == {
        f"B{number}": "supported" for number in range(1, 10)
    }
    assert all(part["effect"] is not None for v in found["verdicts"] for e in v["entries"] for part in e["conditions"])
    json.dumps(found, allow_nan=False)


def test_where_all_runs_are_alike_only_the_null_is_not_refuted():
    claims = contrast_model.load(CONTRASTS)
    found = contrast_judge.judge(planted(good=False), claims, 0.95)["batches"]["verdicts"]
    # B6, B8 and B9 have the threshold 0, at which runs that are alike lie.
    assert {v["id"] for v in found if v["verdict"] == "refuted"} == {"B1", "B2", "B3", "B4", "B5", "B7"}
    assert not [v["id"] for v in found if v["verdict"] == "supported"]


def test_the_macros_are_those_of_the_verdicts(found):
    whole = {"scale": "laptop", "confidence": 0.95, **found}
    macros = of_family("batches", whole, batches.LEVELS)
    assert macros["BOneVerdict"][0] == "supported" and macros["BNineVerdict"][0] == "supported"
    assert macros["BFourNoisySentence"][0].startswith("With 30\\,\\% noisy labels, the final accuracy of plain SGD")
    assert macros["BatchesClaimsSummary"][0] == "Of nine hypotheses, nine are supported."
    absent = of_family("batches", None, batches.LEVELS)
    assert set(absent) == set(macros) and absent["BOneVerdict"][0] != "supported"


def test_the_experiments_of_the_numbers_are_those_of_the_file():
    assert list(batches.EXPERIMENTS) == list(contrast_model.load(CONTRASTS).families["batches"].experiments)


def test_only_what_the_conditions_need_is_read():
    records = pd.concat([table(15, 0), table(15, 0).assign(experiment="minima")])
    runs = contrast_values.needed(records, contrasts(hypothesis(AHEAD)))
    assert set(runs.tables) == {("streams", "new"), ("streams", "old")}
