"""The literal proposal: features on the batch, the model before it, and a radius that follows the confirmed gain."""

import pytest
import torch

from .balls import LAYERS, LOSS, examples, same, start, stream
from .conftest import bound

RATE = {"learning_rate": 0.1}


def relative(params, anchor, inputs):
    """The mean over the two layers of ReLUs of the squared change in units of the anchor's features, by hand."""
    now, then = LAYERS(params, inputs), LAYERS(anchor, inputs)
    return sum(((now[name] - then[name]) ** 2).sum() / (then[name] ** 2).sum() for name in ("2", "4")) / 2


def test_it_measures_both_hidden_layers_on_the_batch():
    found = stream(bound("literal_proposal", radius=0.01, **RATE), 4, batches=1, dtype=torch.float64)
    expected = relative(found.params, start(torch.float64), examples(10, 0, torch.float64).inputs) / 0.01
    assert found.state.ratio.item() == pytest.approx(expected.item(), rel=1e-9)


def test_one_step_a_batch_is_that_without_a_ball():
    plain = stream(bound("online_sgd", **RATE), 1)
    assert same(stream(bound("literal_proposal", **RATE), 1).params, plain.params)


def test_the_weight_grows_outside_and_falls_inside():
    """By hand: far outside a tiny radius the weight grows by 1.5 a batch, up to 10; far inside it falls, to 0.03."""
    wide = stream(bound("literal_proposal", radius=100.0, **RATE), 2, batches=12)
    tight = stream(bound("literal_proposal", radius=1e-9, **RATE), 2, batches=9)
    assert [info["weight"].item() for info in tight.infos[::2]] == pytest.approx(
        [min(1.5**number, 10.0) for number in range(9)]
    )
    assert [info["weight"].item() for info in wide.infos[::2]] == pytest.approx(
        [max(1.5**-number, 0.03) for number in range(12)], rel=1e-5
    )


def test_the_radius_follows_the_gain_that_the_next_batch_confirms():
    """By hand: the averages of both gains, their quotient, and the factors 0.9 and 1.1 at 0.15 and 0.4."""
    found = stream(bound("literal_proposal", radius=0.01, doubted=0.15, **RATE), 3, batches=7, dtype=torch.float64)
    batches = [examples(10, number, torch.float64) for number in range(7)]
    held = own = None
    radius, expected, ratio = 0.01, [0.01], 0.0
    for number in range(1, 7):
        before, after = found.centres[number - 1], found.centres[number]
        new = LOSS(before, batches[number]) - LOSS(after, batches[number])
        old = LOSS(before, batches[number - 1]) - LOSS(after, batches[number - 1])
        # the average has the first batch's nothing in it
        held, own = (0.1 * new, 0.1 * old) if held is None else (held + 0.1 * (new - held), own + 0.1 * (old - own))
        share = held / own
        ratio = found.infos[3 * number]["ratio"].item()
        if share < 0.15:
            radius *= 0.9
        elif share > 0.4 and ratio > 1 / 1.5:
            radius *= 1.1
        expected.append(radius)
    assert [info["radius"].item() for info in found.infos[::3]] == pytest.approx(expected, rel=1e-6)
    assert len(set(expected)) > 1
