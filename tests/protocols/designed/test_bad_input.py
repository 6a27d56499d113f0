"""What an experiment on designed training sets can get wrong, in one sentence before any job."""

from pathlib import Path

import pytest
import quick_yaml

from robustpath import study
from robustpath.config.errors import ConfigError

PLACE = "config.yaml: scales.smoke.experiments.feature_changes."


@pytest.fixture(scope="module")
def shipped():
    return (Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"datasets": ["mnist1d"]}, "datasets[0] = 'mnist1d' is not the data set whose generator makes designed"),
        ({"settings": 14}, "settings = 14 is more than the 13 training sets of the design changes; allowed: at most"),
        ({"settings": 0}, "settings = 0 is too small"),
        ({"train_size": 1599}, "train_size = 1599 is too small for the design changes; allowed: at least 1,600"),
        ({"design": "sweep", "train_size": 49}, "train_size = 49 is too small for the design sweep; allowed: at least"),
        ({"design": "subset"}, "design = 'subset'"),
        ({"methods": ["high_rate_warmup"]}, 'methods = ["high_rate_warmup"] holds'),
        ({"draws": 2}, "draws = 2 is more than the one draw of designed training sets"),
        ({"grid": {"rate": [0.1]}}, "grid"),
        (
            {"parent": {"experiment": "minima", "method": "sgd"}},
            'parent = {"experiment": "minima", "method": "sgd"} stands in an experiment whose runs begin afresh',
        ),
        ({"numbers": [1]}, "numbers = [1] is not a known key"),
    ],
)  # fmt: skip
def test_a_wrong_experiment_on_designed_training_sets_is_refused(shipped, changed, said):
    raw = quick_yaml.loaded(shipped)
    raw["scales"] = {"smoke": raw["scales"]["smoke"]}
    raw["scale"] = "smoke"
    raw["scales"]["smoke"]["experiments"]["feature_changes"] |= changed
    with pytest.raises(ConfigError) as error:
        study.validate(raw)
    assert str(error.value).startswith(PLACE + said)
    assert "\n" not in str(error.value)
