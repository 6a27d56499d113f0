"""AnchorAL: a small pool around anchors of every class, then the most uncertain examples in it."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from robustpath.methods import manifold, uncertainty
from robustpath.methods.acquiring import Acquisition, Chosen, View, highest
from robustpath.methods.base import choice, register
from robustpath.methods.neighbours import nearest, squared_distances
from robustpath.methods.spread import seeds

PROTOCOLS = ("acquisition",)


@register(
    search={
        "anchors": choice(5, 10, 20, default=10),
        "neighbours": choice(10, 25, 50, default=50),
        "pool": choice(100, 300, 1000, default=1000),
    },
    cite="lesci2024anchoral",
)
def anchor_al(anchors: Tensor, neighbours: Tensor, pool: Tensor) -> Acquisition:
    """The highest entropy among the examples closest to labelled anchors, as many of each class (Lesci & Vlachos 2024).

    As in pietrolesci/anchoral at 494c81f, src/anchoral.py: at most `anchors` of each class, which k-means++ picks
    among its labelled examples; `neighbours` unlabelled ones of each by cosine; an example that several anchors find
    has the mean of their distances; the `pool` closest are scored. The representation is one that is never trained
    (theirs: a frozen text encoder). Where the pool is smaller than the batch, the closest others follow.
    """

    def acquire(view: View, count: int, generator: torch.Generator) -> Chosen:
        points = normalize(view.representations["random_features"].flatten(1).double())
        around, others = points[_anchors(view, points, int(anchors), generator)], points[view.unlabelled]
        distances = mean_distances(around, others, int(neighbours))
        closest = torch.argsort(distances, stable=True)
        near = int(distances.isfinite().sum().clamp(max=int(pool)))
        inside = view.unlabelled[closest[:near].sort().values]
        first = highest(uncertainty.entropy(view.logits[inside]), inside, count)
        positions = torch.cat([first, view.unlabelled[closest[near:]]])[:count]
        return Chosen(positions, manifold.notes(around, others, near))

    return acquire


def mean_distances(anchors: Tensor, pool: Tensor, neighbours: int) -> Tensor:
    """For each of pool [u, d] the mean cosine distance to the anchors [m, d] that have it among their nearest [u];
    infinite where none has. All points are of length one."""
    distances, rows = nearest(anchors, pool, min(neighbours, len(pool)))
    cosine = (distances.square() / 2).flatten()
    found = torch.zeros(len(pool), dtype=torch.float64).index_add_(0, rows.flatten(), torch.ones_like(cosine))
    sums = torch.zeros(len(pool), dtype=torch.float64).index_add_(0, rows.flatten(), cosine)
    return torch.where(found > 0, sums / found, torch.inf)


def _anchors(view: View, points: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Positions of the anchors of all classes, in the order of the classes."""
    chosen = []
    for label in view.labels.unique():
        members = view.labelled[view.labels == label].sort().values
        if len(members) > most:
            own = points[members]
            first = int(torch.randint(len(own), (), generator=generator))
            picked = seeds(lambda row, own=own: squared_distances(own, own[row]), first, most, generator)
            members = members[picked]
        chosen.append(members)
    return torch.cat(chosen)
