"""What an experiment on acquisition can get wrong, in one sentence before any job."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import study
from robustpath.config.errors import ConfigError
from robustpath.protocols.acquisition import checks

PLACE = "config.yaml: scales.smoke.further.pools."
POOLS = {
    "protocol": "acquisition",
    "datasets": ["gauss_groups"],
    "methods": ["random_acquisition", "margin"],
    "budget": 20,
    "seed_labels": 20,
    "acquired": 10,
    "rounds": 3,
    "pool": 400,
    "task": "hole",
    "missing": [0, 1, 2, 3],
    "correlation": 0.9,
    "label_noise": [0.0, 0.2],
    "seeds": 2,
}
GENERIC = {"task": "generic", "missing": [-1], "correlation": None}


@pytest.fixture(scope="module")
def smoke():
    raw = quick_yaml.loaded((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))
    return raw | {"scale": "smoke", "scales": {"smoke": raw["scales"]["smoke"]}}


def config_of(smoke, changed):
    further = {key: value for key, value in (POOLS | changed).items() if value is not None}
    return smoke | {"scales": {"smoke": smoke["scales"]["smoke"] | {"further": {"pools": further}}}}


@pytest.fixture(scope="module")
def right(smoke):
    """The checked config of the experiment with nothing wrong, and its settings."""
    return study.validate(config_of(smoke, {}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"correlation": 1.5}, "correlation = 1.5 is too large; allowed: a number from 0.001 to 0.999"),
        ({"missing": [-2]}, "missing[0] = -2 is too small; allowed: a whole number from -1 to 1,000,000"),
        ({"rounds": 31}, "rounds = 31 is too large; allowed: a whole number from 1 to 30"),
        ({"task": "whole"}, "task = 'whole' is not a known value; did you mean 'hole'?"),
        ({"train_sizes": [50]}, "train_sizes = [50] is not a known key; allowed: protocol, datasets, methods"),
        (
            {"methods": ["random_acquisition", "sgd"]},
            'methods = ["random_acquisition", "sgd"] holds \'sgd\', which trains and does not choose what is '
            "labelled; allowed: methods for the protocol acquisition; the training method is the `learner`",
        ),
        (
            {"methods": ["margin", "er"]},
            'methods = ["margin", "er"] holds \'er\', which cannot learn in the protocol acquisition; allowed: '
            "other methods, or protocol: stream",
        ),
    ],
)
def test_a_wrong_experiment_on_acquisition_is_refused(smoke, changed, said):
    with pytest.raises(ConfigError) as error:
        study.validate(config_of(smoke, changed))
    assert str(error.value).startswith(PLACE + said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"acquired": 401}, "acquired = 401 is more than the pool of 400; allowed: at most 400"),
        (
            {"acquired": 150},
            "rounds = 3 buys 450 labels, 150 a round, and the pool has 400 examples; allowed: at most 2",
        ),
        ({"label_noise": [0.2, 0.0]}, "label_noise = [0.2, 0.0] is not in ascending order without repeats"),
        ({"missing": [1, 0]}, "missing = [1, 0] is not in ascending order without repeats"),
        ({"missing": [3, 4]}, "missing = [3, 4] holds 4, and 'gauss_groups' has 4 groups; allowed: 0 to 3"),
        ({"task": "generic"}, "missing = [0, 1, 2, 3] names groups, and in the task generic none is missing"),
        ({"missing": None}, "missing = [-1] is left out, and the task hole needs groups; allowed: the numbers of"),
        ({"missing": [-1, 2]}, "missing = [-1, 2] names no group; allowed: the numbers of groups"),
        (
            {"pool": 6, "acquired": 2},
            "missing = [0, 1, 2, 3] holds 1, a group of which a pool of 6 may have no example; allowed: other groups",
        ),
        (
            {"correlation": 0.999, "pool": 1000},
            "missing = [0, 1, 2, 3] holds 1, a group of which a pool of 1,000 may have no example; allowed: other",
        ),
        (
            {"correlation": 0.01, "pool": 9970},
            "missing = [0, 1, 2, 3] holds 1: beside the pool there may be only 0 other examples of its label; ",
        ),
        (
            {"correlation": 0.9, "pool": 12000},
            "correlation = 0.9 leaves 11,",
        ),
        (
            {"first_minorities": 11},
            "first_minorities = 11 of each minority are more than 20 first labels can hold; allowed: at most 10, or",
        ),
        (
            {"seed_labels": 1},
            "seed_labels = 1 is too small; allowed: at least 2, one of each class of 'gauss_groups'",
        ),
        (
            GENERIC | {"pool": 30000},
            "pool = 30000 and the 20 first labels are more than 'gauss_groups' has for training",
        ),
        (
            {"datasets": ["mnist1d"]},
            "datasets[0] = 'mnist1d' has no attribute beside its labels, which task = hole needs; allowed: one of ",
        ),
        (
            GENERIC | {"datasets": ["mnist1d"], "first_minorities": 1, "correlation": None},
            "datasets[0] = 'mnist1d' has no attribute beside its labels, which first_minorities needs; allowed: one",
        ),
        (
            GENERIC | {"datasets": ["mnist1d"], "correlation": 0.9},
            "datasets[0] = 'mnist1d' has no attribute beside its labels, which correlation needs; allowed: one of ",
        ),
        (
            GENERIC | {"datasets": ["mnist1d"], "methods": ["margin", "oracle_acquisition"]},
            "datasets[0] = 'mnist1d' has no attribute beside its labels, which 'oracle_acquisition' needs; allowed: ",
        ),
        (
            {"datasets": ["digit_domains"], "correlation": 0.9},
            "datasets[0] = 'digit_domains' does not say how many examples its groups have, which correlation needs; ",
        ),
        ({"learner": "sdg"}, "learner = 'sdg' is not a known method; did you mean 'sgd'?"),
        (
            {"learner": "margin"},
            "learner = 'margin' does not train on one training set, it is for acquisition; allowed: ",
        ),
        ({"learner": "er"}, "learner = 'er' does not train on one training set, it is for stream; allowed: "),
        ({"learner": "high_rate_warmup"}, "learner = 'high_rate_warmup' has phases, and a round is one phase; "),
        (
            {"learner": "ridge_readout"},
            "learner = 'ridge_readout' does not train on one training set, it is for stream; allowed: ",
        ),
        (
            {"parent": {"experiment": "minima", "method": "sgd"}},
            'parent = {"experiment": "minima", "method": "sgd"} stands in an experiment whose models are trained anew',
        ),
    ],
)
def test_what_does_not_fit_is_refused(smoke, right, changed, said):
    """Only the experiment itself is read again: the whole config takes long."""
    merged = {key: value for key, value in (POOLS | changed).items() if value is not None}
    experiment = type(right.scales["smoke"].further["pools"]).model_validate(merged)
    path = ("scales", "smoke", "further", "pools")
    found = list(checks.problems(path, experiment, right.scales["smoke"], right))
    text = study.report(found, "config.yaml", {})
    assert text.startswith(PLACE + said)
    assert "\n" not in text


@pytest.mark.parametrize(
    "changed",
    [
        GENERIC,
        GENERIC | {"datasets": ["mnist1d"]},
        GENERIC | {"correlation": 0.95, "methods": ["oracle_acquisition"]},
        {"datasets": ["digit_domains"], "correlation": None, "seed_labels": 40},
        {"learner": "early_stopping"},
        {"pool": 40},
    ],
)
def test_what_fits_is_accepted(smoke, right, changed):
    merged = {key: value for key, value in (POOLS | changed).items() if value is not None}
    experiment = type(right.scales["smoke"].further["pools"]).model_validate(merged)
    assert list(checks.problems((), experiment, right.scales["smoke"], right)) == []


def test_the_settings_of_its_jobs_hold_what_they_depend_on(right):
    settings = study.train_settings(right, study.Cell("pools", "gauss_groups", "margin"))
    given = {key: POOLS[key] for key in ("budget", "seed_labels", "acquired", "rounds", "pool", "task", "missing")}
    assert settings.items() >= (given | {"learner": "sgd", "correlation": 0.9, "label_noise": [0.0, 0.2]}).items()
    assert study.runs(settings) == 2 * 4 * 2
    scored = study.evaluate_settings(right, "pools", "gauss_groups")
    assert scored["correlation"] == 0.9 and scored["protocol"] == "acquisition"
    assert not scored.keys() & {"pool", "learner", "rounds", "budget"}
