"""Draws of hyperparameters: what a method has in common with its base is drawn with it."""

import pytest

from robustpath import methods
from robustpath.methods.base import Spec, draw, uniform

BUILT = [name for name in methods.names() if methods.load(name).base]
OTHER_RANGES = {"linear_warmup": {"warmup"}}  # is the method: a warm-up held at a walk's share
RUNS = [(seed, number) for seed in (0, 7) for number in (0, 1, 2, 9)]


def spec(name, base=None, **search):
    return Spec(name, "", None, search, base, "")


@pytest.mark.parametrize("name", BUILT)
def test_a_method_shares_the_draws_of_its_base(name):
    """The learning rate, momentum, … of draw k are those of SGD's draw k, so that both are trained with the same."""
    method = methods.load(name)
    for seed, number in RUNS:
        base, own = draw(method.base, seed, number), draw(method, seed, number)
        assert {key for key in base if own[key] != base[key]} <= OTHER_RANGES.get(name, set())


@pytest.mark.parametrize("name", ["sam", "contour_warmup", "lookahead", "swa", "reordered_sgd", "persistent_warmup"])
def test_all_of_sgd_is_shared(name):
    shared = methods.load("sgd").search
    assert {"learning_rate", "momentum", "weight_decay"} <= set(shared)
    for seed, number in RUNS:
        drawn = draw(methods.load(name), seed, number)
        assert {key: drawn[key] for key in shared} == draw(methods.load("sgd"), seed, number)


def test_a_new_hyperparameter_changes_no_other():
    base = spec("base", rate=uniform(0, 1, default=0.5))
    before = spec("method", base, radius=uniform(0, 1, default=0.5))
    after = spec("method", base, alpha=uniform(0, 1, default=0.5), radius=uniform(0, 1, default=0.5))
    longer = spec("base", alpha=uniform(0, 1, default=0.5), rate=uniform(0, 1, default=0.5))
    for seed, number in RUNS:
        assert draw(after, seed, number).items() >= draw(before, seed, number).items()
        assert draw(longer, seed, number).items() >= draw(base, seed, number).items()


def test_own_hyperparameters_of_the_same_name_are_drawn_apart():
    """The radius of one method is not that of another that is built on the same base."""
    base = spec("base", rate=uniform(0, 1, default=0.5))
    one, other = (spec(name, base, radius=uniform(0, 1, default=0.5)) for name in ("one", "other"))
    assert draw(one, 0, 1)["radius"] != draw(other, 0, 1)["radius"]
    assert draw(one, 0, 1)["rate"] == draw(other, 0, 1)["rate"]


def test_a_narrower_range_keeps_the_order_of_the_draws():
    """Of the same uniform number: half the range takes each draw half as far, through a chain of bases too."""
    base = spec("base", rate=uniform(0, 1, default=0.5))
    between = spec("between", base)
    narrow = spec("narrow", between, rate=uniform(0, 0.5, default=0.25))
    for seed, number in RUNS:
        assert draw(narrow, seed, number)["rate"] == pytest.approx(draw(base, seed, number)["rate"] / 2)
