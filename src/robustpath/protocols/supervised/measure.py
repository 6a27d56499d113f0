"""Measures of every run of a data set: the minimum it reached, what lies between it and the reference's, its walk."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.core.files import replacing
from robustpath.core.parameters import on_device, stack
from robustpath.data import prepared
from robustpath.engine.device import resolve
from robustpath.methods.base import Params
from robustpath.methods.geometry import units
from robustpath.protocols.supervised.measures import connectivity, curvature, functions, keskar, norms, pacbayes
from robustpath.protocols.supervised.measures.stacked import Losses, error, flatten, logits, slopes
from robustpath.protocols.supervised.members import Group, Walk, groups, load

SAM_RADIUS, ASAM_RADIUS = 0.05, 0.5  # the methods' defaults
ASAM_STEPS = 8  # its wide ball has more kinks
# Draws for standard errors of at most a tenth in the median run.
NOISE, NOISE_DRAWS = 0.1, 25  # relative to each parameter
SIGMA_DRAWS = 5
# Along a walk the largest eigenvalues lie closer together than at a minimum.
WALK_ITERATIONS = 16


class Measured(NamedTuple):
    """One number a member [M], whether it converged [M], and the split that it is taken on."""

    value: Tensor
    converged: Tensor
    split: str = "train"


def measure(
    settings: dict, data: dict[str, Path], weights: list[Path], paths: list[Path], runs: list[Path], out: Path,
    threads: int,
) -> None:  # fmt: skip
    """Measure the runs of one experiment and data set, one row a run x measure; of every run draw 0 or a whole grid.

    `weights`, `paths` and `runs` are the trained methods' files, in one order. Barrier and function distance are to the
    run of settings["reference"] that shares seed, train size and label noise, and left out where there is none. A
    measure that is not finite is NaN, and `converged` is then false.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    examples = prepared.load(data[settings["dataset"]])
    table, members = load(settings, weights, paths, runs)
    home = table[(table["method"] == settings["reference"]) & (table["draw"] == 0)]
    home = {key: row for row, key in zip(home.index, _pairs(home), strict=True)}
    frames = []
    for rows, group in groups(settings, examples, table, device):
        about, chosen = table.loc[rows], [members[row] for row in rows]
        params = on_device(stack(member.params for member in chosen), device)
        found = {name: (range(len(rows)), each) for name, each in minimum(params, group).items()}
        references = [home.get(key) for key in _pairs(about)]
        paired = [i for i, (row, other) in enumerate(zip(rows, references, strict=True)) if other not in (None, row)]
        if paired:
            others = [references[i] for i in paired]
            pair = [on_device(stack(members[row].params for row in some), device) for some in (rows[paired], others)]
            sound = ~torch.tensor(table.loc[others, "diverged"].to_numpy(), device=device)
            found |= {name: (paired, each) for name, each in between(*pair, sound, group, paired).items()}
        walkers = [i for i, member in enumerate(chosen) if member.walk]
        if walkers:
            walks = [chosen[i].walk for i in walkers]
            found |= {name: (walkers, each) for name, each in along(walks, group, walkers).items()}
        frames += [_rows(about.iloc[list(which)], name, each) for name, (which, each) in found.items()]
        print(f"{settings['dataset']}: seed {about['seed'].iloc[0] + 1}, {len(rows)} runs measured")
    with replacing(out) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)


def minimum(params: Params, group: Group) -> dict[str, Measured]:
    """Curvature, sharpness, norms and margin of the networks `params` [M, …]."""
    points, losses, errors = flatten(params), group.losses(), error(params, group.inputs, group.labels)
    start = {name: tensor.expand_as(params[name]) for name, tensor in group.start.items()}
    top = curvature.lambda_max(losses, points, group.normal("lanczos", 1)[0])
    starts, lengths = steepest(losses, points, top), flatten(units(params))
    sam = curvature.sharpness(losses, points, torch.tensor(SAM_RADIUS), starts)
    in_units = [lengths * start for start in starts]
    asam = curvature.sharpness(losses, points, ASAM_RADIUS * lengths, in_units, ASAM_STEPS)
    noisy = curvature.noise_sharpness(losses, points, NOISE * points.abs(), group.normal("noise", NOISE_DRAWS))
    with torch.no_grad():
        margin = norms.margin(logits(params, group.inputs), group.labels)
    return {
        "lambda_max": Measured(top.value, top.converged),
        "trace": _sure(curvature.trace(params, group.inputs)),
        "sam_sharpness": Measured(*sam),
        "asam_sharpness": Measured(*asam),
        "noise_sharpness": _sure(noisy.value),
        "noise_sharpness_error": _sure(noisy.error),
        "keskar_sharpness": Measured(*keskar.sharpness(losses, points, starts)),
        **_pacbayes(points, flatten(start), errors, group),
        "path_norm": _sure(norms.path_norm(params)),
        "frobenius_norm": _sure(norms.frobenius_norm(params)),
        "distance_from_start": _sure(norms.distance(params, start)),
        "spectral_product": _sure(norms.spectral_product(params)),
        "spectral_bound": _sure(norms.spectral_bound(params, start, margin, len(group.inputs))),
        "margin": _sure(margin),
    }


def steepest(losses: Losses, points: Tensor, top: curvature.Eigenpair) -> list[Tensor]:
    """Directions [M, d] in which the largest rises are looked for: both sides of the two of largest curvature, and the
    gradient."""
    return [top.vector, -top.vector, top.second, -top.second, slopes(losses, points)[1]]


@torch.no_grad()
def _pacbayes(points: Tensor, start: Tensor, errors: Losses, group: Group) -> dict[str, Measured]:
    """The largest noise of both kinds and the bounds made of it; the noise falls on biases too, so distances in the
    bounds count them. An error of a bound is half of what it changes between one standard error of sigma up and down.
    """
    noise, examples = group.normal("sigma", SIGMA_DRAWS), len(group.inputs)
    moved = (points - start).double().square().sum(1)
    kinds = {
        "": (pacbayes.plain, lambda sigma: pacbayes.bound(moved, sigma, examples)),
        "_magnitude": (
            pacbayes.magnitude_aware,
            lambda sigma: pacbayes.magnitude_bound(points, start, moved, sigma, examples),
        ),
    }
    found = {}
    for kind, (spread, bound) in kinds.items():
        sigma = pacbayes.largest_sigma(errors, points, noise, spread)
        factor = 1 + sigma.relative_error
        half = (bound(sigma.value / factor) - bound(sigma.value * factor)).abs() / 2
        found[f"pacbayes_sigma{kind}"] = Measured(sigma.value, sigma.converged)
        found[f"pacbayes_sigma{kind}_error"] = Measured(sigma.relative_error * sigma.value, sigma.converged)
        found[f"pacbayes_bound{kind}"] = Measured(bound(sigma.value), sigma.converged)
        found[f"pacbayes_bound{kind}_error"] = Measured(half, sigma.converged)
    return found


@torch.no_grad()
def between(params: Params, reference: Params, sound: Tensor, group: Group, members: list[int]) -> dict[str, Measured]:
    """Barrier and distance as functions between some members of the group and their references [M, …]; not converged
    where the reference is not `sound` [M]."""
    losses, points, others = group.losses(torch.tensor(members)), flatten(params), flatten(reference)
    matched = flatten(connectivity.matched(params, reference))
    outputs = [logits(some, group.test_inputs) for some in (params, reference)]
    return {
        "barrier": Measured(connectivity.barrier(losses, points, others), sound),
        "barrier_matched": Measured(connectivity.barrier(losses, matched, others), sound),
        "function_distance": Measured(functions.jensen_shannon(*outputs), sound, "test"),
        "disagreement": Measured(functions.disagreement(*outputs), sound, "test"),
    }


def along(walks: list[Walk], group: Group, members: list[int]) -> dict[str, Measured]:
    """What the walks of some members of the group kept and changed, from their start to their end."""
    device, which = group.labels.device, torch.tensor(members)
    begins = [{name: tensor[0] for name, tensor in group.start.items()} if w.start is None else w.start for w in walks]
    start, end = (on_device(stack(trees), device) for trees in (begins, [walk.end for walk in walks]))
    points, losses = (flatten(start), flatten(end)), group.losses(which)
    with torch.no_grad():
        level, reached = losses(points[0]), losses(points[1])
        apart = functions.jensen_shannon(logits(start, group.test_inputs), logits(end, group.test_inputs))
    # Walks that begin at the initialisation, on the same labels, have one curvature there.
    origins = [group.levels[i] if walk.start is None else -1 - i for i, walk in zip(members, walks, strict=True)]
    once = [origins.index(origin) for origin in dict.fromkeys(origins)]
    first = _top(points[0][once], group, which[once])
    again = [once.index(origins.index(origin)) for origin in origins]
    return {
        "walk_level_error": _sure((reached - level).abs() / level),
        "walk_displacement": _sure((points[1] - points[0]).norm(dim=1) / points[0].norm(dim=1)),
        "walk_function_distance": _sure(apart, "test"),
        "walk_lambda_max_start": Measured(first.value[again], first.converged[again]),
        "walk_lambda_max_end": _top(points[1], group, which),
        "walk_accepted": _sure(torch.tensor([walk.accepted for walk in walks], dtype=torch.float64, device=device)),
    }


def _top(points: Tensor, group: Group, members: Tensor) -> Measured:
    """lambda_max on a walk."""
    vectors = group.normal("lanczos", 1)[0][members]
    found = curvature.lambda_max(group.losses(members), points, vectors, WALK_ITERATIONS)
    return Measured(found.value, found.converged)


def _sure(value: Tensor, split: str = "train") -> Measured:
    return Measured(value, torch.ones_like(value, dtype=torch.bool), split)


def _pairs(table: pd.DataFrame) -> list[tuple]:
    """What a run and its reference have in common."""
    return list(table[["train_size", "label_noise", "seed"]].itertuples(index=False, name=None))


def _rows(runs: pd.DataFrame, metric: str, measured: Measured) -> pd.DataFrame:
    value = measured.value.detach().double().cpu().numpy()
    finite = np.isfinite(value)
    return runs.assign(
        split=measured.split,
        shift="none",
        shift_family="none",
        severity=0,
        metric=metric,
        value=np.where(finite, value, np.nan),
        converged=measured.converged.cpu().numpy() & finite,
    )
