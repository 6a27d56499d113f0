"""Zhang et al.: few weights fit any labels, and a network larger than its data fits random ones."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from robustpath.data.prepare import prepare
from robustpath.data.prepared import load
from robustpath.models.functional import initialise, predict
from robustpath.models.mlp import mlp
from robustpath.theory import memorisation as case


@pytest.mark.parametrize("seed", range(5))
def test_2n_plus_d_weights_fit_any_labels(seed):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(50, 5, generator=generator, dtype=torch.float64)
    labels = torch.randn(50, generator=generator, dtype=torch.float64)
    memory = case.memorise(inputs, labels, torch.randn(5, generator=generator, dtype=torch.float64))
    assert memory.size() == 105
    assert (memory(inputs) - labels).abs().max() < 1e-9


def test_by_hand():
    """Inputs 2, 0, 1 on a line with labels 1, 3, 0: thresholds -1, 1/2, 3/2, and weights solved row by row."""
    inputs, labels = torch.tensor([[2.0], [0.0], [1.0]]).double(), torch.tensor([1.0, 3.0, 0.0]).double()
    memory = case.memorise(inputs, labels, torch.ones(1).double())
    assert memory.thresholds.tolist() == [-1.0, 0.5, 1.5]
    assert memory.weights.tolist() == pytest.approx([3.0, -12.0, 20.0])


def test_every_row_of_the_case_is_as_expected():
    table = case.run({"sizes": [10, 50], "dimension": 5, "seeds": 3})
    assert len(table) == 2 * 3 * 3
    assert (table["value"] - table["expected"]).abs().max() < 1e-9


def test_a_network_larger_than_its_data_fits_random_labels_and_learns_nothing(tmp_path):
    """Zhang et al., Table 1 in small: training accuracy 100 %, test accuracy at chance (here 10 % +- 6)."""
    prepare({"dataset": "optdigits", "image_size": 8}, tmp_path / "o.safetensors", tmp_path / "o.json")
    data, generator = load(tmp_path / "o.safetensors"), torch.Generator().manual_seed(0)
    order = torch.randperm(len(data.labels), generator=generator)
    train, test = order[:400], order[400:1400]
    drawn = torch.randint(0, 10, (400,), generator=generator)
    model = mlp(64, [128, 128], 10)
    params = {key: tensor.requires_grad_() for key, tensor in initialise(model, generator).items()}
    network, optimiser = predict(model), torch.optim.Adam(params.values(), lr=5e-3)
    for _ in range(250):
        optimiser.zero_grad()
        cross_entropy(network(params, data.inputs[train]), drawn).backward()
        optimiser.step()

    def accuracy(rows, labels):
        return (network(params, data.inputs[rows]).argmax(1) == labels).double().mean().item()

    assert accuracy(train, drawn) == 1.0
    assert 0.04 < accuracy(test, data.labels[test]) < 0.16
