"""The final scores of runs on acquisition: their last models on validation and test examples, under every shift."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import varied
from robustpath.data.label_noise import noisy
from robustpath.data.prepared import Prepared, load
from robustpath.data.shifts import ShiftedSet, shifted_sets
from robustpath.engine.device import resolve
from robustpath.protocols import reading
from robustpath.protocols.acquisition.deals import held_of
from robustpath.protocols.scored import tabulated
from robustpath.protocols.supervised.measures.stacked import network
from robustpath.protocols.supervised.score import score

OWN = ("none", "corruption", "generator")  # families of shifts of the data set's own examples


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split x shift x severity x metric.

    Validation labels are as noisy as those of the pool, since a user has no others; those of the test are clean.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    prepared = {name: load(path) for name, path in data.items()}
    own = prepared[settings["dataset"]]
    together = network(settings, own)
    portion = models.load(models.name_of(settings)).PORTION
    table = pd.concat([reading.table(path) for path in runs], ignore_index=True)
    trained = [reading.tensors(path, device) for path in weights]
    params = {name: torch.cat([tree[name] for tree in trained]) for name in trained[0]}
    scored = []
    dealt = table["seed"].map(lambda seed: varied("split", seed, settings["vary"]))
    for seed, members in table.groupby(dealt):
        for rows, examples in _examples(settings, seed, members, prepared):
            which = rows.index.to_numpy()
            chosen = {name: tensor[which.tolist()] for name, tensor in params.items()}
            inputs, labels, attribute = (
                None if part is None else part.to(device)
                for part in (examples.inputs, examples.labels, examples.attribute)
            )
            found = score(together, chosen, inputs, labels, portion, attribute)
            scored.append((which, examples._replace(inputs=None, labels=None, attribute=None), found))
        print(f"{settings['dataset']}: split {seed + 1} of {dealt.nunique()} scored")
    with replacing(scores) as temporary:
        tabulated(table, scored).to_parquet(temporary, index=False)


def _examples(
    settings: dict, seed: int, members: pd.DataFrame, prepared: dict[str, Prepared]
) -> Iterator[tuple[pd.DataFrame, ShiftedSet]]:
    """(runs, examples) to score on the split of a seed."""
    dataset, own = settings["dataset"], prepared[settings["dataset"]]
    held, classes = held_of(settings, own, seed), int(own.labels.max()) + 1
    for examples in shifted_sets(dataset, seed, prepared, settings):
        if examples.shift != "none" and not settings.get("shifted", True):
            return
        if examples.split == "validation":
            for level, rows in members.groupby("label_noise"):
                labels = noisy(own.labels, classes, dataset, seed, level)[held.parts.validation]
                yield rows, examples._replace(labels=labels)
        elif examples.shift_family in OWN:
            yield members, _of(examples, held.test)
        else:
            yield members, examples


def _of(examples: ShiftedSet, places: Tensor) -> ShiftedSet:
    """Some of the examples."""
    attribute = None if examples.attribute is None else examples.attribute[places]
    return examples._replace(inputs=examples.inputs[places], labels=examples.labels[places], attribute=attribute)
