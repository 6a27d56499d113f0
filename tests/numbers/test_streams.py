"""Numbers of streams: ours against the strongest rehearsal, and what a memory changes without and with a ball."""

import pandas as pd
import streamed

from robustpath.numbers import streams

BUDGETS = {"streams": {"evaluations": [40, 8, 20]}, "stream_methods": {"evaluations": [12]}}
SETTINGS = {"confidence": 0.95, "experiments": BUDGETS}


def runs(clean, noisy):
    """Runs at two budgets: at the larger one the slow ball is `clean` and `noisy` points ahead of DER++; a memory loses
    4 points without a ball and gains 3 with it, and twice as much on noisy labels."""
    cells = []
    for noise, gain in ((0.0, clean), (0.3, noisy)):
        for budget, factor in ((8.0, -1), (20.0, 1)):
            own = {"label_noise": noise, "evaluations": budget}
            cells += [
                own | {"method": "der_plus_plus", "values": {"accuracy": 0.6}},
                own | {"method": "slow_ball", "values": {"accuracy": 0.6 + factor * gain / 100}},
                own | {"method": "er", "values": {"accuracy": 0.9}},
            ]
        scale = 2 if noise else 1
        draws = [
            ({"memory": memory, "ball": ball}, {"accuracy": 0.5 + 0.01 * scale * memory * (3 if ball else -4)})
            for memory in (0.0, 1.0)
            for ball in (0.0, 10.0)
        ]
        cells.append({"experiment": "memory_ball", "method": "epi_ball", "label_noise": noise, "draws": draws})
    return streamed.runs(cells, spread=1e-5)


def value(macros, name):
    return macros[name].value


def test_differences_are_those_that_were_planted():
    macros = streams.collect(runs(-13, 2), SETTINGS)
    assert (value(macros, "SlowBallMinusRehearsalClean"), value(macros, "SlowBallMinusRehearsalNoisy")) == (
        "$-13.0$",
        "$+2.0$",
    )
    assert value(macros, "SlowBallMinusRehearsalCleanVerdict") == "is lower than"
    assert (value(macros, "MemoryWithoutBallClean"), value(macros, "MemoryWithBallClean")) == ("$-4.0$", "$+3.0$")
    assert (value(macros, "MemoryWithoutBallNoisy"), value(macros, "MemoryWithBallNoisy")) == ("$-8.0$", "$+6.0$")
    assert value(macros, "MemoryWithBallCleanInterval") == "[$+3.0$, $+3.0$]"


def test_readouts_and_budgets_are_those_of_the_records_and_the_config():
    finals = {"stream_methods": {"der_plus_plus": 0.7, "der": 0.6, "er": 0.9},
              "stream_readouts": {"ridge_readout": 0.85, "streaming_lda": 0.87}}  # fmt: skip
    cells = [
        {"experiment": experiment, "method": method, "label_noise": noise, "values": {"accuracy": final - noise}}
        for experiment, own in finals.items()
        for method, final in own.items()
        for noise in (0.0, 0.3)
    ]
    macros = streams.collect(streamed.runs(cells, spread=1e-5), SETTINGS)
    assert value(macros, "BestReadoutClean") == "87.0" and value(macros, "BestReadoutNoisy") == "57.0"
    assert value(macros, "BestReadoutNameClean") == "streaming LDA"
    assert value(macros, "RehearsalAccuracyClean") == "70.0"
    assert (value(macros, "DistillationAccuracyClean"), value(macros, "DistillationAccuracyNoisy")) == ("60.0", "30.0")
    assert value(macros, "SlowBallAccuracyClean") == "not measured"
    names = ("StreamSmallestBudget", "StreamMiddleBudget", "StreamLargestBudget", "StreamMethodsBudget")
    assert [value(macros, name) for name in names] == ["8", "20", "40", "12"]


def test_what_is_not_there_is_not_measured():
    there, table = streams.collect(runs(-13, 2), SETTINGS), runs(-13, 2)
    tables = [table[table["experiment"] == "none"], table[table["method"].isin(["slow_ball", "er"])]]
    tables.append(pd.concat([tables[1], table[table["experiment"] == "memory_ball"].assign(hyperparameters="{}")]))
    tables.append(pd.concat([tables[1], table[table["hyperparameters"].str.contains('"memory": 1')]]))
    for lacking in tables:
        macros = streams.collect(lacking, SETTINGS | {"experiments": {}})
        assert value(macros, "StreamLargestBudget") == value(macros, "BestReadoutClean") == "not measured"
        assert macros.keys() == there.keys()
        assert value(macros, "SlowBallMinusRehearsalNoisy") == value(macros, "MemoryWithBallClean") == "not measured"
