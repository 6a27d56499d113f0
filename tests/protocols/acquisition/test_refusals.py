"""An acquisition where something else is meant, refused in one sentence before any job."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import study
from robustpath.config.errors import ConfigError
from robustpath.methods import roles
from robustpath.protocols import checks

FILE = Path(__file__).parents[3] / "config.yaml"
FURTHER = "config.yaml: scales.smoke.further.one.methods"
PLAIN = {"datasets": ["optdigits"], "methods": ["sgd"], "train_sizes": [50], "seeds": 2, "budget": 10}


@pytest.fixture(scope="module")
def shipped():
    """The smoke scale with one more experiment, a supervised one."""
    raw = quick_yaml.loaded(FILE.read_text(encoding="utf-8"))
    return raw | {"scale": "smoke", "scales": {"smoke": raw["scales"]["smoke"] | {"further": {"one": PLAIN}}}}


@pytest.fixture(scope="module")
def config(shipped):
    return study.validate(shipped)


def message(raw):
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_acquisition_is_refused_in_a_supervised_experiment(shipped):
    """Not for its draws, though it has no hyperparameter to draw."""
    smoke = shipped["scales"]["smoke"]
    further = {"one": PLAIN | {"methods": ["sgd", "entropy"], "draws": 3}}
    said = message(shipped | {"scales": {"smoke": smoke | {"further": further}}})
    assert said.startswith(
        f'{FURTHER} = ["sgd", "entropy"] holds \'entropy\', which cannot learn in the protocol supervised; '
        "allowed: other methods, or protocol: "
    )


def test_every_acquisition_is_refused_in_a_supervised_experiment_and_on_a_stream(config):
    smoke = config.scales["smoke"]
    for experiment in (smoke.further["one"], smoke.experiments.streams):
        for name in roles.acquisitions():
            holding = experiment.model_copy(update={"methods": [name]})
            complaint = next(checks.problems((), holding, config)).complaint
            assert complaint == f"holds '{name}', which cannot learn in the protocol {experiment.protocol}"


def test_it_is_refused_in_the_list_of_all_experiments(shipped):
    place = (
        "config.yaml: scales.smoke.experiments.minima.methods = 'all' holds 'badge', which cannot learn in the protocol"
    )
    assert message(shipped | {"methods": [*shipped["methods"], "badge"]}).startswith(f"{place} supervised; ")


def test_a_theory_case_takes_methods_that_need_no_more_than_a_loss():
    for name in ("badge", "er"):
        (found,) = checks.of_theory(("theory", "saddles", "methods"), ["sgd", name])
        assert found.path == ("theory", "saddles", "methods", 1)
        assert found.complaint == "cannot learn in a theory case"
    assert [each.complaint for each in checks.of_theory((), ["sgd", "sgd"])] == ["is a method named twice"]


def test_the_theory_cases_of_a_config_are_checked(shipped):
    smoke = shipped["scales"]["smoke"]
    theory = smoke["theory"] | {"saddles": smoke["theory"]["saddles"] | {"methods": ["sgd", "badge"]}}
    assert message(shipped | {"scales": {"smoke": smoke | {"theory": theory}}}) == (
        "config.yaml: scales.smoke.theory.saddles.methods[1] = 'badge' cannot learn in a theory case; "
        "allowed: methods that need no more than a loss"
    )
