"""What an experiment on episodes can get wrong, in one sentence before any job."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import study
from robustpath.config.errors import ConfigError

PLACE = "config.yaml: scales.smoke.experiments.episodes."


@pytest.fixture(scope="module")
def shipped():
    return (Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ways": 6}, "ways = 6 is more than the 5 labels of typefaces that validation episodes are made of; allowed"),
        (
            {"shots": [1, 42]},
            "queries = 5 and the 42 shots are more than the 46 examples of a class of typefaces in validation; "
            "allowed: at most 46 together",
        ),
        ({"shots": [5, 1]}, "shots = [5, 1] is not in ascending order without repeats"),
        ({"shots": [0]}, "shots[0] = 0 is too small; allowed: a whole number from 1 to 1,000"),
        (
            {"datasets": ["optdigits"]},
            "datasets[0] = 'optdigits' has no families that episodes can keep apart; ",
        ),
        ({"datasets": ["mnist1d"]}, "datasets[0] = 'mnist1d' has no families that episodes can keep apart; "),
        ({"methods": ["fomaml", "high_rate_warmup"]}, 'methods = ["fomaml", "high_rate_warmup"] holds'),
        (
            {"methods": ["fomaml", "er"]},
            'methods = ["fomaml", "er"] holds \'er\', which cannot learn in the protocol episodes; allowed: '
            "other methods, or protocol: stream",
        ),
        ({"evaluations": [4]}, "evaluations = [4] is not a known key; allowed: protocol, datasets, methods"),
    ],
)
def test_a_wrong_experiment_on_episodes_is_refused(shipped, changed, said):
    raw = quick_yaml.loaded(shipped)
    raw["scales"] = {"smoke": raw["scales"]["smoke"]}
    raw["scale"] = "smoke"
    raw["scales"]["smoke"]["experiments"]["episodes"] |= changed
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    assert str(error.value).startswith(PLACE + said)
    assert "\n" not in str(error.value)
