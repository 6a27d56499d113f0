"""The final scores of runs whose attention maps are scored: those of supervised runs, and where the maps lie."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import varied
from robustpath.core.types import Params
from robustpath.data.group_splits import parted
from robustpath.data.prepared import load
from robustpath.data.shifts import ShiftedSet
from robustpath.engine.device import resolve
from robustpath.protocols import reading
from robustpath.protocols.attention.core import CORE_SHARE, SHORTCUT_ROWS, core_rows, core_share
from robustpath.protocols.scored import Scored, tabulated
from robustpath.protocols.supervised import score


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """As supervised runs; further rows have the mean over the unshifted test examples of the share of the attention
    map's mass that lies on the core of the image."""
    with replacing(scores) as temporary:
        score.evaluate(settings, data, weights, runs, temporary, threads)
        table = pd.concat([pd.read_parquet(temporary), of_maps(settings, data, weights, runs)], ignore_index=True)
        table.to_parquet(temporary, index=False)


def of_maps(settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path]) -> pd.DataFrame:
    """Rows of the records: of every run the mean share on the core."""
    device, own = resolve(settings["device"]), load(data[settings["dataset"]])
    module = models.load(models.name_of(settings))
    model = models.network(settings, own.inputs.shape[1:], int(own.labels.max()) + 1)
    table = pd.concat([reading.table(path) for path in runs], ignore_index=True)
    trained = [reading.tensors(path, device) for path in weights]
    params = {name: torch.cat([tree[name] for tree in trained]) for name in trained[0]}
    shortcut, found = SHORTCUT_ROWS[settings["dataset"]], []

    def shares(params: Params, inputs: Tensor) -> Tensor:
        maps = module.maps(model, params, inputs)
        return core_share(maps, core_rows(maps.shape[1], shortcut))

    deals = table["seed"].map(lambda seed: varied("split", seed, settings["vary"]))
    for seed, members in table.groupby(deals):
        test = parted(own, settings["dataset"], seed, settings).test
        rows = members.index.to_list()
        chosen = {name: tensor[rows] for name, tensor in params.items()}
        means = _mean_of_each(shares, chosen, own.inputs[test].to(device), module.PORTION)
        about = ShiftedSet("test", "none", "none", 0, None, None)
        scored: Scored = (members.index.to_numpy(), about, {CORE_SHARE: means})
        found.append(scored)
    return tabulated(table, found)


@torch.no_grad()
def _mean_of_each(
    of_one: Callable[[Params, Tensor], Tensor], params: Params, inputs: Tensor, portion: tuple[int, int]
) -> Tensor:
    """The mean over examples of of_one(params, inputs) -> [n] for every member [M], `portion` members and examples (0:
    all) at once."""
    members, together = portion
    count = len(next(iter(params.values())))
    sums = []
    for start in range(0, count, members):
        part = {name: tensor[start : start + members] for name, tensor in params.items()}
        pieces = inputs.split(together or len(inputs))
        sums.append(sum(torch.vmap(of_one, in_dims=(0, None))(part, piece).sum(1) for piece in pieces))
    return torch.cat(sums) / len(inputs)
