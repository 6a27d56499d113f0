"""Needs that an experiment cannot meet are refused before any job; and what a training knows of its parent."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import study
from robustpath.config.errors import ConfigError

CONFIG = Path(__file__).parents[3] / "config.yaml"
PRE = {"datasets": ["mnist1d"], "methods": ["sgd", "holdout_sgd"], "train_sizes": [50], "seeds": 2, "budget": 100}
OF_PRE = {"experiment": "pre", "method": "holdout_sgd"}
STREAM = {"protocol": "stream", "stream": "permuted", "tasks": 2, "examples": 50, "evaluations": [1], "seeds": 2}


def config(fine, *methods):
    """The shipped config with a parent and a child of these methods at its smallest scale."""
    raw = quick_yaml.loaded(CONFIG.read_text(encoding="utf-8")) | {"scale": "smoke"}
    raw["scales"] = {
        "smoke": raw["scales"]["smoke"] | {"further": {"pre": PRE, "fine": fine | {"methods": [*methods]}}}
    }
    return raw


@pytest.mark.parametrize(
    ("fine", "methods", "said"),
    [
        (PRE, ["sgd", "rho_loss"], "fine.parent has no losses for 'rho_loss' to look at; allowed: gives: losses, with"),
        (PRE, ["sgd", "eiil"], "fine.parent has no losses for 'eiil' to look at; allowed: gives: losses, with"),
        (
            PRE | {"parent": OF_PRE},
            ["sgd", "easy_to_hard"],
            "fine.parent.gives has no losses for 'easy_to_hard' to look at; allowed: gives: losses, with an experiment",
        ),
        (
            STREAM | {"datasets": ["mnist1d"], "parent": OF_PRE | {"gives": "losses"}},
            ["online_sgd"],
            "fine.parent.gives = 'losses' is not what stream deals; allowed: parameters",
        ),
    ],
)
def test_losses_that_nobody_gives_are_refused_in_one_sentence(fine, methods, said):
    with pytest.raises(ConfigError) as error:
        study.validate(config(fine, *methods))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_method_that_learns_from_groups_is_refused_on_data_without_an_attribute():
    with pytest.raises(ConfigError) as error:
        study.validate(config(PRE, "sgd", "dfr"))
    assert "fine.datasets[0] = 'mnist1d' has no attribute, and 'dfr' learns from groups; allowed: " in str(error.value)
    assert "gauss_groups" in str(error.value)


def test_all_methods_of_the_child_know_that_the_parent_gives_losses():
    """The reference too, so that it begins where the others do."""
    checked = study.validate(config(PRE | {"parent": OF_PRE | {"gives": "losses"}}, "sgd", "rho_loss"))
    for method in ("sgd", "rho_loss"):
        parent = study.train_settings(checked, study.Cell("fine", "mnist1d", method))["parent"]
        assert parent == study.Cell("pre", "mnist1d", "holdout_sgd")._asdict() | {"gives": "losses"}
    begun = study.validate(config(PRE | {"parent": OF_PRE}, "sgd"))
    assert "gives" not in study.train_settings(begun, study.Cell("fine", "mnist1d", "sgd"))["parent"]
