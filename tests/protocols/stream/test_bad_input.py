"""What an experiment on a stream can get wrong, in one sentence before any job."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import methods, study
from robustpath.config.errors import ConfigError
from robustpath.methods import roles, search
from robustpath.methods.base import build
from robustpath.protocols.checks import has_phases

PLACE = "config.yaml: scales.smoke.experiments.streams."
STREAM = {
    "protocol": "stream",
    "datasets": ["optdigits"],
    "stream": "permuted",
    "tasks": 3,
    "examples": 50,
    "memory": 30,
    "evaluations": [4, 12],
    "label_noise": [0.0, 0.3],
    "methods": ["sgd", "er"],
    "seeds": 3,
}


@pytest.fixture(scope="module")
def shipped():
    return (Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8")


def message(shipped, changed):
    """The message about a config whose only experiment with something wrong is the one on a stream."""
    raw = quick_yaml.loaded(shipped)
    raw["scales"] = {"smoke": raw["scales"]["smoke"]}
    raw["scale"] = "smoke"
    raw["scales"]["smoke"]["experiments"]["streams"] = STREAM | changed
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"memory": 151}, "memory = 151 is larger than the stream; allowed: at most 150, the examples of the stream"),
        ({"memory": 513}, "memory = 513 is too large; allowed: a whole number from 1 to 512"),
        ({"examples": 55}, "examples = 55 does not divide into batches; allowed: a multiple of examples_per_batch, 10"),
        ({"stream": "permute"}, "stream = 'permute' is not a known stream; did you mean 'permuted'?"),
        ({"tasks": 1}, "stream = 'permuted' is not possible: a stream of 1 task has nothing to forget: set tasks to"),
        (
            {"stream": "split", "tasks": 3},
            "stream = 'split' is not possible: the 10 classes of optdigits do not divide into 3 equal tasks: set tasks "
            "to 2 or 5 or 10; allowed: a stream that the data can give",
        ),
        ({"stream": "split", "tasks": 5, "examples": 2000}, "stream = 'split' is not possible: optdigits has "),
        ({"examples": 5000}, "stream = 'permuted' is not possible: optdigits has "),
        ({"stream": "domains"}, "stream = 'domains' is not possible: optdigits is not made of several data sets"),
        ({"stream": "rotated", "datasets": ["mnist1d"]}, "stream = 'rotated' is not possible: mnist1d has no images"),
        ({"evaluations": [12, 4]}, "evaluations = [12, 4] is not in ascending order without repeats; did you mean"),
        ({"evaluations": [0.05]}, "evaluations[0] = 0.05 is too small; allowed: a number from 0.1 to 100,000"),
        ({"label_noise": [0.3, 0.0]}, "label_noise = [0.3, 0.0] is not in ascending order without repeats"),
        ({"budget": 10}, "budget = 10 is not a known key; allowed: protocol, datasets, methods"),
        ({"train_sizes": [50]}, "train_sizes = [50] is not a known key; allowed: protocol, datasets, methods"),
        (
            {"methods": ["sgd", "high_rate_warmup"]},
            'methods = ["sgd", "high_rate_warmup"] holds \'high_rate_warmup\', which has phases: a stream has no parts '
            "that a method may know; allowed: methods without phases",
        ),
        (
            {"methods": ["sgd", "early_stopping"]},
            "methods = [\"sgd\", \"early_stopping\"] holds 'early_stopping', which needs 'holdout' beside its batches: "
            "stream does not deal it; allowed: methods that need no more than augmented_replay, memory, noise, ",
        ),
        (
            {"methods": ["sgd", "ridge_readout"]},
            'methods = ["sgd", "ridge_readout"] holds \'ridge_readout\', which cannot use the network mlp; allowed: ',
        ),
    ],
)
def test_a_wrong_experiment_on_a_stream_is_refused(shipped, changed, said):
    assert message(shipped, changed).startswith(PLACE + said)


@pytest.mark.parametrize("name", ["online_sgd", "er", "gdumb"])  # two of them have no needs
def test_a_method_of_streams_is_refused_in_a_supervised_experiment(shipped, name):
    supervised = {"datasets": ["optdigits"], "methods": ["sgd", name], "train_sizes": [50], "seeds": 2, "budget": 10}
    raw = quick_yaml.loaded(shipped)
    raw["scales"]["smoke"]["further"] = {"one": supervised}
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    assert str(error.value) == (
        f'config.yaml: scales.smoke.further.one.methods = ["sgd", "{name}"] holds \'{name}\', '
        "which cannot learn in the protocol supervised; allowed: other methods, or protocol: stream"
    )


@pytest.mark.parametrize("name", list(roles.training()))
def test_what_is_read_of_a_methods_source_misses_no_phases(name):
    spec = methods.load(name)
    phased = bool(build(spec, {}).phases)
    assert has_phases(name) == phased
    assert phased <= search.may_have_phases(spec.family, name)


def test_most_methods_are_known_to_have_no_phases_without_being_imported():
    """Planning an experiment on a stream imports no torch."""
    asked = [name for name, family in methods.names().items() if search.may_have_phases(family, name)]
    assert not [name for name in asked if methods.names()[name] == "batches"]
