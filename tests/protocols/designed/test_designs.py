"""The training sets of each design: what differs between settings, and that nothing else does."""

import pytest
import torch
from scipy.stats import qmc
from small_designs import knobs

from robustpath.protocols.designed import designs
from robustpath.protocols.designed.reliance import balanced, swaps
from robustpath.protocols.designed.sizes import CHANGES
from robustpath.protocols.designed.source import Learner, batches, learned, moments


def test_a_sweep_fills_its_ranges_evenly_and_does_not_depend_on_how_many_settings_there_are():
    found = designs.knobs_of("sweep", range(128), 1000)
    assert found[:5] == designs.knobs_of("sweep", range(5), 1000)
    points = torch.tensor(
        [[(row[name] - low) / (high - low) for name, (low, high) in designs.RANGES.items()] for row in found]
    )
    assert qmc.discrepancy(points.clamp(0, 1).double().numpy()) < 0.01  # about 0.05 of as many random points
    for name, values in designs.CHOICES.items():
        counts = [sum(row[name] == value for row in found) for value in values]
        assert max(counts) - min(counts) <= 2, name  # one point in each 128th of a coordinate
    assert sum(row["train_size"] <= round((50 * 1000) ** 0.5) for row in found) in (64, 65)


def test_with_another_value_of_a_knob_an_example_keeps_the_rest():
    one, other = (designs.pool_of("sweep", knobs(correlation=rho), 200, 1) for rho in (0.5, 0.99))
    assert torch.equal(one.factors.noise, other.factors.noise)
    assert torch.equal(one.labels, other.labels)
    same = (one.attributes == other.attributes).squeeze(1)
    assert torch.equal(one.inputs[same], other.inputs[same]) and 0 < (~same).sum() < 200
    assert not torch.equal(one.inputs, designs.pool_of("sweep", knobs(), 200, 2).inputs)
    assert designs.held("sweep", knobs(train_size=60), one, 1, 0).nonzero().squeeze(1).tolist() == list(range(60))


@pytest.mark.parametrize("design", ["subsets", "changes"])
def test_a_set_holds_as_many_examples_of_each_group_as_its_knobs_say(design):
    for number, own in enumerate(designs.knobs_of(design, range(len(CHANGES)), 1600)):
        pool = designs.pool_of(design, own, 1600, 0)
        of_set = designs.held(design, own, pool, 0, number)
        group = (pool.labels * 2 + pool.attributes[:, 0])[of_set]
        assert group.bincount(minlength=4).tolist() == [own[f"group_{each}"] for each in range(4)]


def test_subsets_come_from_one_pool_for_all_seeds_and_differ():
    own = designs.knobs_of("subsets", [3], 400)[0]
    pools = [designs.pool_of("subsets", own, 400, seed) for seed in (0, 1)]
    assert torch.equal(pools[0].inputs, pools[1].inputs)
    assert not torch.equal(*(designs.held("subsets", own, pools[0], seed, 3) for seed in (0, 1)))


def test_changes_adds_or_removes_exactly_so_many_and_the_others_keep_their_order():
    found = designs.knobs_of("changes", range(len(CHANGES)), 1600)
    assert [(own["group"], own["change"]) for own in found] == CHANGES
    pool = designs.pool_of("changes", found[0], 1600, 0)
    before = designs.held("changes", found[0], pool, 0, 0)
    inside = batches(Learner(0, before, 0), 16, 0, 300).flatten().tolist()
    for own in found[1:]:
        after = designs.held("changes", own, pool, 0, 0)
        changed = (before != after).nonzero().squeeze(1)
        assert len(changed) == abs(own["change"]) and bool(after[changed].all()) == (own["change"] > 0)
        assert set((pool.labels * 2 + pool.attributes[:, 0])[changed].tolist()) == {own["group"]}
        met = batches(Learner(0, after, 0), 16, 0, 300).flatten().tolist()
        gone = set(changed.tolist())
        one, other = ([place for place in order if place not in gone] for order in (inside, met))
        shorter = min(len(one), len(other))
        assert shorter > 4000 and one[:shorter] == other[:shorter]


def test_batches_are_passes_over_the_set_in_blocks_of_any_size():
    of_set = torch.rand(50, generator=torch.Generator().manual_seed(0)) < 0.5
    learner, count = Learner(7, of_set, 3), int(of_set.sum())
    whole = batches(learner, 8, 0, 20)
    assert torch.equal(torch.cat([batches(learner, 8, 0, 11), batches(learner, 8, 11, 20)]), whole)
    own = (of_set.nonzero().squeeze(1) + 7).tolist()
    passes = whole.flatten()[: count * (160 // count)].reshape(-1, count)
    assert all(sorted(row) == own for row in passes.tolist())
    assert not torch.equal(passes[0], passes[1])


def test_the_test_has_equal_groups_and_clean_labels_and_no_feature_is_left_out():
    recipe = designs.recipe_of("sweep", knobs(label_noise=0.2, absent=0.5, correlation=0.99))
    found = balanced(recipe, 0, 1000)
    assert (found.labels * 2 + found.attributes[:, 0]).bincount().tolist() == [1000] * 4
    assert not found.factors.flips.any() and found.factors.present.all()
    assert torch.equal(balanced(recipe, 0, 100).inputs, found.inputs[:400])


def test_at_no_interaction_a_swap_changes_the_mean_of_its_factor_and_nothing_else():
    """Two means are a margin apart (the module's statement of margins), and the core's are orthogonal to the others;
    with an interaction of 1, a swap also leaves the pair's coordinate for another: sqrt(2) x half the margin."""
    for gamma, length in ((0.0, 6.0), (1.0, (6.0**2 + 2 * 3.0**2) ** 0.5)):
        given = swaps(designs.recipe_of("sweep", knobs(interaction=gamma)), 0, 10)
        moved, core = given.attribute - given.plain, given.core - given.plain
        assert torch.allclose(moved.norm(dim=1), torch.tensor(length), atol=1e-4)
        if not gamma:
            assert torch.allclose(core.norm(dim=1), torch.tensor(3.0), atol=1e-4)
            assert torch.allclose((moved @ core.T), torch.tensor(0.0), atol=1e-3)
            same = given.attributes[:, None] == given.attributes
            assert torch.allclose(
                moved[:, None].expand(-1, 40, -1)[same], moved[None].expand(40, -1, -1)[same], atol=1e-4
            )


def test_a_factor_is_learnt_when_its_reliance_first_exceeds_half_of_the_last():
    history = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.3, 0.1, 0.1, 0.4], [0.5, 0.2, 0.0, 0.0], [0.0, 0.0, 0.0, 0.8]])
    assert learned(history, [0, 1, 5, 10], 2.0).tolist() == [10.0, 0.0, 0.0, 20.0]
    assert learned(torch.zeros(1, 4), [0, 1, 5, 10], 2.0).tolist() == [20.0]
    assert moments(1) == [0, 1] and moments(300)[:4] == [0, 1, 2, 3] and moments(300)[-1] == 300
