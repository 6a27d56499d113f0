"""Examples held out of training: counted, and in no batch of any method, looked at one by one."""

import pytest
import torch
from cell import SETTINGS
from safetensors.torch import load_file

from robustpath.data.prepared import load
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.held_out import learnt


@pytest.mark.parametrize(
    ("size", "share", "left"), [(50, 0.2, 40), (100, 0.07, 93), (12, 0.2, 9), (50, 0.0, 50), (10, 0.9, 1), (3, 0.01, 2)]
)
def test_a_share_rounded_up_is_held_out(size, share, left):
    assert learnt(size, share) == left


def test_a_deal_parts_the_training_set_in_its_order(data):
    dealt = deal_of(SETTINGS | {"held_out": 0.2}, load(data), 1)
    labels = dealt.labels(0.5)
    for own, positions in ((dealt.training(20, 0.5), slice(0, 16)), (dealt.holdout(20, 0.5), slice(16, 20))):
        assert torch.equal(own[0], dealt.parts.train[positions])
        assert torch.equal(own[1], labels[dealt.parts.train[positions]])
    assert not len(deal_of(SETTINGS, load(data), 1).holdout(20, 0.5)[0])


@pytest.mark.parametrize(("method", "own"), [("sgd", (0, 0)), ("early_stopping", (4, 7)), ("contour_warmup", (0, 0))])
def test_no_batch_probe_or_own_hold_out_has_an_example_that_is_held_out(method, own, data):
    """`own`: examples, of the 16 and 32 that are left of 20 and 40, that the method itself keeps out of its batches."""
    prepared, spec = load(data), training.methods.load(method)
    cell = training.Cell(SETTINGS | {"method": method, "held_out": 0.2}, spec, prepared, torch.device("cpu"), 2)
    runs = [training.Run(20, 0.0, 0, 0), training.Run(40, 0.0, 1, 0)]
    source = cell.source(runs)
    state, seen = source.init(), [{"batch": set(), "probe": set(), "holdout": set()} for _ in runs]
    place = {tuple(row.tolist()): position for position, row in enumerate(prepared.inputs)}
    for stage in cell.stages:
        for step in range(stage.steps):
            state, dealt = source.next(state, None, stage, step)
            fields = {"batch": dealt.batch} | {name: dealt.given[name] for name in dealt.given if name != "noise"}
            for name, batch in fields.items():
                for member, rows in enumerate(batch["inputs"]):
                    seen[member][name] |= {place[tuple(row.tolist())] for row in rows}
    for member, run in enumerate(runs):
        pool, left = cell.pools[run.seed].tolist(), run.train_size * 4 // 5
        assert seen[member]["batch"] == set(pool[: left - own[member]])
        assert seen[member]["holdout"] == set(pool[left - own[member] : left])
        assert seen[member]["probe"] <= set(pool[: left - own[member]])


def test_a_run_learns_as_from_a_training_set_of_that_size(train):
    """Held out means the same as not there: a fifth less is a smaller training set, which splits deal nested."""
    some, *_ = train("a", train_sizes=[20], held_out=0.2)
    fewer, *_ = train("b", train_sizes=[16])
    whole, *_ = train("c", train_sizes=[20])
    assert all(torch.equal(tensor, load_file(fewer)[name]) for name, tensor in load_file(some).items())
    assert not all(torch.equal(tensor, load_file(whole)[name]) for name, tensor in load_file(some).items())
