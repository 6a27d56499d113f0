"""Macros of walks at three levels and of more draws, from records with planted effects."""

import contrasted

from robustpath.numbers import contrasts
from robustpath.statistics.contrasts import after_draws, walked


def test_walks_are_counted_and_the_extremes_named():
    """A gain of a point for random walks from the start on clean labels, a loss of a point after a third for long."""

    def gain(noise, method, descended, share):
        first = noise == 0 and method == "midway_walk" and descended == 0
        return 0.01 * first - 0.02 * (descended > 0.3 and share == 0.5 and noise > 0)

    settings = contrasted.settings(6, 4)
    table = contrasted.contrasted(6, 4, gain=gain, spread=1e-4)
    macros = contrasts.collect(table, settings)
    assert macros["WalkLevelsCount"].value == "36"
    found = walked(table, "walk_levels", 0.95)
    assert macros["WalkLevelsHigherCount"].value == str((found["low"] > 0).sum())
    assert macros["WalkLevelsLowerCount"].value == str((found["high"] < 0).sum())
    assert int(macros["WalkLevelsHolmCount"].value) == 5
    assert macros["WalkLevelsLargest"].value == "$+1.0$"
    assert macros["WalkLevelsSmallest"].value == "$-2.0$"
    assert macros["WalkLevelsSmallestVerdict"].value == "is lower than"
    case = macros["WalkLevelsSmallestCase"].value
    assert case.endswith(r"midway walk, 50\,\% of the budget after 33.3\,\% of the descent, 20\,\% label noise")


def test_the_best_of_all_draws_stands_beside_that_of_three():
    settings, table = contrasted.settings(6, 10), contrasted.contrasted(6, 10)
    macros = contrasts.collect(table, settings)
    assert (macros["HeadlineDraws"].value, macros["HeadlineFewDraws"].value) == ("ten", "three")
    found = after_draws(table, "headline", "sgd", 0.95).set_index(["label_noise", "method", "draws"])["mean"]
    for suffix, number in (("", 10), ("Few", 3)):
        mean = 100 * found[(0.2, "sam", number)]
        assert macros[f"HeadlineSamNoisy{suffix}"].value == f"${mean:+.1f}$"
    assert macros["HeadlineContourWarmupClean"].value == "$0.0$"
    assert macros["HeadlineContrastCount"].value == "4"
    assert macros["HeadlineChangedCount"].value == "0"


def test_without_the_experiments_the_same_macros_say_so():
    settings = contrasted.settings(3, 4)
    there = contrasts.collect(contrasted.contrasted(3, 4), settings)
    lacking = contrasts.collect(contrasted.contrasted(3, 4).query("experiment == 'none'"), settings)
    assert there.keys() == lacking.keys()
    assert lacking["WalkLevelsCount"].value == lacking["HeadlineDraws"].value == "not measured"
    assert lacking["HeadlineSamNoisyVerdict"].value == "was not compared with"
