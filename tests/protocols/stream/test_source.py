"""What a stream deals, step by step, against a slow reader that keeps the memory in a dictionary."""

import pytest
import torch

from robustpath.engine.plan import Stage
from robustpath.engine.source import NOBODY, Data
from robustpath.methods.memory import NOWHERE
from robustpath.protocols.stream.source import course, dealing

LENGTH, SIZE, SLOTS, REPEATS, WIDTH = 60, 5, 8, 3, 40
BATCHES = LENGTH // SIZE
SEEDS = [0, 1]
ROW = torch.tensor([0, 1, 1])  # of three members, the place of the seed
LEVEL = torch.tensor([0, 0, 1])  # and of the labels
# Every example is known by its inputs, which are its place in the streams of both seeds plus 1.
INPUTS = (torch.arange(2.0 * LENGTH)[:, None] + 1).expand(-1, WIDTH).clone()
LABELS = torch.stack([torch.arange(2 * LENGTH) % 7, torch.arange(2 * LENGTH) % 5])
NEEDS = {"replay": 20, "other_replay": 20, "augmented_replay": 50, "memory": 11, "noise": 2}


def places(fields, member):
    """Which examples a member is dealt: their places in the streams."""
    return (fields["inputs"][member].amax(1) - 1).long().tolist()


def met(found, member):
    """The examples of all batches of a member, in their order."""
    return [place for batch in range(BATCHES) for place in places(found[batch, 0].batch, member)]


def dealt(needs=None, order="batches", repeats=REPEATS, data=None, memory=SLOTS):
    """Everything that is dealt, by (batch, step of the batch)."""
    needs = NEEDS if needs is None else needs
    data = data or Data(INPUTS, LABELS, LEVEL)
    courses = [course(order, LENGTH, SIZE, memory, "toy", seed) for seed in SEEDS]
    source = dealing(data, courses, SEEDS, ROW, repeats, 6, "toy", None, tuple)
    stage = Stage(0, BATCHES * repeats, 1.0, needs, order)
    found = [source.next((), {}, stage, step)[1] for step in range(stage.steps)]
    return {divmod(step, repeats): each for step, each in enumerate(found)}


def memories(found, member):
    """What a slow reader of the batches keeps in its memory while each batch stays: {slot: example}."""
    memory, while_it_stays = {}, []
    for batch in range(BATCHES):
        fields = found[batch, 0].batch
        own = dict(zip(fields["positions"][member].tolist(), places(fields, member), strict=True))
        own.pop(NOWHERE, None)
        while_it_stays.append(dict(memory) if batch else dict(own))
        memory |= own
    return while_it_stays, memory


@pytest.fixture(scope="module")
def everything():
    return dealt()


def test_every_batch_stays_for_its_steps_and_arrives_and_leaves_once(everything):
    for member, seed in enumerate(ROW.tolist()):
        assert met(everything, member) == list(range(seed * LENGTH, (seed + 1) * LENGTH))
    for (batch, step), each in everything.items():
        assert set(each.batch) == {"inputs", "labels", "positions"}  # nothing says which task it is
        assert torch.equal(each.batch["inputs"], everything[batch, 0].batch["inputs"])
        assert each.arrives is (None if step == 0 else NOBODY)
        assert each.leaves is (None if step == REPEATS - 1 else NOBODY)


@pytest.mark.parametrize("size", [3, SIZE, SLOTS, LENGTH])
def test_what_is_replayed_lies_in_its_slot_of_the_memory_of_earlier_batches(size):
    found = dealt(memory=size)
    for member, level in enumerate(LEVEL.tolist()):
        kept, _ = memories(found, member)
        assert len(kept[-1]) == min(size, LENGTH - SIZE)
        for (batch, _), each in found.items():
            for name in ("replay", "other_replay", "augmented_replay", "memory"):
                fields = each.given[name]
                own = places(fields, member)
                assert [kept[batch][slot] for slot in fields["positions"][member].tolist()] == own
                assert fields["labels"][member].tolist() == LABELS[level, own].tolist()
            assert each.given["memory"]["positions"][member].tolist() == [slot % len(kept[batch]) for slot in range(11)]


def test_each_step_replays_others_and_all_slots_alike(everything):
    for name in ("replay", "other_replay", "augmented_replay"):
        drawn = torch.stack([everything[key].given[name]["positions"] for key in sorted(everything)])
        assert len({tuple(row.tolist()) for row in drawn[:, 0]}) == len(drawn)
        assert not torch.equal(drawn[:, 0], drawn[:, 1])  # of another seed
        assert torch.equal(drawn[:, 1], drawn[:, 2])  # of the same seed
        later = drawn[2 * REPEATS :, :2].flatten()  # when the memory is full
        expected = len(later) / SLOTS
        statistic = (torch.bincount(later, minlength=SLOTS) - expected).square().sum() / expected
        assert statistic < 24.3  # the 0.1% quantile of chi-square with 7 degrees of freedom
    both = everything[9, 1].given
    assert not torch.equal(both["replay"]["positions"], both["other_replay"]["positions"])


def equal(one, other):
    """Of two things dealt under a name."""
    return torch.equal(one, other) if torch.is_tensor(one) else all(torch.equal(one[key], other[key]) for key in one)


def test_what_is_dealt_in_a_step_depends_on_no_budget_and_on_no_other_need(everything):
    longer = dealt(repeats=5)
    for (batch, step), each in everything.items():
        assert equal(each.batch, longer[batch, step].batch)
        assert all(equal(each.given[name], longer[batch, step].given[name]) for name in NEEDS), (batch, step)
    for name, size in NEEDS.items():
        alone = dealt({name: size})
        assert all(equal(each.given[name], alone[key].given[name]) for key, each in everything.items()), name


def test_about_a_tenth_of_the_numbers_of_replayed_inputs_is_dropped(everything):
    shares = []
    for key, each in everything.items():
        changed = each.given["augmented_replay"]["inputs"]
        kept = changed != 0
        assert torch.equal(changed, changed.amax(2, keepdim=True).expand_as(changed) * kept)
        shares.append(1 - kept.double().mean())
        assert not torch.equal(kept[0], kept[1])
        assert key == (0, 0) or not torch.equal(kept, everything[0, 0].given["augmented_replay"]["inputs"] != 0)
        assert (each.given["replay"]["inputs"] != 0).all()
    # 36 steps x 2 seeds x 50 inputs x 40 numbers: four standard deviations.
    assert abs(torch.stack(shares).mean() - 0.1) < 4 * (0.09 / 144_000) ** 0.5


def test_noise_is_standard_normal_and_its_own_in_every_step(everything):
    drawn = torch.stack([each.given["noise"] for each in everything.values()])
    assert drawn.shape == (BATCHES * REPEATS, 3, 12)
    numbers = drawn[:, :2].flatten()
    assert len(numbers.unique()) == len(numbers)
    assert torch.equal(drawn[:, 1], drawn[:, 2])
    assert abs(numbers.mean()) < 4 / len(numbers) ** 0.5
    assert abs(numbers.square().mean() - 1) < 4 * (2 / len(numbers)) ** 0.5


@pytest.mark.parametrize("batch", [0, 4, BATCHES - 2])
def test_nothing_of_the_future_is_dealt(batch, everything):
    """The stream is another after a batch: up to it, nothing that is dealt changes."""
    later = (torch.arange(2 * LENGTH) % LENGTH) >= (batch + 1) * SIZE
    changed = Data(torch.where(later[:, None], -INPUTS, INPUTS), torch.where(later, 6 - LABELS, LABELS), LEVEL)
    other = dealt(data=changed)
    for (now, step), each in everything.items():
        same = equal(each.batch, other[now, step].batch)
        assert same == (now <= batch)
        given = all(equal(each.given[name], other[now, step].given[name]) for name in NEEDS)
        assert given or now > batch + 1
    assert not equal(everything[BATCHES - 1, 0].given["replay"], other[BATCHES - 1, 0].given["replay"]) or (
        batch == BATCHES - 2
    )


def test_joint_batches_have_every_example_once_in_another_order():
    found = dealt(order="joint")
    for member, seed in enumerate(ROW.tolist()):
        own = met(found, member)
        assert own != sorted(own) == list(range(seed * LENGTH, (seed + 1) * LENGTH))
        kept, _ = memories(found, member)
        replayed = found[7, 1].given["replay"]
        slots = replayed["positions"][member].tolist()
        assert [kept[7][slot] for slot in slots] == places(replayed, member)


def test_batches_from_the_memory_hold_what_it_holds_after_the_last_batch(everything):
    found = dealt(order="memory")
    for member in range(3):
        _, final = memories(everything, member)
        own = met(found, member)
        assert set(own) == set(final.values())
        counts = [own.count(example) for example in final.values()]
        assert max(counts) - min(counts) <= 1
    assert all((each.batch["positions"] == NOWHERE).all() for each in found.values())
