import pytest
import torch

from robustpath import methods, models
from robustpath.models.functional import initialise
from robustpath.protocols.stream import footprint

PARAMETERS = 64 * 16 + 16 + 16 * 10 + 10  # of a perceptron 64-16-10
EXAMPLES = 30 * (64 * 4 + 8)  # 30 slots of 64 float32 inputs and an int64 label


@pytest.fixture(scope="module")
def params():
    return initialise(models.network({"hidden": [16]}, (8, 8), 10), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "kept"),
    {
        "online_sgd": 0,
        "er": EXAMPLES,
        "gdumb": EXAMPLES,
        "der": EXAMPLES + 2 * 30 * 10 * 4 + 4,  # logits before and with the batch, and whether there are any
        "l2_sp": 4 * PARAMETERS,
        "ewc": 2 * 4 * PARAMETERS,  # the Fisher and the anchor
        "parametric_memory": EXAMPLES + 4 * PARAMETERS,
    }.items(),
)
def test_a_method_keeps_its_examples_and_its_state(name, kept, params):
    spec = methods.load(name)
    assert footprint.kept(spec, params, values=64, memory=30, batch_size=10) == kept


def test_a_memory_inside_the_network_counts_by_its_slots():
    experiment = {"datasets": ["optdigits"], "tasks": 2, "examples": 50, "memory": 30, "examples_per_batch": 10}
    settings = {"image_size": 8, "hidden": [16]}
    small, large = (
        footprint.of_run(
            methods.load("nearest_keys"), settings, experiment | {"model": "episodic_mlp", "memory": slots}
        )
        for slots in (30, 40)
    )
    in_network = 10 * (16 + 10 + 1) * 4  # keys, values, and whether a slot is filled
    assert large - small in (in_network, in_network + 10 * (64 * 4 + 8))


def test_training_on_all_tasks_keeps_the_stream_and_a_signal_has_no_size():
    experiment = {"datasets": ["optdigits"], "tasks": 2, "examples": 50, "memory": 30, "examples_per_batch": 10}
    settings = {"image_size": 8, "hidden": [16]}
    assert footprint.of_run(methods.load("joint"), settings, experiment) == 100 * (64 * 4 + 8)
    assert footprint.of_run(methods.load("er"), settings, experiment | {"datasets": ["mnist1d"]}) is None
