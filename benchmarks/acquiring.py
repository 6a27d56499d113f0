"""How long acquisitions take to choose: nearest neighbours and BADGE on made-up features, beside a plain loop.

    python benchmarks/acquiring.py [--rounds 3] [--threads 2]

The shortest time over rounds is printed, since other programs can only make it longer; a plain loop has one round.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from robustpath.methods.acquiring import View
from robustpath.methods.neighbours import nearest
from robustpath.methods.shortcuts.badge import badge, prediction_errors

TARGET = 2  # seconds


def main() -> None:
    """Time each with features of 512 numbers and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads (default 2)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    stream = torch.Generator().manual_seed(0)
    points, queries = torch.randn(50_000, 512, generator=stream), torch.randn(200, 512, generator=stream)
    view = pool(stream)
    for what, work in (
        ("10 nearest of 50,000 points to 200 queries", lambda: nearest(queries, points, 10)),
        ("  the same, query by query", lambda: one_by_one(queries, points, 10)),
        ("BADGE, 100 of 5,000 examples", lambda: badge()(view, 100, stream)),
        ("  the same, with gradients written out", lambda: written_out(view, 100, stream)),
    ):
        slow = what.startswith(" ")
        seconds = min(taken(work) for _ in range(1 if slow else options.rounds))
        print(f"{what:<44} {seconds:5.2f} s" + ("" if slow else f"  (target {TARGET} s)"), flush=True)


def one_by_one(queries: Tensor, points: Tensor, count: int) -> Tensor:
    """The positions of the nearest points by the differences from each query: [q, count]."""
    points = points.double()
    return torch.stack([(points - one).square().sum(1).topk(count, largest=False).indices for one in queries.double()])


def written_out(view: View, count: int, stream: torch.Generator) -> Tensor:
    """BADGE on gradients [u, classes d] of the last layer: the longest, then D² sampling."""
    errors = prediction_errors(view.logits[view.unlabelled])
    features = view.representations["penultimate"][view.unlabelled].double()
    gradients = (errors[:, :, None] * features[:, None]).flatten(1)
    chosen = [int(gradients.square().sum(1).argmax())]
    distances = torch.full((len(gradients),), torch.inf, dtype=torch.float64)
    while len(chosen) < count:
        distances = torch.minimum(distances, (gradients - gradients[chosen[-1]]).square().sum(1))
        chosen.append(int(torch.multinomial(distances, 1, generator=stream)))
    return view.unlabelled[torch.tensor(chosen)]


def pool(stream: torch.Generator) -> View:
    """5,000 unlabelled examples and 100 labelled ones of ten classes."""
    examples, labelled, classes = 5100, 100, 10
    features = torch.randn(examples, 512, generator=stream).relu()
    logits = features @ torch.randn(512, classes, generator=stream) / 16
    order = torch.randperm(examples, generator=stream)
    chosen = order[:labelled]
    return View(
        inputs=features,
        logits=logits,
        sampled=logits[None],
        representations={"penultimate": features},
        head=lambda values: values,
        labelled=chosen,
        labels=logits[chosen].argmax(1),
        correct=torch.ones(1, labelled, dtype=torch.bool),
        losses=torch.zeros(1, labelled),
        unlabelled=order[labelled:].sort().values,
    )


def taken(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
