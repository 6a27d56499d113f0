"""The parallelogram: exact without noise, as precise as the theory of its noise says, and better than chance in a hole.

The noise: of z = u_y + v_a + N(0, s² I) in d dimensions, with delta the distance of the target's group to a wrong one,
squared distances to examples of both differ by delta² and spread, at the wrong group, by sqrt(32 s⁴ d + 16 delta² s²);
with the mean of many differences r1 - r2 the spread is sqrt(8 s⁴ d + 8 delta² s²).
"""

import math

import pytest
import torch
from holes import HOLE, additive, base_rate, discovery, hole
from pools import acquisition, pool, registered, settings_of

from robustpath.core.randomness import generator
from robustpath.methods.analogy import candidates, of_means, onward, plan, sampled
from robustpath.methods.neighbours import nearest
from robustpath.methods.triples import Triple

SEEDS = {(0, 0): 6, (0, 1): 3, (1, 1): 1}  # one example has no minority, so that class 1 gives no r1 and r2
PARALLELOGRAM = settings_of("parallelogram")


def groups_at(planned, view, label):
    """The group of the unlabelled example that is nearest to each target, and its distance."""
    distances, rows = nearest(planned.targets, planned.pool, 1)
    positions = view.unlabelled[rows[:, 0]]
    return list(zip(label[positions].tolist(), view.attribute[positions].tolist(), strict=True)), distances


def test_without_noise_every_target_is_the_group_without_a_label():
    view, label = additive(SEEDS)
    planned = plan(view, 10, generator("b"), PARALLELOGRAM)
    groups, distances = groups_at(planned, view, label)
    assert len(groups) == 40 and set(groups) == {HOLE}
    assert distances.max() < 1e-9
    taken = planned.positions
    assert (label[taken] == 1).all() and (view.attribute[taken] == 0).all()


def test_with_all_groups_labelled_the_targets_are_both_minorities():
    view, label = additive({(0, 0): 6, (0, 1): 3, (1, 0): 2, (1, 1): 8})
    groups, distances = groups_at(plan(view, 10, generator("c"), PARALLELOGRAM), view, label)
    assert set(groups) == {(0, 1), (1, 0)}
    assert distances.max() < 1e-9


def test_if_r1_is_r2_the_target_is_r0():
    view = pool()
    places = view.representations["inputs"][view.labelled].double()
    same = Triple(2, torch.tensor([5]), torch.tensor([5]))
    move = sampled(places, same, PARALLELOGRAM, generator("d"))
    target = onward(places[2], move, generator("d"))
    assert torch.equal(target, places[2])
    others = view.representations["inputs"][view.unlabelled].double()
    order = (others - target).square().sum(1).argsort(stable=True)
    assert candidates(target[None], others, 1, 7).tolist() == order[:7].tolist()


@pytest.mark.parametrize(("many", "known"), [(1, 1.032), (64, 1.701)])
def test_noise_hides_the_group_as_much_as_the_theory_says(many, known):
    dimensions, delta, trials = 20, 6.0, 12000
    spread = (32 * dimensions + 16 * delta**2) if many == 1 else (8 * dimensions + 8 * delta**2)
    assert math.isclose(delta**2 / math.sqrt(spread), known, rel_tol=1e-3)
    stream = generator("noise")
    triple = Triple(0, torch.arange(1, many + 1), torch.arange(many + 1, 2 * many + 1))
    differences = []
    for _ in range(12):  # of_means and onward take all trials of a part at once, on a second axis
        places = torch.randn(2 * many + 1, trials // 12, dimensions, generator=stream)
        targets = onward(places[0], of_means(places, triple, PARALLELOGRAM, stream), stream)
        points = torch.randn(2, trials // 12, dimensions, generator=stream)
        points[1, :, 0] += delta
        differences.append((targets - points).square().sum(2))
    right, wrong = torch.cat(differences, 1)
    assert math.isclose(float((wrong.mean() - right.mean()) / wrong.std()), known, rel_tol=0.03)


def test_the_group_without_a_label_is_found_three_times_as_often_as_by_chance():
    chance = base_rate()
    assert math.isclose(chance, 0.015, rel_tol=0.2)
    assert discovery(acquisition("parallelogram")) > 3 * chance
    assert discovery(acquisition("parallelogram_in_order")) > 3 * chance


def test_with_as_many_neighbours_as_the_pool_has_it_is_uncertainty_sampling():
    view = pool()
    ours, entropy = acquisition("parallelogram", neighbours=1000), acquisition("entropy")
    assert torch.equal(ours(view, 9, generator("e")), entropy(view, 9, generator("e")))


def test_candidates_are_the_nearest_of_every_target_first():
    stream = generator("f")
    targets, others = (torch.randn(count, 3, generator=stream, dtype=torch.float64) for count in (6, 40))
    order = [(others - target).square().sum(1).argsort(stable=True).tolist() for target in targets]
    slow = list(dict.fromkeys(order[target][rank] for rank in range(4) for target in range(6)))
    assert candidates(targets, others, 1, 4).tolist() == slow


def test_neighbours_double_until_there_are_enough_and_uncertain_examples_fill_up():
    others = torch.arange(200.0, dtype=torch.float64)[:, None]
    assert [len(candidates(others[:1], others, count, 2)) for count in (2, 3, 9, 33)] == [2, 4, 16, 32]
    view, _ = hole(0, examples=400)
    planned = plan(view, 300, generator("g"), PARALLELOGRAM._replace(targets=1, neighbours=1, triples=one_triple))
    rest = view.unlabelled[~torch.isin(view.unlabelled, planned.positions[: planned.candidates])]
    entropies = torch.distributions.Categorical(logits=view.logits[rest].double()).entropy()
    filled = rest[entropies.argsort(descending=True, stable=True)[: 300 - planned.candidates]]
    assert planned.candidates == 16
    assert planned.positions[16:].tolist() == filled.tolist()


def one_triple(view, places, wanted, pairs, stream):
    return [Triple(0, torch.tensor([1]), torch.tensor([2]))]


def test_a_target_far_from_all_examples_is_dropped():
    view, _ = additive(SEEDS)
    far = PARALLELOGRAM._replace(target=lambda start, move, stream: start + 4 * move)
    planned = plan(view, 5, generator("h"), far)
    assert len(planned.targets) == planned.candidates == 0
    assert torch.equal(planned.positions, acquisition("entropy")(view, 5, generator("h")))


def test_pairs_that_disagree_are_left_out():
    """Of the differences (1, 0) and (-1, -0.1) only those on the side of the mean of all are averaged."""
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [-1.0, -0.1]], dtype=torch.float64)
    triple = Triple(0, torch.tensor([1, 1, 2]), torch.tensor([0]))
    for agreement, known in ((0.5, places[1]), (-1.1, None)):
        settings = PARALLELOGRAM._replace(pairs=300, agreement=agreement)
        drawn = triple.ones[torch.randint(3, (300,), generator=generator("i"))]
        known = places[drawn].mean(0) if known is None else known
        assert torch.allclose(sampled(places, triple, settings, generator("i")), known)


def test_where_no_pair_agrees_the_first_is_taken():
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    triple = Triple(0, torch.tensor([1, 2]), torch.tensor([0]))
    settings = PARALLELOGRAM._replace(pairs=40, agreement=0.999)
    first = triple.ones[torch.randint(2, (40,), generator=generator("l"))[0]]
    assert torch.equal(sampled(places, triple, settings, generator("l")), places[first])


def test_labels_of_one_class_allow_no_triple():
    view, _ = additive({(0, 0): 6, (0, 1): 3})
    assert torch.equal(
        acquisition("parallelogram")(view, 4, generator("j")), acquisition("entropy")(view, 4, generator("j"))
    )


def test_it_notes_where_its_own_targets_are():
    view, _ = additive(SEEDS, noise=0.2)
    found = registered("parallelogram")(view, 10, generator("k"))
    planned = plan(view, 10, generator("k"), PARALLELOGRAM)
    examples = planned.pool.tolist()
    away = [min(math.dist(target, each) for each in examples) for target in planned.targets.tolist()]
    others = sorted(sorted(math.dist(one, each) for each in examples)[1] for one in examples)
    assert len(away) == 40 and len(others) == 110
    assert math.isclose(found.notes["off_manifold"], sum(away) / 40 / others[54], rel_tol=1e-9)
    assert found.notes["candidate_share"] == planned.candidates / 110
    assert torch.equal(found.positions, planned.positions)


def test_where_no_triple_can_be_drawn_nothing_is_near_a_target():
    view, _ = additive({(0, 0): 6, (0, 1): 3}, noise=0.2)
    notes = registered("parallelogram")(view, 4, generator("l")).notes
    assert math.isnan(notes["off_manifold"]) and notes["candidate_share"] == 0
