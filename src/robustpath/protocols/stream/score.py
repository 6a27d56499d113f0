"""The final scores of runs on a stream: each task on its share of the held-out examples, unshifted and under shifts."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import varied
from robustpath.data.prepared import Prepared, load
from robustpath.data.shifts import ShiftedSet, shifted_sets
from robustpath.data.splits import split
from robustpath.engine.device import resolve
from robustpath.protocols import reading
from robustpath.protocols.scored import tabulated
from robustpath.protocols.stream.scores import calibration_error
from robustpath.protocols.stream.streams import Task, plan, shares
from robustpath.protocols.stream.training import labels_of
from robustpath.protocols.supervised.measures.stacked import Network, network
from robustpath.protocols.supervised.scores import SCORES

ALL = SCORES | {"calibration_error": calibration_error}


class Scored(NamedTuple):
    """Examples of all tasks, each as its task has it: inputs [n, …], labels [n]; and where they come from."""

    about: ShiftedSet
    inputs: Tensor
    labels: Tensor


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split x shift x severity x metric.

    Corruptions come before what a task does to its inputs. Validation labels are as noisy as those that a run learnt
    from, since a user has no others; those of the test are clean.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = {name: load(path) for name, path in data.items()}
    own = prepared[settings["dataset"]]
    together = network(settings, own)
    members = models.load(models.name_of(settings)).PORTION[0]
    classes = int(own.labels.max()) + 1
    table = pd.concat([reading.table(path) for path in runs], ignore_index=True)
    trained = [reading.tensors(path, device) for path in weights]
    params = {name: torch.cat([tree[name] for tree in trained]) for name in trained[0]}
    scored = []
    dealt = table["seed"].map(lambda seed: varied("split", seed, settings["vary"]))
    for seed, rows in table.groupby(dealt):
        groups = [(level, own.index.to_numpy()) for level, own in rows.groupby("label_noise")]
        chosen = [{name: tensor[which.tolist()] for name, tensor in params.items()} for _, which in groups]
        for examples in _examples(settings, seed, prepared):
            for (level, which), own_params in zip(groups, chosen, strict=True):
                labels = examples.labels
                if examples.about.split == "validation":
                    labels = labels_of(labels, classes, f"{settings['dataset']}/validation", seed, level)
                found = score(together, own_params, examples.inputs, labels, members)
                scored.append((which, examples.about, found))
        print(f"{settings['dataset']}: stream {seed + 1} of {dealt.nunique()} scored")
    with replacing(scores) as temporary:
        tabulated(table, scored).to_parquet(temporary, index=False)


@torch.no_grad()
def score(
    together: Network, params: dict[str, Tensor], inputs: Tensor, labels: Tensor, members: int
) -> dict[str, Tensor]:
    """Every score of runs with parameters [M, …] on inputs [n, …] with labels [n]: {metric: [M]}; `members` at once."""
    device = next(iter(params.values())).device
    parts = zip(*(tensor.split(members) for tensor in params.values()), strict=True)
    found = []
    for part in parts:
        logits = together(dict(zip(params, part, strict=True)), inputs.to(device))
        found.append({name: compute(logits, labels.to(device)) for name, compute in ALL.items()})
    return {name: torch.cat([each[name] for each in found]).cpu() for name in ALL}


def _examples(settings: dict, seed: int, prepared: dict[str, Prepared]) -> Iterator[Scored]:
    """What runs whose split is that of `seed` are scored on."""
    dataset, own = settings["dataset"], prepared[settings["dataset"]]
    parts = split(own, dataset, seed, settings["validation_size"], settings["test_size"])
    tasks = plan(settings["stream"], own, settings["tasks"], settings["examples"], dataset, seed).held
    for examples in shifted_sets(dataset, seed, prepared, settings):
        if examples.shift != "none" and not settings.get("shifted", True):
            return
        part = getattr(parts, examples.split)
        mine = examples.shift_family in ("none", "corruption", "generator")
        places = _of_own(tasks, own, part) if mine else _of_others(tasks, own, examples.labels)
        changed = [task.change(examples.inputs[place]) for task, place in zip(tasks, places, strict=True)]
        yield Scored(
            examples._replace(inputs=None, labels=None), torch.cat(changed), examples.labels[torch.cat(places)]
        )


def _of_own(tasks: list[Task], prepared: Prepared, part: Tensor) -> list[Tensor]:
    """The places in a part of the split of the examples that each task is scored on."""
    place = torch.full((len(prepared.labels),), -1)
    place[part] = torch.arange(len(part))
    return [place[chosen] for chosen in shares(tasks, prepared, part)]


def _of_others(tasks: list[Task], prepared: Prepared, labels: Tensor) -> list[Tensor]:
    """The places of examples of another data set on which each task is scored: those of the classes that it has, or an
    equal part of all."""
    if all(bool(task.belongs.all()) for task in tasks):
        return list(torch.arange(len(labels)).tensor_split(len(tasks)))
    return [torch.isin(labels, prepared.labels[task.belongs].unique()).nonzero().squeeze(1) for task in tasks]
