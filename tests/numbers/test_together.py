"""Numbers of the factorial: planted effects and interactions, and what is said where there is nothing."""

from itertools import product

import streamed

from robustpath.numbers import together
from robustpath.statistics.factorial import EXPERIMENTS

METHODS = ["random_acquisition", "cal", "parallelogram"]
SECTION = {
    "datasets": ["gauss_groups"], "methods": METHODS, "task": "hole", "missing": [0, 1], "label_noise": [0.0],
    "seeds": 8,
}  # fmt: skip
LEARNERS = dict(zip(EXPERIMENTS, ["sgd", "asam", "activation_entropy", "asam_activation_entropy"], strict=True))
SETTINGS = {
    "confidence": 0.95,
    "experiments": {name: SECTION | {"learner": learner} for name, learner in LEARNERS.items()},
}
BOUGHT = {"random_acquisition": 0.0, "cal": 0.1, "parallelogram": 0.05}


def runs(**changes):
    """Areas of two missing groups 10 points below and above a mean: 30, 10 more with CAL, 4 with the descent, 2 less
    with the coding, 6 more with CAL and the descent; noisy labels, where there are any, say something else."""
    cells = [
        {
            "experiment": name, "method": method, "missing": group, "label_noise": noise,
            "values": {
                "accuracy": 0.5,
                "area_worst_group": (
                    0.3 + BOUGHT[method] + 0.04 * descent - 0.02 * coding + 0.06 * (method == "cal") * descent
                    + 0.2 * group - 0.1 - 0.2 * noise * descent
                ),
            },
        }
        for (name, (descent, coding)), method, group, noise in product(EXPERIMENTS.items(), METHODS, (0, 1), (0.0, 0.5))
    ]  # fmt: skip
    return streamed.runs(cells, spread=1e-5)


def test_effects_are_those_that_were_planted():
    """By hand: CAL 10 + 6/2, the descent 4 + 6/2, both beyond the sum 6; all three less CAL alone 4 - 2 + 6, less none
    18, beyond the sum of 10, 4 and -2: 6."""
    found = {name: number.value for name, number in together.collect(runs(), None, SETTINGS).items()}
    assert found["TogetherEffectAcquisition"] == "$+13.0$" and found["TogetherEffectDescent"] == "$+7.0$"
    assert found["TogetherEffectCoding"] == "$-2.0$" and found["TogetherEffectCodingVerdict"] == "is lower than"
    assert found["TogetherEffectAcquisitionDescent"] == "$+6.0$"
    assert found["TogetherEffectAcquisitionDescentInterval"] == "[$+6.0$, $+6.0$]"
    assert found["TogetherEffectAcquisitionDescentCoding"] == "$0.0$"
    assert (found["TogetherAllMinusAcquisition"], found["TogetherAllMinusNone"]) == ("$+8.0$", "$+18.0$")
    assert found["TogetherAllMinusSum"] == "$+6.0$"
    assert found["TogetherOursEffectAcquisition"] == "$+5.0$" and found["TogetherOursAllMinusSum"] == "$0.0$"
    assert (found["TogetherDescent"], found["TogetherAcquisition"]) == ("ASAM", "CAL")


def test_what_is_not_there_or_not_alike_is_not_measured():
    there = together.collect(runs(), None, SETTINGS)
    lacking = runs()
    lacking = lacking[lacking["experiment"] != "factorial_both"]
    other = SETTINGS["experiments"] | {"factorial_both": SETTINGS["experiments"]["factorial_both"] | {"missing": [0]}}
    absent = {"confidence": 0.95, "experiments": {}}
    for table, settings in ((lacking, SETTINGS), (runs(), SETTINGS | {"experiments": other}), (lacking, absent)):
        macros = together.collect(table, None, settings)
        assert macros.keys() == there.keys()
        assert macros["TogetherEffectAcquisition"].value == macros["COneVerdict"].value == "not measured"
