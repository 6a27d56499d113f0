"""The way of a run: loss, curvature and accuracy at the moments that were kept, and the surfaces it crosses."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.core.parameters import apart, on_device, stack
from robustpath.data.prepared import Prepared, load
from robustpath.engine.device import resolve
from robustpath.methods.base import Params
from robustpath.protocols import reading
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.measures import curvature
from robustpath.protocols.supervised.measures.stacked import error, flatten, mean_cross_entropy, network, unflatten
from robustpath.protocols.supervised.surfaces import filter_normalised, plane, principal_plane

ITERATIONS = 20  # of Lanczos: along a walk the largest eigenvalues lie close together
SIDE = 31  # points a side of a surface
EXTENT = 1.0  # of a random plane, in filter lengths to each side
MARGIN = 0.15  # around a trajectory, as a share of its extent


def trace(
    settings: dict, data: Path, paths: list[Path], runs: list[Path], out: Path, surfaces: Path, threads: int
) -> None:
    """Trace the runs of one experiment and data set.

    `out`: one row a run x moment x quantity (loss, lambda_max, accuracy, distance), `walking` where a walk led there.
    `surfaces`: for each method's run of the first seed, the loss on a random filter-normalised plane around its end and
    on the plane of its trajectory.
    Raises UserError where an experiment kept no moments.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = load(data)
    frames, drawn = [], {}
    for path, run in zip(paths, runs, strict=True):
        table, kept = reading.table(run), reading.tensors(path)
        moments = kept.pop("moments")
        if len(moments) < 3:
            raise UserError(f"{path} holds no way to trace: give experiment {settings['experiment']} `points` above 2")
        walking = np.array([f"mean_{int(phase)}.level_error" in table for phase in moments[:, 0]])
        for row, about in table.iterrows():
            params = _way(kept, len(moments), row)
            task = _Task(settings, prepared, about, len(moments), device)
            frames.append(task.quantities(params, moments, walking))
            if about["seed"] == 0:
                drawn |= {f"{about['method']}.{name}": array for name, array in task.surfaces(params).items()}
                drawn[f"{about['method']}.walking"] = walking
        print(f"{settings['dataset']}: {table['method'].iloc[0]} traced, {len(table)} runs of {len(moments)} moments")
    with replacing(out) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)
    with replacing(surfaces) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **drawn)


def _way(kept: dict[str, Tensor], moments: int, row: int) -> Params:
    """The parameters of a run at all moments: tensors [moments, …]."""
    names = [name.partition("/")[2] for name in kept if name.startswith("000/")]
    return {name: torch.stack([kept[f"{k:03d}/{name}"][row] for k in range(moments)]) for name in names}


class _Task:
    """What a run learnt from, ready to be asked at all its moments at once."""

    def __init__(self, settings: dict, prepared: Prepared, about: pd.Series, moments: int, device: torch.device):
        dealt = deal_of(settings, prepared, about["seed"])
        own, labels = dealt.training(about["train_size"], about["label_noise"])
        test = dealt.parts.test
        self.network = network(settings, prepared)
        self.about, self.key, self.device = about, (settings["dataset"], about["seed"]), device
        self.inputs, self.labels = prepared.inputs[own].to(device), labels.to(device)
        self.test = prepared.inputs[test].to(device), prepared.labels[test].to(device)

    def _losses(self, like: Params):
        def losses(points: Tensor) -> Tensor:
            return mean_cross_entropy(like, self.inputs, self.labels.expand(len(points), -1), self.network)(points)

        return losses

    def quantities(self, params: Params, moments: Tensor, walking: np.ndarray) -> pd.DataFrame:
        params = on_device(params, self.device)
        points, losses = flatten(params), self._losses(params)
        test_inputs, test_labels = self.test
        start = randomness.noise(points.shape[1], 0, 1, *self.key, "lanczos")[0].to(self.device)
        top = curvature.lambda_max(losses, points, start.expand_as(points), ITERATIONS)
        with torch.no_grad():
            wrong = error(params, test_inputs, test_labels.expand(len(points), -1), self.network)(points)
            found = {
                "loss": losses(points),
                "lambda_max": top.value,
                "accuracy": 1 - wrong,
                "distance": (points - points[0]).norm(dim=1),
            }
        own = self.about[["experiment", "dataset", "method", "family", "train_size", "label_noise", "seed", "draw"]]
        return pd.concat(
            [
                pd.DataFrame([own] * len(points)).assign(
                    moment=range(len(points)),
                    walking=walking,
                    gradient_evaluations=moments[:, 1].numpy(),
                    quantity=name,
                    value=values.double().cpu().numpy(),
                    converged=(top.converged if name == "lambda_max" else values.isfinite()).cpu().numpy(),
                )
                for name, values in found.items()
            ],
            ignore_index=True,
        )

    def surfaces(self, params: Params) -> dict[str, np.ndarray]:
        params = on_device(params, self.device)
        points, losses = flatten(params), self._losses(params)
        end = {name: tensor[-1] for name, tensor in params.items()}
        drawn = randomness.noise(points.shape[1], 0, 2, *self.key, "plane").to(self.device)
        random = flatten(stack(filter_normalised(direction, end) for direction in apart(unflatten(drawn, params))))
        span = torch.linspace(-EXTENT, EXTENT, SIDE)
        way = principal_plane(points.double())
        low, high = way.coordinates.amin(0), way.coordinates.amax(0)
        middle, reach = (low + high) / 2, (0.5 + MARGIN) * (high - low).max()
        axes = [torch.linspace(float(middle[i] - reach), float(middle[i] + reach), SIDE) for i in range(2)]
        return {
            "random": plane(losses, points[-1], random, span, span).cpu().numpy(),
            "random_axis": span.numpy(),
            "way": plane(losses, points[-1], way.directions.to(points), *axes).cpu().numpy(),
            "way_first": axes[0].numpy(),
            "way_second": axes[1].numpy(),
            "coordinates": way.coordinates.cpu().numpy(),
            "explained": way.explained.cpu().numpy(),
        }
