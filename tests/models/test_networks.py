"""The networks of convolutions: shapes, sizes, and that neither examples nor members touch each other."""

import math

import pytest
import torch
from torch import nn

from robustpath import models
from robustpath.core.errors import UserError
from robustpath.core.randomness import generator
from robustpath.methods.base import Batch
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

NAMES = ("cnn", "strided_cnn", "resnet18")
PERCEPTRONS = ("mlp", "mlp_2", "mlp_4", "mlp_8", "latent_mlp")


def network(name, shape=(3, 32, 32), classes=10):
    return models.network({"model": name}, shape, classes)


def members(model, count):
    return [initialise(model, generator("networks", seed)) for seed in range(count)]


def images(count, *shape):
    return torch.rand(count, *shape, generator=generator("images", *shape))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "classes"), [((28, 28), 10), ((8, 8), 4), ((3, 32, 32), 100), ((3, 64, 64), 2)])
def test_an_image_of_any_size_grey_or_colour_gives_logits(name, shape, classes):
    model = network(name, shape, classes)
    logits = predict(model)(members(model, 1)[0], images(2, *shape))
    assert logits.shape == (2, classes)
    assert logits.isfinite().all() and logits.std() > 0


def batch_normalised(model):
    """The count of parameters with BatchNorm in the place of GroupNorm."""
    norms = [module for module in model.modules() if isinstance(module, nn.GroupNorm)]
    assert len(norms) == 20
    swapped = sum(p.numel() for norm in norms for p in nn.BatchNorm2d(norm.num_channels).parameters())
    rest = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    return swapped + sum(p.numel() for module in rest for p in module.parameters())


def test_resnet18_has_the_parameters_of_the_usual_one_for_cifar():
    model = network("resnet18")
    count = sum(tensor.numel() for tensor in members(model, 1)[0].values())
    assert count == 11_173_962 == batch_normalised(model)
    assert len([module for module in model.modules() if isinstance(module, nn.Conv2d)]) == 20
    assert not [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    more = sum(p.numel() for p in network("resnet18", classes=100).parameters())
    assert more - count == 90 * 513


def test_the_strided_network_halves_each_side_three_times_and_has_about_the_size_of_the_perceptron():
    model = network("strided_cnn", (28, 28))
    params = members(model, 1)[0]
    count = sum(tensor.numel() for tensor in params.values())
    convolutions = (9 + 1) * 8 + (9 * 8 + 1) * 16 + (9 * 16 + 1) * 64
    assert count == convolutions + 2 * (8 + 16 + 64) + 65 * 10 == 11_354
    perceptron = members(mlp(64, [64, 64], 10), 1)[0]
    assert 1 < count / sum(tensor.numel() for tensor in perceptron.values()) < 1.3
    sides = [kept.shape[-1] for kept in activations(model)(params, images(2, 28, 28)).values() if kept.dim() == 4]
    assert sorted(set(sides), reverse=True) == [28, 14, 7, 4]


def test_cnn_has_three_convolutions_and_a_linear_layer():
    sizes = [32 * (27 + 1), 64 * (32 * 9 + 1), 128 * (64 * 9 + 1), 10 * (128 + 1)]
    assert sum(tensor.numel() for tensor in members(network("cnn"), 1)[0].values()) == sum(sizes)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_drawn_from_the_generator_alone(name):
    model = network(name)
    first, again, other = (initialise(model, generator("draw", key)) for key in (0, 0, 1))
    assert first.keys() == dict(model.named_parameters()).keys()
    assert all(first[key].shape == parameter.shape for key, parameter in model.named_parameters())
    assert all(torch.equal(first[key], again[key]) for key in first)
    differ = [key for key in first if not torch.equal(first[key], other[key])]
    normalised = {key for key, module in model.named_modules() if isinstance(module, nn.GroupNorm)}
    assert {key for key in first if key.rpartition(".")[0] not in normalised} == set(differ)


def test_a_convolution_starts_as_pytorchs_default_does():
    weight = members(network("resnet18"), 1)[0]["4.first.0.weight"]
    bound = 1 / math.sqrt(64 * 9)
    assert 0.99 * bound < weight.max() <= bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_the_perceptron_starts_with_the_same_numbers_as_ever():
    stream = generator("as ever")
    expected = [torch.empty(shape).uniform_(-b, b, generator=stream) for shape, b in (
        ((4, 6), 6**-0.5), ((4,), 6**-0.5), ((3, 4), 0.5), ((3,), 0.5)
    )]  # fmt: skip
    found = initialise(mlp(6, [4], 3), generator("as ever"))
    assert all(torch.allclose(*both, rtol=0, atol=1e-7) for both in zip(found.values(), expected, strict=True))
    chosen = models.network({"hidden": [4]}, (2, 3), 3)
    again = initialise(chosen, generator("as ever"))
    assert found.keys() == again.keys()
    assert all(torch.equal(found[key], again[key]) for key in found)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_starts_near_that_of_a_guess(name):
    model = network(name)
    batch = Batch(images(20, 3, 32, 32), torch.arange(20) % 10)
    losses = [mean_cross_entropy(model)(params, batch).item() for params in members(model, 3)]
    assert losses == pytest.approx([math.log(10)] * 3, abs=0.6)


@pytest.mark.parametrize("name", NAMES)
def test_no_example_touches_another(name):
    model = network(name, (3, 16, 16))
    (params,) = members(model, 1)
    params = {key: tensor.double() for key, tensor in params.items()}
    inputs = images(3, 3, 16, 16).double()
    whole = predict(model)(params, inputs)
    alone = torch.cat([predict(model)(params, inputs[i : i + 1]) for i in range(3)])
    assert torch.allclose(whole, alone, rtol=1e-12, atol=1e-12)
    inputs[1:] *= 100
    assert torch.allclose(predict(model)(params, inputs)[0], whole[0], rtol=1e-12, atol=1e-12)
    assert not torch.allclose(predict(model)(params, inputs)[1], whole[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_member_of_a_population_learns_as_it_does_alone(name):
    model = network(name, (3, 8, 8), 4)
    loss = mean_cross_entropy(model)
    batches = [Batch(images(4, 3, 8, 8).double() * (k + 1), (torch.arange(4) + k) % 4) for k in range(2)]
    alone = [{key: tensor.double() for key, tensor in params.items()} for params in members(model, 2)]
    together = {key: torch.stack([params[key] for params in alone]) for key in alone[0]}
    stacked = Batch(*(torch.stack(parts) for parts in zip(*(batch[:2] for batch in batches), strict=True)))
    gradients, losses = torch.vmap(torch.func.grad_and_value(loss), (0, Batch(0, 0)))(together, stacked)
    for k, (params, batch) in enumerate(zip(alone, batches, strict=True)):
        gradient, value = torch.func.grad_and_value(loss)(params, batch)
        assert losses[k].item() == pytest.approx(value.item(), rel=1e-12)
        assert all(torch.allclose(gradients[key][k], gradient[key], rtol=1e-8, atol=1e-10) for key in gradient)


def test_the_settings_choose_the_network():
    assert models.name_of({}) == "mlp"
    assert {*PERCEPTRONS, *NAMES} <= set(models.names())
    assert isinstance(network("cnn")[1], nn.Conv2d)
    with pytest.raises(ModuleNotFoundError):
        network("resnet19")


def test_a_parameter_without_a_rule_is_refused():
    class Gain(nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = nn.Parameter(torch.ones(3, device="meta"))

    with pytest.raises(UserError, match=r"how the parameter 1\.gain of a Gain begins"):
        initialise(nn.Sequential(nn.Linear(2, 3, device="meta"), Gain()), generator("gain"))


def test_a_network_wants_every_parameter():
    model = mlp(6, [4], 3)
    (params,) = members(model, 1)
    lacking = {name: tensor for name, tensor in params.items() if name != "3.weight"}
    with pytest.raises(RuntimeError, match=r"3\.weight"):
        predict(model)(lacking, images(2, 6))


@pytest.mark.parametrize("name", models.names())
def test_activations_end_with_the_logits(name):
    model = models.network({"model": name, "hidden": [5, 4]}, (3, 8, 8), 10)
    (params,) = members(model, 1)
    inputs = images(2, 3, 8, 8)
    found = activations(model)(params, inputs)
    assert list(found) == [layer for layer, _ in model.named_children()]
    assert torch.equal(list(found.values())[-1], predict(model)(params, inputs))


def test_activations_of_a_perceptron_are_those_of_its_arithmetic():
    (params,) = members(mlp(6, [4], 3), 1)
    inputs = images(2, 6)
    hidden = (inputs @ params["1.weight"].T + params["1.bias"]).clamp_min(0)
    assert torch.allclose(activations(mlp(6, [4], 3))(params, inputs)["2"], hidden)
    with pytest.raises(UserError, match="a Linear has no layers in order"):
        activations(nn.Linear(6, 3))({}, inputs)


@pytest.mark.parametrize("name", models.names())
def test_what_a_file_states_is_read_without_importing_it(name):
    module, stated = models.load(name), models.facts(name)
    assert stated.kinds == module.KINDS
    assert stated.measured == module.MEASURED
    assert stated.hidden == getattr(module, "HIDDEN", False)
    assert len(module.PORTION) == 2


def test_a_file_that_leaves_out_a_fact_is_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "HERE", tmp_path)
    (tmp_path / "bare.py").write_text('KINDS, MEASURED = ("image",), False\nPORTION = (64, 0)\n')
    with pytest.raises(UserError, match=r"bare\.py does not state KINDS or MEASURED in a line of its own"):
        models.facts("bare")
