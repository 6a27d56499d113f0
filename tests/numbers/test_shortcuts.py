"""Numbers of shortcuts: ours against other acquisitions where a group is missing, and what was bought."""

import pandas as pd
import streamed

from robustpath.numbers import claims, shortcuts

SECTION = {
    "methods": ["parallelogram", "core_set"], "seeds": 8, "missing": [0, 1], "pool": 3000, "seed_labels": 40,
    "acquired": 20, "rounds": 6, "correlation": 0.97,
}  # fmt: skip
SETTINGS = {"confidence": 0.95, "experiments": {"acquisition_methods": SECTION}}
ABSENT = {"confidence": 0.95, "experiments": {}}


def runs(shares, areas, experiment="acquisition_methods"):
    """Runs of methods whose two missing groups lie 10 points below and above a mean; noisy labels say the opposite."""
    cells = [
        {
            "experiment": experiment, "method": method, "missing": group, "label_noise": noise,
            "values": {
                "accuracy": 0.5,
                "discovered": (1 - shares[method] if noise else shares[method]) + 0.2 * group - 0.1,
                "area_worst_group": areas[method],
                "accuracy_worst_group": areas[method] + 0.1 + noise,
            },
        }
        for method in shares
        for group in (0, 1)
        for noise in (0.0, 0.2)
    ]  # fmt: skip
    return streamed.runs(cells, spread=1e-5)


def test_differences_are_those_that_were_planted():
    table = runs({"parallelogram": 0.3, "core_set": 0.2}, {"parallelogram": 0.4, "core_set": 0.45})
    macros = shortcuts.collect(table, None, SETTINGS)
    assert macros["ParallelogramDiscoveryMinusCoreSet"].value == "$+10.0$"
    assert macros["ParallelogramDiscoveryMinusCoreSetInterval"].value == "[$+10.0$, $+10.0$]"
    assert macros["ParallelogramAreaMinusCoreSet"].value == "$-5.0$"
    assert macros["ParallelogramAreaMinusCoreSetVerdict"].value == "is lower than"
    assert macros["ParallelogramAreaMinusBadge"].value == "not measured"


def test_groups_in_turn_are_another_experiment_and_the_last_accuracy_is_beside_a_guess():
    areas = {"parallelogram": 0.4, "core_set": 0.45, "parallelogram_random_triples": 0.38}
    table = runs(dict.fromkeys(areas, 0.3), areas)
    in_turn = runs(
        {"parallelogram": 0.3, "core_set": 0.2}, {"parallelogram": 0.5, "core_set": 0.47}, "acquisition_hole"
    )
    known = SETTINGS | {"experiments": {"acquisition_methods": SECTION | {"datasets": ["gauss_groups"]}}}
    macros = shortcuts.collect(pd.concat([table, in_turn]), None, known)
    assert macros["ParallelogramAreaMinusCoreSet"].value == "$-5.0$"
    assert macros["ParallelogramAreaMinusRandomTriples"].value == "$+2.0$"
    assert macros["ParallelogramEachGroupAreaMinusCoreSet"].value == "$+3.0$"
    assert macros["WorstGroupAfterAllLabelsCoreSet"].value == "55.0"
    assert macros["WorstGroupAfterAllLabelsRandom"].value == "not measured"
    assert macros["WorstGroupGuess"].value == "50"


def test_what_was_bought_is_what_the_config_asks_for():
    macros = shortcuts.collect(runs({"core_set": 0.2}, {"core_set": 0.4}), None, SETTINGS)
    known = {name: macros[f"Acquisition{name}"].value for name in shortcuts.COUNTS}
    assert known == {
        "MethodCount": "2", "SeedCountWord": "eight", "MissingCountWord": "two", "PoolSize": r"3\,000",
        "SeedLabels": "40", "BatchSize": "20", "RoundCountWord": "six", "CorrelationPercent": "97",
    }  # fmt: skip


def test_of_data_that_a_split_does_not_look_at_no_correlation_is_known():
    plain = {key: value for key, value in SECTION.items() if key != "correlation"}
    settings = SETTINGS | {"experiments": {"acquisition_methods": plain}}
    macros = shortcuts.collect(runs({"core_set": 0.2}, {"core_set": 0.4}), None, settings)
    lacking = [name for name in shortcuts.COUNTS if macros[f"Acquisition{name}"].value == "not measured"]
    assert lacking == ["CorrelationPercent"]


def test_what_is_not_there_is_not_measured():
    table = runs({"parallelogram": 0.3, "core_set": 0.2}, {"parallelogram": 0.4, "core_set": 0.45})
    there = shortcuts.collect(table, None, SETTINGS)
    for lacking in (table[table["experiment"] == "none"], table[table["method"] == "core_set"]):
        macros = shortcuts.collect(lacking, None, ABSENT)
        assert macros.keys() == there.keys()
        assert macros["ParallelogramDiscoveryMinusCoreSet"].value == "not measured"
        assert macros["AcquisitionPoolSize"].value == macros["ShortcutsClaimsSummary"].value == "not measured"


def test_every_condition_of_a_hypothesis_has_its_effect():
    def condition(effect):
        return {"effect": effect, "low": effect - 1, "high": effect + 1, "unit": "percentage points"}

    entry = {"variant": "all", "label_noise": 0.0, "verdict": "undecided", "beside": False}
    beside = entry | {"label_noise": 0.2, "beside": True, "conditions": [condition(-5.0)]}
    verdict = {"id": "S11", "entries": [beside, entry | {"conditions": [condition(12.5), condition(-4.05)]}]}
    macros = claims.parts("shortcuts", {"verdicts": [verdict], "short_names": {}})
    assert macros["SOneOnePartOneEffect"] == ("$+12.50$", "S11, condition 1: effect (percentage points)")
    assert macros["SOneOnePartOneInterval"][0] == "[$+11.50$, $+13.50$]"
    assert macros["SOneOnePartTwoEffect"][0] == "$-4.05$"
    unjudged = claims.parts("shortcuts", None)
    assert macros.keys() < unjudged.keys()
    assert {value for value, _ in unjudged.values()} == {"not measured"}
