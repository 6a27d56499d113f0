"""An acquisition where something else is meant, refused in one sentence before any job."""

from pathlib import Path

import pytest
import yaml

from robustpath import study
from robustpath.config.errors import ConfigError
from robustpath.methods import roles

FILE = Path(__file__).parents[3] / "config.yaml"
FURTHER = "config.yaml: scales.smoke.further.one.methods"
OTHERS = "allowed: other methods, or protocol: "
SUPERVISED = {"datasets": ["optdigits"], "train_sizes": [50], "seeds": 2, "budget": 10}
STREAM = {"protocol": "stream", "datasets": ["optdigits"], "stream": "permuted", "tasks": 3, "examples": 50}
STREAM |= {"memory": 30, "evaluations": [4], "label_noise": [0.0], "seeds": 2}


@pytest.fixture(scope="module")
def shipped():
    return FILE.read_text(encoding="utf-8")


def message(raw):
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    return str(error.value)


def alone(shipped, further):
    raw = yaml.safe_load(shipped)
    return raw | {"scale": "smoke", "scales": {"smoke": raw["scales"]["smoke"] | {"further": {"one": further}}}}


@pytest.mark.parametrize("name", roles.acquisitions())
def test_an_acquisition_is_refused_in_a_supervised_experiment(shipped, name):
    """Not for its draws, though it may have no hyperparameter."""
    for draws in (1, 3):
        said = message(alone(shipped, SUPERVISED | {"methods": ["sgd", name], "draws": draws}))
        beginning = f'{FURTHER} = ["sgd", "{name}"] holds \'{name}\', which cannot learn in the protocol supervised; '
        assert said.startswith(beginning + OTHERS)
        assert "\n" not in said


def test_it_is_refused_on_a_stream_and_in_the_list_of_all_experiments(shipped):
    said = message(alone(shipped, STREAM | {"methods": ["er", "badge"]}))
    assert said.startswith(f'{FURTHER} = ["er", "badge"] holds \'badge\', which cannot learn in the protocol stream; ')
    raw = yaml.safe_load(shipped)
    said = message(raw | {"methods": [*raw["methods"], "badge"]})
    assert "the list at the top, which stands in its place, holds 'badge', which cannot learn in the protocol" in said


@pytest.mark.parametrize("name", ["badge", "er"])
def test_a_theory_case_takes_methods_that_need_no_more_than_a_loss(shipped, name):
    raw = alone(shipped, SUPERVISED | {"methods": ["sgd"]})
    raw["scales"]["smoke"]["theory"]["saddles"]["methods"] = ["sgd", name]
    assert message(raw) == (
        f"config.yaml: scales.smoke.theory.saddles.methods[1] = '{name}' cannot learn in a theory case; "
        "allowed: methods that need no more than a loss"
    )
