"""What must hold for every method, for those that no perceptron can use: a population of signals, on their network."""

import pytest
import torch
from supervised_methods import OTHERS, SUPERVISED
from torch.utils._pytree import tree_leaves

from robustpath import methods, models
from robustpath.core.parameters import stack
from robustpath.engine import population
from robustpath.engine.source import Dealt
from robustpath.methods import roles
from robustpath.models.functional import activations, mean_cross_entropy, predict

from .conftest import MEMBERS, fix_draws

NAMES = [name for name, family in roles.training().items() if family not in OTHERS and name not in SUPERVISED]
FEW = [MEMBERS[0], MEMBERS[5], MEMBERS[6]]


def model_of(name):
    return models.load(methods.load(name).networks[0]).network((8,), 3, [12, 12])


@pytest.mark.parametrize("name", NAMES)
def test_a_member_learns_and_is_the_same_alone(name, make_cell, train, blobs, monkeypatch):
    fix_draws(monkeypatch, lambda number: {"learning_rate": 0.05} if number else {})
    cell = make_cell(name, model=methods.load(name).networks[0], budget=60)
    together = train(cell, FEW)
    (alone,) = (train(cell, [member]) for member in FEW[1:2])
    assert not together.diverged.any()
    assert all(torch.equal(alone.params[key][0], together.params[key][1]) for key in together.params)
    network = torch.vmap(predict(model_of(name)), in_dims=(0, None))
    right = (network(together.params, blobs.inputs).argmax(2) == blobs.labels).double().mean(1)
    assert (right > 0.5).all()  # of three classes


@pytest.mark.parametrize("name", NAMES)
def test_all_stays_on_the_device_of_the_parameters_and_no_value_is_looked_at(name, make_cell):
    """Tensors of the meta device have no values and refuse to meet others, as those of a GPU do."""
    cell, spec = make_cell(name, model=methods.load(name).networks[0]), methods.load(name)
    start = {key: tensor.to("meta") for key, tensor in stack([cell.start[0]] * 3).items()}
    hyperparameters = {key: torch.empty(3, device="meta") for key in spec.search}
    batch = {"inputs": torch.empty(3, 16, 8, device="meta"), "labels": torch.empty(3, 16, device="meta").long()}
    size, model = sum(tensor[0].numel() for tensor in start.values()), model_of(name)
    for number, stage in enumerate(cell.stages):
        given = dict.fromkeys(stage.needs, batch)
        if "noise" in stage.needs:
            given["noise"] = torch.empty((3, size * stage.needs["noise"]), device="meta")
        before = population.begin(spec, cell.stages, hyperparameters, start, number)
        step = population.program(
            spec, mean_cross_entropy(model), stage, False, predict(model), activations=activations(model)
        )
        progress = torch.empty((), device="meta")
        after = step(hyperparameters, start, before.state, before.diverged, progress, Dealt(batch, given))
        final = population.readout(spec, cell.stages, hyperparameters, before._replace(params=after[0], state=after[1]))
        devices = {leaf.device.type for leaf in tree_leaves((before, after, final)) if torch.is_tensor(leaf)}
        assert devices == {"meta"}


def test_the_last_layer_is_fitted_where_a_memory_follows_it(make_cell, train, monkeypatch):
    """The last parameters of the network are those of the memory, and not the weight and bias of the head."""
    fix_draws(monkeypatch, lambda number: {"strength": 1e9})  # fitted from zero, no weight leaves it
    trained = train(make_cell("dfr", model="adapting_mlp"), FEW[:1])
    assert all(tensor.isfinite().all() for tensor in trained.params.values())
    assert not trained.params["5.weight"].any()
    assert all(trained.params[name].any() for name in ("1.weight", "3.weight", "5.bias"))
