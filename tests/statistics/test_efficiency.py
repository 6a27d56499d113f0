"""Known answers of the data-efficiency ratio, and how often its interval covers the truth."""

import os

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from robustpath.statistics import efficiency
from robustpath.statistics.efficiency import Task, needed, ratios

SIZES = np.array([25, 50, 100, 200, 400, 800, 1600, 3200])
LINE = 0.3 + 0.08 * np.log2(SIZES / 25)  # straight over log n, so that interpolation is exact
# Mean accuracy of tuned SGD at SIZES, standard deviation over seeds that sizes share and that of a run, as on the image
# sets of the laptop scale: clean labels, 20 % of them random.
LEVELS = {"clean": (0.008, 0.007, 1.0), "noisy": (0.012, 0.02, 0.8)}
CASES = int(os.environ.get("ROBUSTPATH_SIMULATED_RATIOS", "400"))


def task(method, curve=LINE, size=400, sizes=SIZES, spread=0.004, seeds=6, name="one"):
    """A data set on which a seed moves the ruler and the method alike, so that no draw of seeds changes the ratio."""
    moved = spread * np.linspace(-1, 1, seeds)[:, None]
    return Task(name, sizes, np.asarray(curve) + moved, np.atleast_1d(method) + moved, size)


def only(tasks, **more):
    (found,) = ratios(tasks, 0.95, **more)
    return found


@pytest.mark.parametrize(("at", "ratio"), [(400, 1.0), (200, 0.5), (800, 2.0), (283, 283 / 400), (3200, 8.0)])
def test_a_method_as_accurate_as_the_ruler_at_another_size_has_the_ratio_of_the_sizes(at, ratio):
    found = only([task(np.interp(np.log(at), np.log(SIZES), LINE))])
    assert (found.ratio, found.low, found.high) == pytest.approx((ratio,) * 3)
    assert (found.side, found.low_open, found.high_open, found.seeds) == ("", False, False, 6)


def test_a_method_that_moves_the_curve_by_a_factor_of_two_has_the_ratio_two_at_every_size():
    for size in (50, 100, 200, 400, 800, 1600):
        assert only([task(np.interp(np.log(2 * size), np.log(SIZES), LINE), size=size)]).ratio == pytest.approx(2)


def test_between_two_sizes_the_curve_is_a_line_over_the_logarithm():
    found, side = needed(np.array([100, 400]), np.array([0.5, 0.7]), np.array([0.6, 0.5, 0.7]))
    assert np.exp(found) == pytest.approx([200, 100, 400]) and not side.any()


@pytest.mark.parametrize(("accuracy", "bound", "side"), [(LINE[-1] + 0.01, 8, ">"), (LINE[0] - 0.01, 1 / 16, "<")])
def test_beyond_its_ends_the_ruler_gives_a_bound_that_is_marked(accuracy, bound, side):
    found = only([task(accuracy)])
    assert found.side == side and found.by_dataset == [("one", pytest.approx(bound), side)]
    assert (found.ratio, found.low, found.high) == pytest.approx((bound,) * 3)
    assert (found.low_open, found.high_open) == (side == "<", side == ">")
    assert efficiency.exceeds(found) == (side == ">") and efficiency.falls_below(found) == (side == "<")
    assert not efficiency.equals(found)


def test_an_open_end_is_not_beyond_one():
    """A ruler that ends below the method's own size says nothing of a method that is worse than its end."""
    found = only([task(LINE[0] - 0.01, size=20)])
    assert found.ratio == pytest.approx(25 / 20) and found.side == "<"
    assert not efficiency.exceeds(found) and not efficiency.falls_below(found)


def test_over_data_sets_the_mean_is_geometric_and_one_bound_makes_a_bound():
    at = [np.interp(np.log(size), np.log(SIZES), LINE) for size in (1600, 100)]
    found = only([task(at[0], name="four"), task(at[1], name="quarter")])
    assert found.ratio == pytest.approx(1) and [each[1] for each in found.by_dataset] == pytest.approx([4, 0.25])
    bounded = only([task(LINE[-1] + 0.1), task(LINE[4])])
    assert bounded.side == ">" and bounded.ratio == pytest.approx(np.sqrt(8)) and bounded.high_open
    assert only([task(LINE[-1] + 0.1), task(LINE[0] - 0.1)]).side == "?"


def test_violators_are_pooled_as_scipy_pools_them():
    values = np.random.default_rng(0).normal(size=(50, 7)) + 0.3 * np.arange(7)
    fitted = efficiency.isotonic(values)
    assert fitted == pytest.approx(np.stack([isotonic_regression(row).x for row in values]))
    assert (np.diff(values) < 0).any() and (np.diff(fitted) >= -1e-12).all()
    assert efficiency.isotonic(LINE) == pytest.approx(LINE)


def test_where_the_ruler_is_flat_the_smallest_size_counts():
    curve = [0.3, 0.5, 0.44, 0.7]  # 0.5 and 0.44 are pooled to 0.47
    sizes = np.array([50, 100, 200, 400])
    assert only([task(0.47, curve, 100, sizes)]).ratio == pytest.approx(1)
    assert only([task(0.4701, curve, 200, sizes)]).ratio == pytest.approx(1, rel=1e-3)  # just above it, from its end
    top = [0.3, 0.5, 0.6, 0.6]
    found = only([task(0.6, top, 400, sizes)])
    assert found.ratio == pytest.approx(0.5) and found.side == ""


def test_the_ruler_and_the_method_are_drawn_together():
    """A seed that moves both alike moves no ratio; moving the method alone, or another seed, widens the interval."""
    paired = only([task(LINE[4], spread=0.05, seeds=8)])
    moved = 0.05 * np.linspace(-1, 1, 8)[:, None]
    apart = only([Task("one", SIZES, LINE + moved, LINE[4] - moved, 400)])
    assert paired.high / paired.low == pytest.approx(1) and apart.high / apart.low > 2


def test_relabelling_the_seeds_of_a_data_set_changes_little():
    generator = np.random.default_rng(1)
    one, two = (Task(name, SIZES, *parts(generator, "noisy", 20), 400) for name in "ab")
    other = two._replace(ruler=two.ruler[::-1], methods=two.methods[::-1])
    before, after = only([one, two]), only([one, other])
    assert after.ratio == pytest.approx(before.ratio)
    assert (after.low, after.high) == pytest.approx((before.low, before.high), rel=0.02)


def parts(generator, level, seeds, sizes=SIZES, own=4):
    """Accuracies of the ruler [seeds, k] and, of other runs on the same seeds, of itself [seeds, 1] at a size."""
    shared, single, height = LEVELS[level]
    curve = height * (0.35 + 0.55 * (1 - (25 / sizes) ** 0.5))  # rises ever more slowly
    both = np.concatenate([curve, curve[own : own + 1]])
    values = both + shared * generator.normal(size=(seeds, 1)) + single * generator.normal(size=(seeds, len(both)))
    return values[:, :-1], values[:, -1:]


@pytest.mark.parametrize(("level", "seeds", "datasets"), [("clean", 20, 3), ("noisy", 20, 3), ("noisy", 10, 1)])
def test_the_interval_of_the_ruler_against_itself_covers_one(level, seeds, datasets):
    """Runs at a size against other runs at the same sizes: in at least 93 of 100 cases the interval holds 1."""
    generator, covered = np.random.default_rng(7), 0
    for _ in range(CASES):
        tasks = [Task(str(k), SIZES, *parts(generator, level, seeds), 400) for k in range(datasets)]
        found = only(tasks, resamples=1000)
        covered += found.low <= 1 <= found.high
    assert covered / CASES >= 0.93
