"""Associative retrieval (Ba et al. 2016, Section 4.1): fast weights, an LSTM and an IRNN at equal compute.

A sequence is "c9k8j3f1??c": pairs of a letter and a digit, two question marks, one of the letters; the answer is its
digit. Who does not use the last letter can do no better than to answer the digit that occurs most often.

This is plain PyTorch and no method of the registry: the networks are recurrent, and what is compared are networks and
not ways to train one. All seeds are computed at once: weights are flat, [seeds, weights], and each seed has sequences
of its own.
"""

import math
from collections.abc import Iterator

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, layer_norm

from robustpath.core.parameters import unflatten
from robustpath.core.randomness import generator
from robustpath.theory import adam, table
from robustpath.theory.table import Row

CASE = "associative_retrieval"
SOURCE = "ba2016fast"
DERIVED = "closed form, robustpath.theory.associative_retrieval"
BOUNDED = "ba2016fast, Section 4.1, with a bound of this study"
IRNN, LSTM, FAST = "IRNN", "LSTM", "fast weights"
DIGITS = 10
# As in two public ports, date333cs/fastweights_ar at 0e103cc (src/models.py) and AjayTalati/AssociativeRetrieval at
# 3f7f88f (FastWeightsRNN.py): one inner step, the rate of the fast weights, their initial recurrent weights of 0.05 I;
# embedding and head as in the first. Both take a decay of 0.9, GokuMohandas/fast-weights at 4c5929a (fw/train.py) takes
# 0.95, so the config names the decays.
FAST_RATE, DIAGONAL, EMBEDDING, HEAD, BATCH = 0.5, 0.05, 100, 100, 128
# Of this study: Adam's rate and the scale of the embeddings, both larger than there, so that few steps are enough.
RATE, SCALE, CLIP = 0.003, 2.0, 5.0
TEST, CHECKS = 3000, 100_000  # sequences
POINTS = 0.05  # by which the error of fast weights must be below the LSTM's
IDENTITY = (3, 11, 20)  # sequences, steps and units on which the two forms of the fast weights are compared


def shapes(network: str, letters: int, units: int) -> dict[str, tuple[int, int]]:
    """The weights of a network by name; biases and the gains of layer normalisation are rows."""
    width = 4 * units if network == LSTM else units
    recurrent = {"input": (EMBEDDING, width), "recurrent": (units, width), "bias": (1, width)}
    normal = {"gain": (1, units), "shift": (1, units)} if network == FAST else {}
    head = {"hidden": (units, HEAD), "hidden bias": (1, HEAD), "output": (HEAD, DIGITS), "output bias": (1, DIGITS)}
    return {"embedding": (letters + DIGITS + 1, EMBEDDING), **recurrent, **normal, **head}


def initial(network: str, letters: int, units: int, stream: torch.Generator) -> Tensor:
    """The weights to start from: [weights].

    The IRNN's recurrent weights are the identity (Le et al. 2015), those of fast weights 0.05 I; the LSTM's forget gate
    has a bias of 1. The other matrices are uniform within 1 / sqrt(rows), as in PyTorch.
    """

    def start(name: str, shape: tuple[int, int]) -> Tensor:
        if name == "embedding":
            return SCALE * torch.randn(shape, generator=stream)
        if name == "recurrent" and network != LSTM:
            return (1.0 if network == IRNN else DIAGONAL) * torch.eye(units)
        if name == "bias" and network == LSTM:
            return torch.cat([torch.zeros(units), torch.ones(units), torch.zeros(2 * units)])
        if name == "gain":
            return torch.ones(shape)
        if name == "shift" or name.endswith("bias"):
            return torch.zeros(shape)
        return (2 * torch.rand(shape, generator=stream) - 1) / math.sqrt(shape[0])

    return torch.cat([start(name, shape).flatten() for name, shape in shapes(network, letters, units).items()])


def draw(count: int, pairs: int, letters: int, streams: list[torch.Generator]) -> tuple[Tensor, Tensor]:
    """Sequences [seeds, count, 2 pairs + 3] and answers [seeds, count]: letters are 0, 1, …, then the digits, then "?".

    The letters of a sequence differ; its digits may be alike.
    """
    sequences, answers = [], []
    for stream in streams:
        chosen = torch.rand(count, letters, generator=stream).argsort(1)[:, :pairs]
        digits = torch.randint(DIGITS, (count, pairs), generator=stream)
        asked = torch.randint(pairs, (count, 1), generator=stream)
        marks = torch.full((count, 2), letters + DIGITS)
        both = torch.stack([chosen, letters + digits], 2).flatten(1)
        sequences.append(torch.cat([both, marks, chosen.gather(1, asked)], 1))
        answers.append(digits.gather(1, asked)[:, 0])
    return torch.stack(sequences), torch.stack(answers)


def by_matrix(states: Tensor, query: Tensor, decay: float) -> Tensor:
    """A(t) q from the matrix of each sequence, A(t) = decay A(t-1) + eta h(t) h(t)' (Ba et al., eq. 1).

    states [t, …, units] of the steps so far, query [… , units] -> […, units]. The slow form of `by_states`.
    """
    matrix = torch.zeros(*query.shape, query.shape[-1], dtype=query.dtype)
    for state in states:
        matrix = decay * matrix + FAST_RATE * state[..., :, None] * state[..., None, :]
    return (matrix @ query[..., None])[..., 0]


def by_states(states: Tensor, query: Tensor, decay: float) -> Tensor:
    """The same as attention to the states so far: sum over k of eta decay^(t-k) h(k) (h(k)' q)."""
    ages = torch.arange(len(states) - 1, -1, -1, dtype=query.dtype)
    weights = (FAST_RATE * decay**ages).reshape(-1, *[1] * query.dim())
    return (states * ((states * query).sum(-1, keepdim=True) * weights)).sum(0)


def irnn_states(inputs: list[Tensor], weights: dict[str, Tensor], decay: float) -> Tensor:
    """The last state of h(t) = relu(W h(t-1) + x(t)), from h = 0."""
    state = torch.relu(inputs[0])
    for each in inputs[1:]:
        state = torch.relu(torch.baddbmm(each, state, weights["recurrent"]))
    return state


def lstm_states(inputs: list[Tensor], weights: dict[str, Tensor], decay: float) -> Tensor:
    """The last state of an LSTM (input, forget, cell and output gate, in this order), from h = c = 0."""
    cell = state = torch.zeros_like(inputs[0].chunk(4, -1)[0])
    for each in inputs:
        enter, keep, new, leave = torch.baddbmm(each, state, weights["recurrent"]).chunk(4, -1)
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(enter) * torch.tanh(new)
        state = torch.sigmoid(leave) * torch.tanh(cell)
    return state


def fast_states(inputs: list[Tensor], weights: dict[str, Tensor], decay: float) -> Tensor:
    """The last state of h_0 = relu(LN[z]), h(t) = relu(LN[z + A(t-1) h_0]) with z = W h(t-1) + x(t) (Ba et al., eq. 2).

    A(t-1) holds every state up to h(t-1), the newest included.
    """

    def normalised(summed: Tensor) -> Tensor:
        return torch.relu(torch.addcmul(weights["shift"], layer_norm(summed, summed.shape[-1:]), weights["gain"]))

    states = [normalised(inputs[0])]
    for each in inputs[1:]:
        summed = torch.baddbmm(each, states[-1], weights["recurrent"])
        states.append(normalised(summed + by_states(torch.stack(states), normalised(summed), decay)))
    return states[-1]


STATES = {IRNN: irnn_states, LSTM: lstm_states, FAST: fast_states}


def logits(network: str, weights: Tensor, sequences: Tensor, letters: int, units: int, decay: float) -> Tensor:
    """Logits [seeds, count, 10] after the last symbol of sequences [seeds, count, length].

    A symbol's part of the recurrence, C x + b, is computed once a batch for each of the symbols that there are.
    """
    parts = unflatten(weights, shapes(network, letters, units))
    symbols = torch.baddbmm(parts["bias"], parts["embedding"], parts["input"])
    inputs = symbols[torch.arange(len(weights))[:, None, None], sequences.mT].unbind(1)
    state = STATES[network](list(inputs), parts, decay)
    hidden = torch.relu(torch.baddbmm(parts["hidden bias"], state, parts["hidden"]))
    return torch.baddbmm(parts["output bias"], hidden, parts["output"])


def cost(network: str, pairs: int, units: int) -> int:
    """Multiplications of a sequence: recurrence and head.

    A step takes R² for the IRNN, 4 R² for the four gates of the LSTM, and 4 R² for fast weights: W h, A h, the decay of
    A and its new term. (That is with the matrix A; `by_states` takes fewer, which is not counted in its favour.)
    """
    step = {IRNN: 1, LSTM: 4, FAST: 4}[network] * units**2
    return (2 * pairs + 3) * step + units * HEAD + HEAD * DIGITS


def errors(network: str, decay: float, settings: dict, steps: int) -> Tensor:
    """The share of wrong answers on new sequences after so many steps of Adam: [seeds].

    Every step sees new sequences, the same for all networks; a gradient longer than 5 is scaled to that length.
    """
    pairs, letters, units, seeds = (settings[key] for key in ("pairs", "letters", "units", "seeds"))
    starts = [initial(network, letters, units, generator(CASE, network, "start", seed)) for seed in range(seeds)]
    weights = torch.stack(starts)
    streams = [generator(CASE, "sequences", seed) for seed in range(seeds)]
    moments = adam.begin(weights)
    for _ in range(steps):
        sequences, answers = draw(BATCH, pairs, letters, streams)
        leaf = weights.requires_grad_()
        outputs = logits(network, leaf, sequences, letters, units, decay)
        loss = seeds * cross_entropy(outputs.flatten(0, 1), answers.flatten())
        gradient = torch.autograd.grad(loss, leaf)[0]
        gradient = gradient * (CLIP / gradient.norm(dim=1, keepdim=True).clamp_min(CLIP))
        weights, moments = adam.step(leaf.detach(), gradient, moments, RATE)
    sequences, answers = draw(TEST, pairs, letters, [generator(CASE, "test", seed) for seed in range(seeds)])
    found = logits(network, weights, sequences, letters, units, decay).argmax(2)
    return (found != answers).double().mean(1)


def error_without_query(pairs: int) -> float:
    """The error of the best answer that does not depend on the last letter: 1 - E[most often] / pairs.

    P(no digit more than m times) = pairs! / 10^pairs times the coefficient of x^pairs in (sum_{j <= m} x^j / j!)^10.
    """
    expected = 0.0
    for most in range(pairs):
        power = torch.eye(1, pairs + 1, dtype=torch.float64)[0]
        terms = [1 / math.factorial(j) for j in range(most + 1)]
        for _ in range(DIGITS):
            power = sum(term * torch.cat([torch.zeros(j), power])[: pairs + 1] for j, term in enumerate(terms))
        expected += 1 - power[pairs].item() * math.factorial(pairs) / DIGITS**pairs
    return 1 - expected / pairs


def answer_most_often(pairs: int, letters: int, seed: int) -> float:
    """The measured error of answering the digit that occurs most often."""
    sequences, answers = draw(CHECKS, pairs, letters, [generator(CASE, "check", seed)])
    digits = sequences[0, :, 1 : 2 * pairs : 2] - letters
    counts = torch.nn.functional.one_hot(digits, DIGITS).sum(1)
    return (counts.argmax(1) != answers[0]).double().mean().item()


def identity_gap(decay: float, seed: int) -> float:
    """The largest gap between the two forms of the fast weights, over all steps of random states."""
    count, length, units = IDENTITY
    stream = generator(CASE, "identity", seed)
    states = torch.randn(length, count, units, generator=stream, dtype=torch.float64)
    query = torch.randn(count, units, generator=stream, dtype=torch.float64)
    gaps = [by_matrix(states[:t], query, decay) - by_states(states[:t], query, decay) for t in range(1, length + 1)]
    return torch.stack(gaps).abs().max().item()


def run(settings: dict) -> pd.DataFrame:
    """The errors of the three networks, of fast weights with every decay; and what is known without training.

    settings: pairs, letters, units, decays, steps (of fast weights and the LSTM; the IRNN takes as many more as its
    sequences are cheaper), seeds.
    """
    pairs, seeds = settings["pairs"], settings["seeds"]
    known = error_without_query(pairs)
    rows = []
    for seed in range(seeds):
        error = answer_most_often(pairs, settings["letters"], seed)
        rows.append(Row("retrieval, most frequent digit", "error", error, known, DERIVED, seed=seed))
        for decay in settings["decays"]:
            place = f"fast weights, decay {decay:g}"
            rows.append(Row(place, "largest gap from attention", identity_gap(decay, seed), 0.0, SOURCE, seed=seed))
    return table.frame(CASE, [*rows, *compared(settings, known)])


def compared(settings: dict, known: float) -> Iterator[Row]:
    """The errors of the trained networks, and by how much those of fast weights are below the LSTM's."""
    more = cost(FAST, settings["pairs"], settings["units"]) / cost(IRNN, settings["pairs"], settings["units"])
    irnn = errors(IRNN, 0.0, settings, round(more * settings["steps"]))
    yield from (
        Row("retrieval, IRNN", "error", each.item(), known, DERIVED, seed=seed) for seed, each in enumerate(irnn)
    )
    lstm = errors(LSTM, 0.0, settings, settings["steps"])
    yield from (Row("retrieval, LSTM", "error", each.item(), seed=seed) for seed, each in enumerate(lstm))
    for decay in settings["decays"]:
        place = f"retrieval, fast weights, decay {decay:g}"
        fast = errors(FAST, decay, settings, settings["steps"])
        yield from (Row(place, "error", each.item(), seed=seed) for seed, each in enumerate(fast))
        yield Row(place, "error below the LSTM's by, at least", (lstm - fast).mean().item(), POINTS, BOUNDED)
