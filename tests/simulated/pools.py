"""Made-up views of a pool: what an acquisition sees after a round of training, with no training."""

import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.methods import load
from robustpath.methods.acquiring import Acquisition, View, noted
from robustpath.methods.analogy import Settings
from robustpath.methods.base import build

HIDDEN = 5


def registered(name: str, **hyperparameters: float) -> Acquisition:
    """A registered acquisition; hyperparameters that are not given take their defaults."""
    spec = load(name)
    assert hyperparameters.keys() <= spec.search.keys()
    return build(spec, {key: torch.tensor(value) for key, value in hyperparameters.items()})


def acquisition(name: str, **hyperparameters: float) -> Acquisition:
    """A registered acquisition without its notes: it gives positions alone."""
    acquire = registered(name, **hyperparameters)
    return lambda view, count, stream: noted(acquire(view, count, stream)).positions


def settings_of(name: str, **hyperparameters: float) -> Settings:
    """What a registered acquisition by analogy plans with."""
    return registered(name, **hyperparameters).keywords["settings"]


def pool(examples: int = 60, labelled: int = 16, classes: int = 3, seed: int = 0) -> View:
    """Examples in two attributes whose logits are those of a random last layer, and noisy logits as passes with
    dropout; the labelled ones are spread over the pool and are not in its order."""
    stream = generator("pool", seed)
    weight = torch.randn(classes, HIDDEN, generator=stream)
    true = torch.arange(examples) % classes
    centres, shifts = 2 * torch.randn(classes, HIDDEN, generator=stream), torch.randn(2, HIDDEN, generator=stream)
    attribute = torch.randint(2, (examples,), generator=stream)
    penultimate = (centres[true] + shifts[attribute] + torch.randn(examples, HIDDEN, generator=stream)).relu()
    inputs = torch.randn(examples, 4, 2, generator=stream) + true[:, None, None]

    def head(features: Tensor) -> Tensor:
        return features @ weight.T

    order = torch.randperm(examples, generator=stream)
    chosen = order[:labelled]
    logits = head(penultimate)
    return View(
        inputs=inputs,
        logits=logits,
        sampled=logits + torch.randn(4, examples, classes, generator=stream),
        representations={
            "inputs": inputs.flatten(1),
            "random_features": torch.tanh(inputs.flatten(1) @ torch.randn(8, 7, generator=stream)),
            "penultimate": penultimate,
        },
        head=head,
        labelled=chosen,
        labels=true[chosen],
        correct=torch.rand(6, labelled, generator=stream) < 0.7,
        losses=torch.rand(6, labelled, generator=stream) * 2,
        unlabelled=order[labelled:].sort().values,
        attribute=attribute,
        earlier=logits + torch.randn(6, examples, classes, generator=stream),
    )


def of_logits(logits: Tensor, **others: object) -> View:
    """A pool whose examples are all unlabelled, with these logits [N, classes]; other fields as given."""
    examples, empty = len(logits), torch.zeros(0, dtype=torch.int64)
    view = View(
        inputs=torch.zeros(examples, 1),
        logits=logits,
        sampled=logits[None],
        representations={"penultimate": torch.ones(examples, 1)},
        head=lambda features: features,
        labelled=empty,
        labels=empty,
        correct=torch.zeros(0, 0, dtype=torch.bool),
        losses=torch.zeros(0, 0),
        unlabelled=torch.arange(examples),
    )
    return view._replace(**others)
