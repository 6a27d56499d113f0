"""Acquisition by analogy: examples near r0 + (r1 - r2), a parallelogram of three labelled ones.

If a representation is a sum of a part of the class and a part of the attribute, z = u_y + v_a + noise, then r0 of class
c and attribute a, moved by the difference of r1 (class c', attribute a') and r2 (class c', attribute a), lies at
u_c + v_a': in a group that may have no label yet. r2 must share the attribute of r0. Interpolation inside a class
cannot leave the groups that it starts from. The operation is that of Hariharan & Girshick (2017), who generate features
with it; here it retrieves real examples.

One function plans all of it. The ablations are its Settings, each in a file of methods/shortcuts/.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
from numpy.random import default_rng
from torch import Tensor

from robustpath.methods import manifold, triples, uncertainty
from robustpath.methods.acquiring import Acquisition, Chosen, View, highest
from robustpath.methods.base import choice
from robustpath.methods.coordinates import principal, whiten
from robustpath.methods.neighbours import nearest
from robustpath.methods.spread import k_centre
from robustpath.methods.triples import Triple

SEARCH = {
    "dimensions": choice(3, 5, 10, 20, default=5),
    "targets": choice(2, 4, 8, default=4),
    "neighbours": choice(3, 5, 10, 20, default=5),
    "pairs": choice(1, 4, 8, default=8),
    "agreement": choice(0.0, 0.3, 0.6, default=0.0),
}
REACH = 1.5  # a target further from the mean than so many times the furthest example of the pool is dropped
DOUBLINGS = 4  # of the number of neighbours, while there are fewer candidates than labels to buy


class Settings(NamedTuple):
    """What a plan depends on beside the view.

    triples: which labelled examples make r0, r1 and r2; move: the difference r1 - r2 of many; target: where r0 and the
    move lead; rank: which candidates come first.
    representation: its name in the view; dimensions: of its principal axes, 0 for the representation as it is;
    whitened: distances are Mahalanobis within classes.
    targets: for each label to buy; neighbours: candidates around each target; pairs: (r1, r2) to average; agreement:
    pairs whose cosine with the mean of all is not above it are left out.
    """

    triples: Callable[..., list[Triple]]
    move: Callable[..., Tensor]
    target: Callable[[Tensor, Tensor, torch.Generator], Tensor]
    rank: Callable[..., Tensor]
    representation: str
    dimensions: int
    whitened: bool
    targets: int
    neighbours: int
    pairs: int
    agreement: float


class Plan(NamedTuple):
    """positions: [count] of the pool, the first wish first; targets: [T, d]; candidates: how many different examples
    were near them; pool: [u, d], the coordinates of the unlabelled examples."""

    positions: Tensor
    targets: Tensor
    candidates: int
    pool: Tensor


def sampled(places: Tensor, triple: Triple, settings: Settings, generator: torch.Generator) -> Tensor:
    """The mean of `pairs` random differences r1 - r2 that agree with their mean; the first one where none does."""
    ones, twos = (
        places[of[torch.randint(len(of), (settings.pairs,), generator=generator)]] for of in (triple.ones, triple.twos)
    )
    moves = ones - twos
    agrees = torch.cosine_similarity(moves, moves.mean(0, keepdim=True)) > settings.agreement
    return moves[agrees].mean(0) if bool(agrees.any()) else moves[0]


def of_means(places: Tensor, triple: Triple, settings: Settings, generator: torch.Generator) -> Tensor:
    """The difference of the means of all that r1 and r2 may be."""
    return places[triple.ones].mean(0) - places[triple.twos].mean(0)


def onward(start: Tensor, move: Tensor, generator: torch.Generator) -> Tensor:
    """r0 + (r1 - r2)."""
    return start + move


def backward(start: Tensor, move: Tensor, generator: torch.Generator) -> Tensor:
    """r0 - (r1 - r2), the wrong sign."""
    return start - move


def astray(start: Tensor, move: Tensor, generator: torch.Generator) -> Tensor:
    """As far from r0 as r0 + (r1 - r2) is, in a random direction."""
    direction = torch.randn(len(move), generator=generator, dtype=move.dtype)
    return start + direction * (move.norm() / direction.norm())


def nowhere(start: Tensor, move: Tensor, generator: torch.Generator) -> Tensor:
    """r0 itself."""
    return start


def between(start: Tensor, move: Tensor, generator: torch.Generator, alpha: float) -> Tensor:
    """lambda r0 + (1 - lambda) r1 with lambda ~ Beta(alpha, alpha), where r2 is r0 itself."""
    seed = int(torch.randint(2**62, (), generator=generator))
    return start + (1 - default_rng(seed).beta(alpha, alpha)) * move


def in_order(view: View, places: Tensor, found: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """The nearest of every target first, then the second nearest."""
    return view.unlabelled[found[:count]]


def by_uncertainty(view: View, places: Tensor, found: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Candidates of the highest entropy first."""
    positions = view.unlabelled[found.sort().values]
    return highest(uncertainty.entropy(view.logits[positions]), positions, count)


def far_apart(view: View, places: Tensor, found: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Candidates by greedy k-centre, far from the labelled examples and from each other."""
    positions = view.unlabelled[found.sort().values]
    return positions[k_centre(places[positions], min(count, len(positions)), places[view.labelled])]


def shuffled(view: View, places: Tensor, found: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Candidates in a random order."""
    return view.unlabelled[found[torch.randperm(len(found), generator=generator)[:count]]]


def by_analogy(
    numbers: Mapping[str, float | Tensor],
    *,
    drawn: Callable[..., list[Triple]] = triples.by_history,
    move: Callable[..., Tensor] = sampled,
    target: Callable[..., Tensor] = onward,
    rank: Callable[..., Tensor] = by_uncertainty,
    representation: str = "inputs",
    whitened: bool = False,
) -> Acquisition:
    """An acquisition with the values `numbers` of SEARCH; its keyword `settings` is what `plan` takes."""
    sizes = {name: int(numbers[name]) for name in ("dimensions", "targets", "neighbours", "pairs")}
    settings = Settings(
        drawn, move, target, rank, representation, whitened=whitened, agreement=float(numbers["agreement"]), **sizes
    )
    return partial(_acquire, settings=settings)


def plan(view: View, count: int, generator: torch.Generator, settings: Settings) -> Plan:
    """Targets, the candidates around them and the `count` that are acquired.

    Where fewer candidates are found, those of the highest entropy among all others follow: so it is where no triple
    can be drawn at all, for example while all labels are of one class.
    """
    places = coordinates(view, settings)
    pool, known = places[view.unlabelled], places[view.labelled]
    drawn = settings.triples(view, known, settings.targets * count, settings.pairs, generator)
    aims = [
        settings.target(known[each.start], settings.move(known, each, settings, generator), generator) for each in drawn
    ]
    targets = torch.stack(aims) if aims else pool[:0]
    centre = pool.mean(0)
    targets = targets[(targets - centre).norm(dim=1) <= REACH * (pool - centre).norm(dim=1).max()]
    found = candidates(targets, pool, count, settings.neighbours)
    taken = settings.rank(view, places, found, count, generator) if len(found) else view.unlabelled[:0]
    if len(taken) < count:
        others = view.unlabelled[~torch.isin(view.unlabelled, taken)]
        rest = highest(uncertainty.entropy(view.logits[others]), others, count - len(taken))
        taken = torch.cat([taken, rest])
    return Plan(taken, targets, len(found), pool)


def coordinates(view: View, settings: Settings) -> Tensor:
    """The places [N, d] of all examples, in double precision; principal axes are those of labelled and unlabelled ones
    together, so no label is used but for a Mahalanobis metric."""
    values = view.representations[settings.representation]
    places = principal(values, settings.dimensions) if settings.dimensions else values.flatten(1).double()
    return whiten(places, view.labelled, view.labels) if settings.whitened else places


def candidates(targets: Tensor, pool: Tensor, count: int, neighbours: int) -> Tensor:
    """Different rows [m] of pool [u, d] near targets [T, d]: the nearest of every target first, in the order of the
    targets, then the second nearest, and so on; more neighbours of each where m would be below `count`."""
    found = torch.zeros(0, dtype=torch.int64)
    for doubling in range(DOUBLINGS + 1 if len(targets) else 0):
        rows = nearest(targets, pool, min(neighbours * 2**doubling, len(pool)))[1].T.flatten()
        first = torch.full((len(pool),), len(rows)).scatter_reduce_(0, rows, torch.arange(len(rows)), "amin")
        found = torch.argsort(first)[: int((first < len(rows)).sum())]
        if len(found) >= count:
            break
    return found


def _acquire(view: View, count: int, generator: torch.Generator, settings: Settings) -> Chosen:
    planned = plan(view, count, generator, settings)
    return Chosen(planned.positions, manifold.notes(planned.targets, planned.pool, planned.candidates))
