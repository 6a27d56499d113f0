"""Runs that begin with the parameters of another cell: what is refused before any job, and what jobs are given."""

import pytest
from small_config import FURTHER, LAPTOP, edited, message

from robustpath import study as cfg

PRE = FURTHER | {"datasets": ["mnist1d"], "methods": ["sgd", "sam"], "label_noise": [0.0, 0.2], "seeds": 3}
BEGINS = {"experiment": "pre", "method": "sam"}
FINE = FURTHER | {"datasets": ["mnist1d"], "methods": ["sgd", "adamw"], "parent": BEGINS}
OF_FINE = "scales.laptop.further.fine.parent.experiment = 'pre'"


def config(pre=None, fine=None):
    """The config with a parent and its child, and some of their keys changed."""
    return edited(((*LAPTOP, "further"), {"pre": PRE | (pre or {}), "fine": FINE | (fine or {})}))


@pytest.mark.parametrize(
    ("pre", "fine", "said"),
    [
        (
            {},
            {"parent": {"experiment": "pree", "method": "sam"}},
            "fine.parent.experiment = 'pree' is not a known experiment of the scale; did you mean 'pre'? Allowed: data",
        ),
        (
            {},
            {"parent": {"experiment": "pre", "method": "adamw"}},
            "fine.parent.method = 'adamw' is not a method of that experiment, though there is one of ",
        ),
        (
            {"parent": {"experiment": "fine", "method": "sgd"}, "seeds": 2, "label_noise": [0.0]},
            {},
            "pre.parent.experiment = 'fine' begins with the runs of its own child; allowed: an experiment that",
        ),
        (
            {},
            {"parent": {"experiment": "fine", "method": "sgd"}},
            "fine.parent.experiment = 'fine' begins with the runs of its own child; allowed: an experiment that",
        ),
        (
            {},
            {"seeds": 4},
            f"{OF_FINE} has fewer seeds than its child; allowed: one with at least 4 seeds",
        ),
        (
            {"datasets": ["fashion_mnist"], "model": "cnn"},
            {"datasets": ["fashion_mnist"]},
            f"{OF_FINE} trains the network cnn, its child mlp; allowed: one with the same model",
        ),
        (
            {"datasets": ["fashion_mnist"]},
            {},
            f"{OF_FINE} lacks some of the datasets of its child; allowed: one with the datasets ['mnist1d']",
        ),
        (
            {"train_sizes": [60]},
            {},
            f"{OF_FINE} lacks some of the train_sizes of its child; allowed: one with the train_sizes [50]",
        ),
        (
            {},
            {"label_noise": [0.0, 0.4]},
            f"{OF_FINE} lacks some of the label_noise of its child; allowed: one with the label_noise [0.0,",
        ),
    ],
)
def test_a_wrong_parent_is_refused_in_one_sentence(pre, fine, said):
    assert said in message(config(pre, fine))


def test_a_child_is_given_its_parent_and_nobody_else_is():
    checked = cfg.validate(config())
    child, parent = cfg.Cell("fine", "mnist1d", "adamw"), cfg.Cell("pre", "mnist1d", "sam")
    assert cfg.parent_of(checked, child) == parent
    assert cfg.parent_of(checked, parent) is None
    assert cfg.train_settings(checked, child)["parent"] == parent._asdict()
    assert "parent" not in cfg.train_settings(checked, parent)
    for settings in (cfg.evaluate_settings, cfg.trace_settings, cfg.measure_settings):
        assert "parent" not in settings(checked, "fine", "mnist1d")
    assert cfg.report_settings(checked)["experiments"]["fine"]["parent"] == BEGINS
