"""Adapting to episodes: a trained network takes steps on each support set, and is scored on the queries."""

from collections.abc import Callable

import torch
from torch import Tensor

from robustpath.core.types import Batch, Params
from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Context, Spec, build
from robustpath.protocols.episodes.sizes import STEPS

Network = Callable[[Params, Tensor], Tensor]


def accuracies(
    spec: Spec, loss: Callable, network: Network, layers: Callable, ways: int, hyperparameters: dict[str, Tensor],
    params: Params, support: Batch, queries: Batch,
) -> Tensor:  # fmt: skip
    """The accuracy of runs after each number of STEPS, averaged over episodes: float64 [M, steps].

    hyperparameters [M], params [M, …]: those of the runs; support, queries: inputs [E, n, …] and labels [E, n] of the
    episodes, which all runs share. A run adapts to each episode anew, by the rule of its method.
    """

    def on_episode(values: dict, start: Params, inputs: Tensor, labels: Tensor, asked: Tensor, truth: Tensor) -> Tensor:
        rule, batch, found = adaptation_of(build(spec, values)), Batch(inputs, labels), []
        context = Context(torch.tensor(0.5), {}, network, layers)
        now, state = start, rule.init(start)
        if rule.arrive:
            state = rule.arrive(loss, now, state, batch, context)
        for step in range(max(STEPS) + 1):
            if step in STEPS:
                logits = network(rule.readout(now, state), asked)[:, :ways]
                found.append((logits.argmax(1) == truth).double().mean())
            if step < max(STEPS):
                now, state, _ = rule.step(loss, now, state, batch, context)
        return torch.stack(found)

    over_episodes = torch.vmap(on_episode, in_dims=(None, None, 0, 0, 0, 0))
    rows = []
    for member in range(len(next(iter(params.values())))):
        own = {name: tensor[member] for name, tensor in hyperparameters.items()}
        start = {name: tensor[member] for name, tensor in params.items()}
        rows.append(over_episodes(own, start, support.inputs, support.labels, queries.inputs, queries.labels).mean(0))
    return torch.stack(rows)
