import re
import shutil
import subprocess

import pandas as pd
import planted
import pytest
import scipy.stats
from study_fixtures import CLAIMS

from robustpath import methods, numbers
from robustpath.claims import judge, verdict_errors, verdicts
from robustpath.numbers import evidence, minima
from robustpath.numbers.macros import known_methods
from robustpath.records import labels
from robustpath.records.selection import select
from robustpath.statistics.comparison import compare


@pytest.fixture(scope="module")
def macros(small_records, small_settings):
    return numbers.collect(small_records, small_settings)


def test_means_and_differences_are_those_of_the_records(macros, small_records):
    chosen = select(small_records)
    unshifted = chosen[(chosen["split"] == "test") & (chosen["shift"] == "none") & (chosen["metric"] == "accuracy")]
    seeds = unshifted.pivot_table(index="seed", columns="method", values="value", aggfunc="mean")
    assert macros["AccuracySgdId"][0] == f"{100 * seeds['sgd'].mean():.1f}"
    assert macros["DifferenceRadamId"][0] == f"${100 * (seeds['radam'] - seeds['sgd']).mean():+.1f}$"
    assert macros["BestId"][0] == labels.method(seeds.mean().idxmax())
    assert macros["RunCount"][0] == "96"
    assert macros["ComparisonCount"][0] == "8"
    assert macros["SizeList"][0] == "50 and 150"
    assert macros["TestCorruptionCountWord"][0] == "six"
    assert "speckle noise" in macros["ValidationCorruptionList"][0]


def test_shifted_and_unshifted_accuracy_are_never_one_number(small_records, small_settings):
    before = compare(small_records, "data_efficiency", "sgd", 0.95).set_index(["shift_family", "method"])["mean"]
    shifted = (small_records["shift_family"] == "corruption") & (small_records["metric"] == "accuracy")
    after = small_records.assign(value=small_records["value"].mask(shifted & (small_records["split"] == "test"), 0.0))
    after = compare(after, "data_efficiency", "sgd", 0.95).set_index(["shift_family", "method"])["mean"]
    assert (after["corruption"] == 0).all()
    pd.testing.assert_series_equal(before.drop("corruption"), after.drop("corruption"))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.2, "is higher than"),
        (-0.2, -0.1, "is lower than"),
        (-0.1, 0.2, "is not distinguishable from"),
        (0.0, 0.2, "is not distinguishable from"),
        (float("nan"), float("nan"), "is not distinguishable from"),
    ],
)
def test_verdict_follows_the_interval(low, high, words):
    assert numbers.verdict(low, high) == words


def test_what_was_not_run_is_said_to_be_so(macros):
    assert macros["ContourWarmupMinusControlId"][0] == labels.MISSING
    assert macros["ContourWarmupMinusControlIdVerdict"][0] == "was not compared with"
    assert macros["ReferenceFashionMnistAtLargest"][0] == labels.MISSING


def test_the_control_is_compared_in_pairs(make_records, make_settings):
    methods = {"sgd": "minima", "isotropic_warmup": "minima", "contour_warmup": "minima"}
    macros = numbers.collect(
        make_records(methods, ["mnist1d"], (50,), 5, 1), make_settings(methods, ["mnist1d"], (50,), 5, 1)
    )
    assert macros["ContourWarmupMinusControlGenerator"][0].startswith("$")
    assert macros["ContourWarmupMinusControlGeneratorVerdict"][0] in {
        numbers.verdict(*x) for x in [(1, 2), (-2, -1), (-1, 1)]
    }
    assert macros["ContourWarmupMinusControlNatural"][0] == labels.MISSING


def test_the_same_macros_are_defined_after_every_choice_of_runs(macros, make_records, make_settings):
    methods = {"sgd": "minima", "contour_warmup": "minima", "adamw": "minima", "radam": "minima"}
    shape = (methods, ["mnist1d"], (50,), 3, 1)
    assert set(macros) <= set(numbers.collect(make_records(*shape), make_settings(*shape)))


def test_methods_of_streams_have_no_macros_of_the_other_experiments(small_settings):
    streams = {"protocol": "stream", "methods": ["online_sgd", "er"]}
    both = small_settings | {
        "methods": small_settings["methods"] | {"er": "batches"},
        "experiments": small_settings["experiments"] | {"streams": streams},
    }
    assert known_methods(both) == known_methods(small_settings)
    assert set(known_methods(both)) == {name for name, family in methods.names().items() if family == "minima"}


def test_macros_of_the_hypotheses_are_those_of_the_verdicts(minima_records, minima_settings, claims_file):
    judged = verdicts.read(claims_file)
    macros = minima.collect(minima_records, minima_settings, judged)
    said = {verdict["id"]: verdict for verdict in judged["verdicts"]}
    assert macros["MEightVerdict"][0] == said["M8"]["verdict"] == "supported"
    assert macros["MTwoN"][0] == "16"
    assert macros["MTwoEffect"][0] == f"${said['M2']['effect']:+.2f}$"
    assert macros["MTwoFlatWarmupNoisyVerdict"][0] == "void"
    assert macros["MSevenAllCleanVerdict"][0] == said["M7"]["entries"][0]["verdict"]
    assert macros["MZeroThreshold"][0] in {"5\\,\\%", "3"}
    assert "M8" in macros["MinimaClaimsSupported"][0]
    assert macros["MinimaClaimsHolmCases"][0] == "38"
    cases = [entry["verdict"] for verdict in judged["verdicts"] for entry in verdict["entries"]]
    assert macros["MinimaClaimsCases"][0] == str(len(cases))
    assert macros["MinimaClaimsCasesSupported"][0] == str(cases.count("supported"))
    shared = [
        verdict["id"] for verdict in judged["verdicts"] if verdict["verdict"] == "supported" and verdict["passed_by"]
    ]
    assert macros["MinimaClaimsSharedCount"][0] == labels.WORDS[len(shared)]
    assert macros["MZeroEarlier"][0] == "supported"
    assert f"is {macros['MEightContourCooldownCleanEffect'][0]} points" in macros["MEightCleanSentence"][0]


def test_a_hypothesis_that_is_added_is_counted_and_said_everywhere(
    minima_records, minima_settings, claims_file, tmp_path
):
    """Added to the file alone: the paper prints these macros and the table."""
    added = """
      - id: M9
        statement: The cool-down is not much worse than SGD.
        subject: walk
        variants: [contour_cooldown]
        label_noise: *levels
        conditions: [{kind: difference, test_set: none, against: sgd, threshold: -0.5}]
"""
    (tmp_path / "claims.yaml").write_text(CLAIMS.read_text() + added)
    records_file = claims_file.with_name("records.parquet")
    judge.write(records_file, tmp_path / "claims.yaml", minima_settings, tmp_path / "claims.json")
    before = minima.collect(minima_records, minima_settings, verdicts.read(claims_file))
    after = minima.collect(minima_records, minima_settings, verdicts.read(tmp_path / "claims.json"))
    assert (before["MinimaClaimsCountWord"][0], after["MinimaClaimsCountWord"][0]) == ("nine", "ten")
    assert "M9" in after["MinimaClaimsSupported"][0] and after["MNineVerdict"][0] == "supported"
    counts = [macros["MinimaClaimsSupportedCount"][0] for macros in (before, after)]
    assert labels.WORDS.index(counts[1]) == labels.WORDS.index(counts[0]) + 1
    assert after["MinimaClaimsSummary"][0].startswith(f"Of ten hypotheses, {counts[1]} are supported")
    paper = "".join(file.read_text() for file in (CLAIMS.parent / "sections").glob("*.tex"))
    assert "nine hypotheses" not in paper.lower()
    assert r"\MinimaClaimsSummary" in paper and r"\HypothesisCountWord" in paper


def test_macros_of_the_study_are_those_of_the_records(minima_records, minima_settings, claims_file):
    macros = minima.collect(minima_records, minima_settings, verdicts.read(claims_file))
    runs = len(minima_settings["methods"]) * 2 * 2 * 8 * 2
    assert macros["MinimaRunCount"][0] == labels.count(runs)
    assert macros["LengthsDrawCountWord"][0] == "six"
    assert macros["MinimaNoiseList"][0] == r"0 and 20\,\%"
    assert macros["TrajectoriesRunCount"][0] == labels.MISSING
    assert macros["MinimaDifferenceContourCooldownCleanIdVerdict"][0] == "is higher than"
    assert macros["MatchedContourCooldownNoisyVerdict"][0] == "is higher than"
    assert macros["MinimaDifferenceSgdCleanId"][0] == labels.MISSING
    assert macros["VoidWalkCount"][0] == str(2 * 2 * 8)
    assert macros["RandomLabelsTrainAtMost"][0] == "100.0"
    assert float(macros["RandomLabelsTestAtMost"][0]) == pytest.approx(10, abs=1)


def test_a_yardstick_is_compared_at_equal_training_loss_with_the_curve_of_the_study():
    methods = ["sgd", "sam", "mixup"]
    table = planted.study(methods, spread=0.01, loss={"mixup": 2.0}, gain={"mixup": 0.5})
    moved, settings = planted.with_yardstick(table, planted.settings(methods))
    macros = minima.collect(moved, settings, None)
    assert float(macros["MatchedMixupNoisy"].value.strip("$")) == pytest.approx(0.5, abs=0.1)
    assert macros["MatchedMixupNoisyVerdict"].value == "is higher than"
    assert macros["MatchedRunCount"].value == "48"  # of SAM alone, as the text says
    lacking = moved[moved["experiment"] != "yardsticks"]
    assert minima.collect(lacking, settings, None)["MatchedMixupNoisy"].value == labels.MISSING


def test_macros_of_the_calibration_are_its_rates(calibration_file):
    simulated = verdict_errors.read(calibration_file)
    macros = evidence.made(evidence._calibration, simulated, 0.95)
    rates = verdict_errors.rates(simulated, 0.95)
    equal = rates[(rates["kind"] == "best_control_equal") & (rates["event"] == "refuted")].iloc[0]
    assert macros["EqualControlsRefutationRate"].value == labels.percent(equal["rate"])
    assert macros["EqualControlsRefutationInterval"].value == labels.percent_range(equal["low"], equal["high"])
    assert macros["EqualControlsRefutationCount"].value == "3" and macros["FalseFamilyCount"].value == "1"
    retrained = simulated[simulated["kind"] == verdict_errors.RETRAINING]
    wrong = int((retrained["verdict"] != "undecided").sum())
    assert macros["RetrainedCountWord"].value == "four"
    assert macros["RetrainedWrongWord"].value == (labels.word(wrong) if wrong else "none")
    assert macros["CalibrationKindWord"].value == labels.word(len(verdict_errors.KINDS))
    assert macros["CalibrationClaimCount"].value == "3"
    unknown = evidence.made(evidence._calibration, None, 0.95)
    said = {number.value for name, number in unknown.items() if not name.endswith("Level") or "Kinds" in name}
    assert set(unknown) == set(macros) and said == {labels.MISSING}


def test_the_largest_error_of_each_direction_is_named_and_what_exceeds_the_level():
    """Of 200 claims each: one kind errs in support, another in refutation, and equal methods may be refuted."""
    shares = {"ratio": (30, 2), "level_error": (3, 40), "inequivalence_equal": (1, 150), "selection": (0, 0)}
    rows = []
    for kind, (supported, refuted) in shares.items():
        verdicts = ["supported"] * supported + ["refuted"] * refuted
        verdicts += ["undecided"] * (200 - len(verdicts))
        planted_at = "equal" if kind.endswith("equal") else "threshold"
        rows += [(kind, planted_at, 0.0, verdict) for verdict in verdicts]
    rows += [(verdict_errors.DIFFERENCE, "effect", effect, said) for effect, said in _found({0.2: 7, 0.3: 8, 0.5: 9})]
    simulated = pd.DataFrame(rows, columns=["kind", "planted", "truth", "verdict"])
    macros = evidence.made(evidence._calibration, simulated.assign(family="M", number=0, stands=False), 0.95)
    words = verdict_errors.KINDS
    assert macros["WorstFalseSupportKind"].value == words["ratio"].words
    assert macros["WorstFalseSupportRate"].value == "15.0"
    assert macros["WorstFalseRefutationKind"].value == words["level_error"].words
    assert macros["WorstFalseRefutationRate"].value == "20.0"
    above = [rf"\emph{{{words[kind].words}}}" for kind in ("ratio", "level_error")]
    assert macros["KindsAboveLevel"].value == labels.listing(above)
    assert macros["KindsAboveTestLevel"].value == macros["KindsAboveLevel"].value
    assert (macros["CalibrationLevel"].value, macros["CalibrationTestLevel"].value) == ("5", "2.5")
    assert macros["SimulatedPower"].value == "0.3"
    sound = simulated[simulated["kind"].isin(["selection", "difference"])].replace({"supported": "undecided"})
    macros = evidence.made(evidence._calibration, sound.assign(family="M", number=0, stands=False), 0.95)
    assert macros["KindsAboveLevel"].value == "no kind"
    assert macros["SimulatedPower"].value == "more than 0.5"


def _found(supported):
    """(effect, verdict) of ten claims for each effect, so many of them supported."""
    return [
        (effect, "supported" if place < n else "undecided") for effect, n in supported.items() for place in range(10)
    ]


def test_macros_of_other_sums_are_those_of_the_records(macros, small_records):
    chosen = select(small_records)
    unshifted = chosen[(chosen["split"] == "test") & (chosen["shift"] == "none") & (chosen["metric"] == "accuracy")]
    all_draws = unshifted.groupby("method")["value"].mean()
    assert macros["TunedAllReference"].value == f"{100 * all_draws['sgd']:.1f}"
    assert macros["TunedAllBest"].value == labels.method(all_draws.idxmax())
    own = small_records[(small_records["split"] == "test") & (small_records["shift"] == "none")]
    one = own[own["metric"] == "accuracy"].groupby("method")["value"].mean()
    assert macros["TunedOneBestAccuracy"].value == f"{100 * one.max():.1f}"
    wide = unshifted.pivot_table(index="seed", columns="method", values="value")
    differences = [(wide[name] - wide["sgd"]).to_numpy() for name in ("adamw", "radam")]
    # Four seeds cannot reach the level by their signs: 2 ** -3.
    rejected = [scipy.stats.ttest_1samp(values, 0).pvalue < 0.05 for values in differences]
    assert macros["TestsCompared"].value == "two"
    assert macros["TestsAgreeing"].value == labels.word(rejected.count(False))


def test_without_the_study_its_macros_are_defined_and_say_so(macros, minima_records, minima_settings, claims_file):
    known = minima.collect(minima_records, minima_settings, verdicts.read(claims_file))
    assert set(known) <= set(macros)
    assert macros["MTwoVerdict"][0] == macros["MinimaRunCount"][0] == labels.MISSING


def test_file_is_one_commented_macro_a_line_with_letters_only(records_file, small_settings, tmp_path):
    numbers.write(records_file, small_settings, tmp_path / "numbers.tex")
    lines = (tmp_path / "numbers.tex").read_text().splitlines()
    names = [re.fullmatch(r"\\newcommand\{\\([A-Za-z]+)\}\{.*\}% \S.*", line)[1] for line in lines]
    assert len(set(names)) == len(names)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_every_macro_is_sound_latex(records_file, small_settings, macros, tmp_path):
    numbers.write(records_file, small_settings, tmp_path / "numbers.tex")
    uses = "\n\n".join(f"\\{name}" for name in macros)
    preamble = r"\documentclass{article}\newcommand{\origin}[2]{#2}\input{numbers}"
    text = f"{preamble}\\begin{{document}}{uses}\\end{{document}}"
    (tmp_path / "main.tex").write_text(text)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "main.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_what_remains_after_the_correction_is_a_sentence():
    """By hand: holm below .05, higher or lower, kind by kind; one name is, two are."""
    rows = [
        ("none", "sam", 0.02, 0.2), ("none", "adamw", 0.02, 0.01), ("corruption", "adamw", -0.02, 0.04),
        ("corruption", "radam", -0.02, 0.001), ("corruption", "sam", 0.01, 0.03), ("natural", "sam", 0.5, 0.06),
        ("none", "sgd", float("nan"), float("nan")),
    ]  # fmt: skip
    comparison = pd.DataFrame(rows, columns=["shift_family", "method", "difference", "holm"])
    said = {
        "methods": dict.fromkeys(["sgd", "adamw", "radam", "sam"], "minima"),
        "experiments": {"data_efficiency": {"methods": ["sgd", "adamw", "radam", "sam"]}},
        "reference": "sgd",
        "confidence": 0.95,
    }
    assert numbers._remaining(comparison, said)["HolmSentence"][0] == (
        "After Holm's correction, these differences to SGD remain: in distribution, AdamW is higher; "
        "under corruptions, SAM is higher; under corruptions, AdamW and RAdam are lower."
    )
    nothing = numbers._remaining(comparison.assign(holm=0.5), said)["HolmSentence"][0]
    assert nothing == "After Holm's correction, no difference to SGD remains."
