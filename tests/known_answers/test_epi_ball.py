"""EpiBall: its loss by PyTorch's gradients, what is written as a batch leaves, and how valid keys are, by loops."""

import pytest
import torch
from torch.nn.functional import kl_div

from robustpath.core.types import Batch
from robustpath.engine.plan import step_cost
from robustpath.methods.batches.epi_ball import OLD, validity
from robustpath.methods.memory import NOWHERE, empty, put
from robustpath.models.functional import activations, predict

from .conftest import bound
from .short_streams import learn, passes, started
from .test_nearest_keys import BATCHES, example

REPLAYS = [example(5, 9, [0, 1, 2, 2, 3]), example(5, 8, [3, 1, 0, 1, 2])]
NAMES = ["1.weight", "1.bias", "3.weight", "3.bias", "5.weight", "5.bias"]


def given(number):
    return {"replay": REPLAYS[number % 2]}


def test_a_step_descends_the_loss_the_ball_and_the_reading_of_the_memory():
    """CE_θ(B) + λ KL(p_a || p_θ) + β KL(p_mem || p_θ), with p_mem of the features before the step, held fixed."""
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    plain, _ = started("mlp", 6, 3, [7, 5])
    method = bound("epi_ball", ball=3.0, consolidation=0.7, temperature=0.2, learning_rate=0.1)
    params, state = learn(method, network, params, BATCHES, 2, given)
    loss, _ = passes(plain)
    _, context = passes(network, replay=REPLAYS[1])
    slots, inputs = [0, 1, 2, 3, 5], REPLAYS[1].inputs
    keys, values = params["5.keys"][slots], params["5.values"][slots]
    squares = (activations(network)(params, inputs)["4"][:, None] - keys).square().sum(2)
    torch.testing.assert_close(params["5.reach"], 0.2 * keys.square().sum(1).mean(), rtol=0, atol=1e-14)
    recalled = (-squares / params["5.reach"]).softmax(1) @ values
    recalled = recalled.clamp_min(1e-300)

    def total(p):
        current = predict(plain)(p, inputs).log_softmax(1)
        anchored = predict(plain)(state.anchor, inputs).log_softmax(1)
        held = 3.0 * kl_div(current, anchored, reduction="batchmean", log_target=True)
        return loss(p, BATCHES[0]) + held + 0.7 * kl_div(current, recalled, reduction="batchmean")

    trained = {name: params[name] for name in NAMES}
    slopes, value = torch.func.grad_and_value(total)(trained)
    after, _, info = method.step(passes(network)[0], params, state, BATCHES[0], context)
    torch.testing.assert_close(info["loss"], value, rtol=0, atol=1e-10)
    for name in NAMES:
        torch.testing.assert_close(after[name], params[name] - 0.1 * slopes[name], rtol=0, atol=1e-10)
    assert all(torch.equal(after[name], params[name]) for name in params if name not in NAMES)


def test_as_a_batch_leaves_its_features_are_written_and_the_anchor_follows():
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    method = bound("epi_ball", decay=0.8, trust=1.5)
    first, early = learn(method, network, params, BATCHES[:1], 2, given)
    second, late = learn(method, network, params, BATCHES, 2, given)
    assert all(torch.equal(early.anchor[name], first[name]) for name in NAMES)
    for name in NAMES:
        torch.testing.assert_close(late.anchor[name], 0.8 * first[name] + 0.2 * second[name], rtol=0, atol=1e-12)
    torch.testing.assert_close(second["5.keys"][1], activations(network)(second, BATCHES[1].inputs)["4"][0])
    assert second["5.filled"].nonzero()[:, 0].tolist() == [0, 1, 2, 3, 5]
    assert late.since[[0, 1, 2, 3, 5]].tolist() == [0, 1, 0, 0, 1] and late.batches == 2
    assert (second["5.offset"], second["5.slope"], second["5.tail"]) == (1.5, 1.0, 0.0)


def test_the_start_is_no_anchor():
    """The ball is of no effect on the first batch, and of one on the second."""
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    for batches, same in ((BATCHES[:1], True), (BATCHES, False)):
        found = [learn(bound("epi_ball", ball=ball), network, params, batches, 3, given)[0] for ball in (0.0, 30.0)]
        assert torch.equal(found[0]["1.weight"], found[1]["1.weight"]) == same


def test_how_valid_keys_are():
    """By loops over the replayed examples: slot 0 is new, 1, 2 and 4 are old, 3 is empty."""
    slots, labels = torch.arange(5), torch.tensor([0, 1, 1, 2, 0])
    keys = torch.randn(5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    marks = torch.tensor([1.0, 1.0, 1.0, 0.0, 1.0], dtype=torch.float64)
    one = torch.ones((), dtype=torch.float64)
    stored = {
        "5.keys": put(empty(4).double(), slots, keys),
        "5.values": put(empty(3).double(), slots, torch.eye(3, dtype=torch.float64)[labels]),
        "5.filled": put(empty().double(), slots, marks),
        "5.reach": one,
        "5.tail": 0 * one,
    }
    written = torch.tensor([90.0, 4.0, 9.0, 0.0, 8.0], dtype=torch.float64)
    replay = Batch(torch.zeros(6, 1), torch.tensor([0, 1, 1, 2, 0, 1]), torch.tensor([0, 1, 2, 3, 4, 2]))
    now = keys[replay.positions] + 0.1 * torch.arange(24, dtype=torch.float64).reshape(6, 4)
    found = validity(stored, put(empty().double(), slots, written), torch.tensor(10.0 + OLD), replay, now)
    staleness, read, right = 0.0, 0, 0
    for feature, slot, label in zip(now, replay.positions.tolist(), replay.labels, strict=True):
        staleness += ((feature - keys[slot]).norm() / keys[slot].norm()).item() * (slot != 3)
        if slot in (1, 2, 4):
            votes = torch.zeros(3, dtype=torch.float64)
            for other in {1, 2, 4} - {slot}:
                votes[labels[other]] += (-(feature - keys[other]).square().sum()).exp()
            read, right = read + 1, right + (votes.argmax() == label).item()
    assert 0 < right < read
    assert [value.item() for value in found] == pytest.approx([staleness / 6, read / 6, right / 6], abs=1e-12)


def test_what_a_step_reports_of_the_keys_is_measured_as_the_batch_before_left():
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    method = bound("epi_ball", learning_rate=0.5)
    params, state = learn(method, network, params, BATCHES[:1], 1, given)
    assert state.validity.staleness == 0
    loss, context = passes(network, replay=BATCHES[0])
    moved, state, info = method.step(loss, params, state, BATCHES[1], context)
    assert info["staleness"] == 0
    _, state = method.leave(loss, moved, state, BATCHES[1], context)
    keys, now = params["5.keys"][:4], activations(network)(moved, BATCHES[0].inputs)["4"]
    known = ((now - keys).norm(dim=1) / keys.norm(dim=1)).mean()
    torch.testing.assert_close(state.validity.staleness, known, rtol=0, atol=1e-12)
    assert known > 0.01
    assert method.step(loss, moved, state, BATCHES[1], context)[2]["staleness"] == state.validity.staleness


CELLS = [(memory, ball) for memory in (0.0, 1.0) for ball in (0.0, 3.0)]


def test_the_four_cells_cost_the_same_and_without_both_it_is_the_base_bit_by_bit():
    network, params = started("episodic_mlp", 6, 3, [7, 5])
    plain, known = started("mlp", 6, 3, [7, 5])
    known, _ = learn(bound("online_sgd"), plain, known, BATCHES, 3)
    loss, context = passes(network)
    costs, found = [], []
    for memory, ball in CELLS:
        method = bound("epi_ball", memory=memory, ball=ball)
        costs.append(step_cost(method, loss, params, BATCHES[0], context.network, context.activations, ["step"]))
        found.append(method.readout(*learn(method, network, params, BATCHES, 3, given)))
        assert bool(found[-1]["5.filled"].any()) == bool(memory)
    assert len(set(costs)) == 1 and costs[0] == pytest.approx(1 + 20 / 4 * 4 / 3)
    assert all(torch.equal(found[0][name], known[name]) for name in NAMES)
    logits = [predict(network)(each, BATCHES[0].inputs) for each in found]
    assert torch.equal(logits[0], predict(plain)(known, BATCHES[0].inputs))
    assert all(not torch.allclose(logits[i], logits[j]) for i in range(4) for j in range(i))
    assert not found[3]["5.filled"][NOWHERE]
