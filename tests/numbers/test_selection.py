"""Macros of the selection of draws, from planted records, and of test sets that overlap, against splits."""

from itertools import combinations

import pytest
import torch
from study_fixtures import second_rule, settings, synthetic

from robustpath import study
from robustpath.data.prepared import Prepared
from robustpath.data.splits import split
from robustpath.numbers import selection
from robustpath.records import labels
from robustpath.statistics.selection_rules import agreement, two_rules

SHAPE = ({"sgd": "minima", "sam": "minima", "adamw": "minima"}, ["optdigits", "mnist1d"], (50, 150), 4, 2)


def test_the_second_rule_is_counted():
    table, said = second_rule(*SHAPE)
    macros = selection._rules(table, said)
    found = two_rules(table, "sgd", 0.95).drop("sgd", level="method")
    assert macros["HeldOutCompared"][0] == "four"
    assert macros["HeldOutChanged"][0] == labels.word(int(found["changes"].sum()))
    assert macros["HeldOutPercent"][0] == "20"
    assert macros["HeldOutAtSmallest"][0] == "10"
    moved = (found["holdout", "difference"] - found["validation", "difference"]).abs().max()
    assert macros["HeldOutLargestMove"][0] == f"{100 * moved:.1f}"
    lacking = selection._rules(table[table["experiment"] != "held_out"], said)
    assert lacking.keys() == macros.keys()
    assert {value for value, _ in lacking.values()} == {labels.MISSING}


def test_agreement_and_defaults_are_those_of_the_study_of_minima():
    table = synthetic(*SHAPE).assign(experiment="minima")
    macros = {**selection._agreement(table, settings(*SHAPE)), **selection._defaults(table, settings(*SHAPE))}
    found = agreement(table, "minima", "sgd")
    for name, draws in (("Selected", "selected"), ("Default", "default")):
        assert macros[f"SeedCorrelationNoisy{name}"][0] == f"{found.loc[(draws, 0.0), 'correlation']:.2f}"
        assert macros[f"SeedSpreadClean{name}"][0] == f"{100 * found.loc[(draws, 0.0), 'deviation']:.2f}"
    plain = table[(table["draw"] == 0) & (table["split"] == "test") & (table["shift"] == "none")]
    means = plain[plain["metric"] == "accuracy"].groupby("method")["value"].mean()
    assert macros["MinimaDefaultSamClean"][0] == labels.points(means["sam"] - means["sgd"])
    assert macros["MinimaDefaultSgdClean"][0] == labels.MISSING


@pytest.mark.parametrize(("pool", "official"), [(1797, 0), (1200, 600)], ids=["from the pool", "an official test part"])
def test_two_seeds_share_as_much_of_their_test_sets_as_is_said(pool, official):
    labels_of = torch.arange(pool + official) % 10
    data = Prepared(torch.zeros(len(labels_of), 1), labels_of, torch.arange(len(labels_of)) >= pool)
    tests = [set(split(data, "toy", seed, 100, 300).test.tolist()) for seed in range(12)]
    shared = [len(one & other) / 300 for one, other in combinations(tests, 2)]
    macros = selection._overlap({"test_size": 300, "test_pools": {"toy": official or pool}})
    assert float(macros["OverlapToy"][0]) / 100 == pytest.approx(sum(shared) / len(shared), abs=0.02)
    assert macros["OverlapOptdigits"][0] == labels.MISSING


def test_the_settings_name_what_the_test_sets_of_the_study_are_drawn_from():
    pools = study.numbers_settings(study.load("config.yaml", {"scale": "laptop"}))["test_pools"]
    known = {"optdigits": 1797, "typeface_digits": 2270, "mnist5k": 5000, "fashion_mnist": 10_000, "mnist1d": 5000}
    known["typefaces"] = 5902
    known["digit_domains"] = 3 * 10 * 174  # of each of three sets as many of a digit as Optdigits has of its rarest
    known["coloured_mnist1d"] = known["gauss_groups"] = 10_000
    known["dominoes"] = 4000
    known |= {f"gauss_interaction_{share}": 10_000 for share in (25, 50, 100)}
    known |= {"sentiment": 2995, "sentiment_kinds": 4014, "typeface_shapes": 22 * (117 + 72)}
    known |= {f"{name}_28": known[name] for name in ("digit_domains", "dominoes", "fashion_mnist", "typeface_digits")}
    assert pools == known
    assert "test_pools" not in study.report_settings(study.load("config.yaml"))
