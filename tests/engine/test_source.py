"""Sources with a state, that look at the parameters, and whose batches stay: against one plain loop a member."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.core.parameters import stack, tree_map
from robustpath.engine import checkpoint, population
from robustpath.engine.plan import Stage
from robustpath.engine.source import BLOCK, Data, Dealt, Source, Streams, examples, streamed
from robustpath.methods.base import Batch, Context, Method, Spec, grad, sequence, uniform
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

SIZE, MEMBERS, BATCH, STEPS = 40, 3, 8, 23
STAYS = torch.tensor([1, 2, 5])  # steps for which a member's batch stays
MODEL = mlp(6, [10], 4)
LOSS = mean_cross_entropy(MODEL)


def loss_of(params, inputs, labels):
    return LOSS(params, Batch(inputs, labels))


INPUTS = torch.randn(SIZE, 6, generator=randomness.generator("source"))
DATA = Data(INPUTS, torch.arange(SIZE) % 4)
START = [initialise(MODEL, randomness.generator("start", seed)) for seed in range(MEMBERS)]
HYPERPARAMETERS = {"rate": torch.tensor([0.1, 0.2, 0.3])}


class Slow(NamedTuple):
    """What the method below remembers: the parameters as a batch arrived, the sum of those with which batches left."""

    anchor: dict[str, Tensor]
    left: dict[str, Tensor]


def pulled(rate: Tensor) -> Method:
    """Descent that is pulled back to where the batch found it, and halves its way as the batch leaves."""

    def arrive(loss, params, state, batch, context):
        return state._replace(anchor=params)

    def step(loss, params, state, batch, context):
        moved = tree_map(lambda w, g, a: w - rate * (g + w - a), params, grad(loss)(params, batch), state.anchor)
        return moved, state, {"loss": loss(params, batch)}

    def leave(loss, params, state, batch, context):
        half = tree_map(lambda w, a: (w + a) / 2, params, state.anchor)
        return half, state._replace(left=tree_map(torch.add, state.left, half))

    def init(params):
        return Slow(tree_map(torch.zeros_like, params), tree_map(torch.zeros_like, params))

    return Method(init, step, arrive=arrive, leave=leave)


def spec_of(factory) -> Spec:
    return Spec(factory.__name__, "", factory, {"rate": uniform(0.1, 0.3, default=0.1)}, None, "")


SPEC = spec_of(pulled)
STAGES = [Stage(0, STEPS, 1.0)]


class Met(NamedTuple):
    """The state of the looking source: positions of the batch that stays [M, b], and how many came [M]."""

    positions: Tensor
    came: Tensor


def candidates(member: int, number: int) -> list[Tensor]:
    """Positions of the two batches of which a member takes one as its next."""
    return list(randomness.batches(SIZE, BATCH, 2 * number, 2 * number + 2, "candidates", member))


def looking() -> Source:
    """Of two batches the one of the larger loss comes, and stays for the steps of its member."""

    def deal(state: Met, params, stage: Stage, step: int):
        arrives, leaves = step % STAYS == 0, (step + 1) % STAYS == 0
        both = [candidates(member, number) for member, number in enumerate(state.came.tolist())]
        first, second = (torch.stack([pair[which] for pair in both]) for which in (0, 1))
        losses = [torch.vmap(loss_of)(params, *examples(DATA, each).values()) for each in (first, second)]
        harder = torch.where((losses[0] >= losses[1])[:, None], first, second)
        state = Met(torch.where(arrives[:, None], harder, state.positions), state.came + arrives)
        return state, Dealt(examples(DATA, state.positions), {}, arrives, leaves)

    empty = Met(torch.zeros(MEMBERS, BATCH, dtype=torch.int64), torch.zeros(MEMBERS, dtype=torch.int64))
    return Source(lambda: empty, deal)


def begin() -> population.Snapshot:
    return population.begin(SPEC, STAGES, HYPERPARAMETERS, stack(START))


def advance(snapshot: population.Snapshot, source: Source, after_block=lambda snapshot: None) -> population.Snapshot:
    programs = [population.program(SPEC, LOSS, stage, compiled=False) for stage in STAGES]
    return population.advance(snapshot, SPEC, STAGES, programs, HYPERPARAMETERS, source, after_block)


def plain_loop(member: int) -> tuple[dict[str, Tensor], Slow]:
    """One member alone, with plain Python in place of masks."""
    params, number = START[member], 0
    method = pulled(HYPERPARAMETERS["rate"][member])
    state = method.init(params)
    for step in range(STEPS):
        context = Context(torch.tensor((step + 0.5) / STEPS))
        if step % int(STAYS[member]) == 0:
            batches = [Batch(DATA.inputs[each], DATA.labels[each]) for each in candidates(member, number)]
            batch = max(batches, key=lambda each: LOSS(params, each).item())
            number += 1
            state = method.arrive(LOSS, params, state, batch, context)
        params, state, _ = method.step(LOSS, params, state, batch, context)
        if (step + 1) % int(STAYS[member]) == 0:
            params, state = method.leave(LOSS, params, state, batch, context)
    return params, state


def test_batches_that_stay_and_are_chosen_by_their_loss_follow_a_plain_loop_a_member():
    ended = advance(begin(), looking())
    for member in range(MEMBERS):
        params, state = plain_loop(member)
        for name, tensor in params.items():
            torch.testing.assert_close(ended.params[name][member], tensor)
            torch.testing.assert_close(ended.state.left[name][member], state.left[name])
    assert ended.source.came.tolist() == [23, 12, 5]


@pytest.mark.parametrize("stop", [1, 7, 20])
def test_restored_within_a_batch_it_goes_on_to_the_same_bytes(tmp_path, monkeypatch, stop):
    undisturbed = advance(begin(), looking())
    monkeypatch.setattr(population, "BLOCK", stop)
    file = tmp_path / "saved.safetensors"

    def dies(snapshot):
        checkpoint.save(file, snapshot, "key", MEMBERS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        advance(begin(), looking(), dies)
    source = looking()
    restored = checkpoint.restore(checkpoint.read(file, "key"), begin()._replace(source=source.init()))
    assert restored.step == stop
    assert restored.source.came.tolist() == [-(-stop // int(stays)) for stays in STAYS]
    resumed = advance(restored, source)
    assert all(torch.equal(resumed.params[name], tensor) for name, tensor in undisturbed.params.items())
    assert torch.equal(resumed.source.positions, undisturbed.source.positions)


def masked(mask: Tensor | None) -> Source:
    """The looking source with one mask for all arrivals and leavings."""
    own = looking()

    def deal(state, params, stage, step):
        state, dealt = own.next(state, params, stage, step)
        return state, dealt._replace(arrives=mask, leaves=mask)

    return own._replace(next=deal)


def test_without_masks_every_batch_arrives_and_leaves():
    everybody, nobody = torch.ones(MEMBERS, dtype=torch.bool), torch.zeros(MEMBERS, dtype=torch.bool)
    all_, none, unmasked = (advance(begin(), masked(mask)).params for mask in (everybody, nobody, None))
    assert all(torch.equal(all_[name], tensor) for name, tensor in unmasked.items())
    assert not all(torch.equal(none[name], tensor) for name, tensor in unmasked.items())


@pytest.mark.parametrize("first", [0, 3])
def test_what_is_drawn_in_blocks_is_what_is_drawn_step_by_step(first):
    """Also where a training goes on in the middle of a block, and over the end of a stage."""
    stages = [Stage(0, BLOCK + 7, 1.0, {"noise": 2, "probe": 5}), Stage(1, 9, 1.0, {"probe": 3}, "others")]

    def batches(stage: Stage, start: int, stop: int) -> Tensor:
        drawn = [randomness.batches(SIZE, BATCH, start, stop, stage.order, member) for member in range(MEMBERS)]
        return torch.stack(drawn, dim=1)

    def noise(stage: Stage, start: int, stop: int) -> Tensor:
        drawn = [randomness.noise(4 * stage.needs["noise"], start, stop, member) for member in range(MEMBERS)]
        return torch.stack(drawn, dim=1)

    def fixed(stage: Stage, name: str) -> Tensor:
        return batches(stage, 0, 1)[0, :, : stage.needs[name]]

    source, step = streamed(DATA, Streams(batches, noise, fixed)), 0
    state = source.init()
    for stage in stages:
        for _ in range(stage.steps):
            if step >= first:
                state, dealt = source.next(state, {}, stage, step)
                positions = batches(stage, step, step + 1)[0]
                assert torch.equal(dealt.batch["inputs"], DATA.inputs[positions])
                assert torch.equal(dealt.batch["labels"], DATA.labels[positions])
                assert torch.equal(dealt.given["probe"]["labels"], DATA.labels[fixed(stage, "probe")])
                assert (dealt.arrives, dealt.leaves) == (None, None)
                if "noise" in stage.needs:
                    assert torch.equal(dealt.given["noise"], noise(stage, step, step + 1)[0])
            step += 1


def test_the_phases_of_a_method_pass_the_state_of_the_source_on():
    """A source that counts goes on counting where the next phase begins."""
    counted = []

    def deal(state, params, stage, step):
        counted.append((stage.index, step, int(state[0])))
        return state + 1, Dealt(examples(DATA, torch.zeros(MEMBERS, BATCH, dtype=torch.int64)), {})

    def twice(rate):
        return sequence((0.5, pulled(rate)), (0.5, pulled(rate)))

    spec, stages = spec_of(twice), [Stage(0, 2, 1.0), Stage(1, 3, 1.0)]
    programs = [population.program(spec, LOSS, stage, compiled=False) for stage in stages]
    snapshot = population.begin(spec, stages, HYPERPARAMETERS, stack(START))
    source = Source(lambda: torch.zeros(MEMBERS), deal)
    population.advance(snapshot, spec, stages, programs, HYPERPARAMETERS, source)
    assert counted == [(0, 0, 0), (0, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4)]
