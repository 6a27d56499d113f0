"""Numbers of losses on activations: what the double well changes where plain training serves the worst group best."""

import grouped_records
import streamed

from robustpath.numbers import codings

DATASETS = {"gauss_groups": 0.6, "coloured_mnist1d": 0.03}  # worst-group accuracy of plain training
METHODS = {"double_well": (0.3, -0.04), "activation_entropy": (1.1, -0.02)}  # factors of a unit; change of the worst


def settings(methods=tuple(METHODS)):
    base = grouped_records.settings("groups", seeds=4)
    own = base["experiments"]["groups"] | {"datasets": list(DATASETS), "label_noise": [0.0], "draws": 1, "grid": {}}
    losses = own | {"methods": list(methods), "grid": {"strength": [0.1, 1.0]}}
    references = own | {"methods": ["sgd"]}
    return base | {"experiments": {codings.LOSSES: losses, codings.BASES: references}}


def runs(methods=tuple(METHODS)):
    """At a strength of 1 a loss costs ten points of accuracy, so that the strength 0.1 is compared."""
    cells = []
    for dataset, worst in DATASETS.items():
        own = {"dataset": dataset, "experiment": codings.BASES, "method": "sgd"}
        cells.append(own | {"values": {"accuracy": 0.9, codings.WORST: worst, codings.FACTORS: 0.6}})
        for method in methods:
            factors, change = METHODS[method]
            draws = [
                ({"strength": 0.1}, {"accuracy": 0.9, codings.WORST: worst + change, codings.FACTORS: factors}),
                ({"strength": 1.0}, {"accuracy": 0.8, codings.WORST: worst + 0.2, codings.FACTORS: 2.0}),
            ]
            cells.append({"dataset": dataset, "experiment": codings.LOSSES, "method": method, "draws": draws})
    return streamed.runs(cells, spread=1e-5)


def test_numbers_are_those_that_were_planted():
    macros = codings.collect(runs(), settings())
    assert macros["DoubleWellDataset"].value == "Gaussian groups"
    assert (macros["DoubleWellFactors"].value, macros["PlainFactors"].value) == ("$0.30$", "$0.60$")
    assert macros["DoubleWellWorst"].value == "$-4.0$"
    assert macros["DoubleWellWorstVerdict"].value == "is lower than"


def test_what_is_not_there_is_not_measured():
    there = codings.collect(runs(), settings())
    table = runs(["activation_entropy"])
    lacking = [
        (table, settings(["activation_entropy"])),
        (runs()[runs()["experiment"] == codings.LOSSES], settings()),
        (runs()[runs()["experiment"] == "none"], settings() | {"experiments": {}}),
    ]
    for records, known in lacking:
        macros = codings.collect(records, known)
        assert macros.keys() == there.keys()
        assert macros["DoubleWellFactors"].value == macros["DoubleWellWorst"].value == "not measured"
