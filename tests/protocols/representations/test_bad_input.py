"""What an experiment whose last hidden layer is measured can get wrong, in one sentence before any job."""

import pytest
from small_config import message, small

from robustpath import study
from robustpath.config.errors import report
from robustpath.protocols.representations import sizes
from robustpath.protocols.representations.protocol import PROTOCOL

INSIDE = {
    "protocol": "representations", "datasets": ["gauss_groups"], "methods": ["sgd"], "train_sizes": [50], "seeds": 2,
    "budget": 10,
}  # fmt: skip


def config(**changed):
    raw = small()
    raw["scale"], raw["scales"] = "smoke", {"smoke": raw["scales"]["smoke"]}
    raw["scales"]["smoke"]["further"] = {"inside": INSIDE | changed}
    return raw


@pytest.fixture(scope="module")
def right():
    """A config with an experiment of the protocol."""
    return study.validate(config(sae_steps=7))


def said(right, changed, **of_scale):
    """What is said of the experiment with some keys of its own and of the scale changed; nothing where it is right."""
    scale = right.scales["smoke"].model_copy(update=of_scale)
    experiment = scale.further["inside"].model_copy(update=changed)
    found = list(PROTOCOL.problems(("scales", "smoke", "further", "inside"), experiment, scale, right))
    return report(found, "config.yaml", {}).removeprefix("config.yaml: scales.smoke.") if found else ""


@pytest.mark.parametrize(
    ("changed", "of_scale", "sentence"),
    [
        (
            {"sae_width": 1024}, {"test_size": 1000},
            "further.inside.sae_width = 1024 makes an autoencoder of 65,536 latents, wider than the memory of a job; ",
        ),
        (
            {"sae_width": 2}, {"hidden": [65_536]},
            "further.inside.sae_width = 2 makes an autoencoder of 131,072 latents, wider than the memory of a job; "
            "allowed: a smaller layer or test_size",
        ),
        (
            {"sae_level": 200}, {},
            "further.inside.sae_level = 200 is more than the 128 latents of the autoencoder; allowed: at most 128",
        ),
        (
            {}, {"hidden": [8, 1]},
            "hidden = [8, 1] ends with 1 unit, too few for what inside measures between units; allowed: a last layer",
        ),
        (
            {"datasets": ["fashion_mnist"], "model": "cnn"}, {},
            "further.inside.model = 'cnn' has none of the hidden layers of the scale, the last of which is measured",
        ),
        ({}, {"test_size": 1}, "test_size = 1 is too small for what inside measures of each class; allowed: at lea"),
        ({"train_sizes": [3, 2]}, {}, "further.inside.train_sizes = [3, 2] is not in ascending order"),
    ],
)  # fmt: skip
def test_a_wrong_experiment_is_refused(right, changed, of_scale, sentence):
    found = said(right, changed, **of_scale)
    assert found.startswith(sentence) and "\n" not in found


def test_keys_of_the_wrong_form_are_refused():
    assert "inside.sae_widths = 3 is not a known key; did you mean 'sae_width'?" in message(config(sae_widths=3))
    assert "inside.sae_steps = 0 is too small" in message(config(sae_steps=0))


def test_the_width_that_is_allowed_is_the_largest_that_fits(right):
    found = said(right, {"sae_width": 1024}, test_size=1000)
    most = int(found.split("at most ")[1].split(" ")[0].replace(",", ""))
    assert [sizes.taken(64, width * 64, 1000) <= sizes.ROOM for width in (most, most + 1)] == [True, False]
    assert said(right, {"sae_width": most}, test_size=1000) == ""


def test_runs_are_measured_together_as_far_as_memory_allows():
    assert sizes.together(64, 128, 900) == sizes.TOGETHER
    assert 1 < sizes.together(512, 1024, 5000) == sizes.ROOM // sizes.taken(512, 1024, 5000) < sizes.TOGETHER
    assert sizes.together(512, 1024 * 64, 5000) == 1


def test_scores_depend_on_the_autoencoder_and_the_reference_and_trainings_do_not(right):
    scored = study.evaluate_settings(right, "inside", "gauss_groups")
    names = ("sae_width", "sae_steps", "sae_level", "reference", "protocol")
    assert [scored[name] for name in names] == [2, 7, 8, "sgd", "representations"]
    trained = study.train_settings(right, study.Cell("inside", "gauss_groups", "sgd"))
    assert not any(name.startswith("sae") for name in trained)
    others = study.evaluate_settings(right, "data_efficiency", "fashion_mnist")
    assert "reference" not in others and not any(name.startswith("sae") for name in others)
