"""Scores of every run of a data set, all methods at once, on every split and shift."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import varied
from robustpath.data.prepared import Prepared, load
from robustpath.data.shifts import ShiftedSet, attribute, shifted_sets
from robustpath.engine.device import resolve
from robustpath.methods.base import Params
from robustpath.protocols import reading
from robustpath.protocols.accuracies import of_groups
from robustpath.protocols.scored import tabulated
from robustpath.protocols.supervised.deals import deal_of
from robustpath.protocols.supervised.measures.stacked import Network, network
from robustpath.protocols.supervised.scores import SCORES


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split x shift x severity x metric.

    Training and validation labels, and those of training examples that are held out (split `holdout`), are as noisy as
    those a run was trained on, since a user has no others; those of the test are clean.

    `data` holds the data set itself and the partners of its natural shifts; `weights` and `runs` are the trained
    methods' files, in one order.
    """
    scored_on(_examples, settings, data, weights, runs, scores, threads)


def scored_on(
    examples_of: Callable[[dict, int, pd.DataFrame, dict[str, Prepared]], Iterator[tuple[pd.DataFrame, ShiftedSet]]],
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int,
) -> None:  # fmt: skip
    """As `evaluate`, on the examples of a protocol.

    examples_of(settings, seed of a split, its runs, data sets by name) -> pairs of some of these runs and the examples
    that they are scored on.
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
    deals = table["seed"].map(lambda seed: varied("split", seed, settings["vary"]))
    for seed, members in table.groupby(deals):
        chosen = {}
        for rows, examples in examples_of(settings, seed, members, prepared):
            which = rows.index.to_numpy()
            if which.tobytes() not in chosen:
                chosen[which.tobytes()] = {name: tensor[rows.index.to_list()] for name, tensor in params.items()}
            measured = _scored(together, chosen[which.tobytes()], examples, device, portion)
            scored.append((which, examples._replace(inputs=None, labels=None, attribute=None), measured))
        print(f"{settings['dataset']}: split {seed + 1} of {deals.nunique()} scored")
    with replacing(scores) as temporary:
        tabulated(table, scored).to_parquet(temporary, index=False)


def _examples(
    settings: dict, seed: int, members: pd.DataFrame, prepared: dict[str, Prepared]
) -> Iterator[tuple[pd.DataFrame, ShiftedSet]]:
    """(runs, examples) to score on the split of a seed: each train size and label noise on its own training,
    held-out and validation examples, all runs on the rest."""
    dataset, own = settings["dataset"], prepared[settings["dataset"]]
    dealt = deal_of(settings, own, seed)
    for (size, level), rows in members.groupby(["train_size", "label_noise"]):
        chosen, labels = dealt.training(size, level)
        yield rows, ShiftedSet("train", "none", "none", 0, own.inputs[chosen], labels, attribute(own, chosen))
        held, labels = dealt.holdout(size, level)
        if len(held):
            yield rows, ShiftedSet("holdout", "none", "none", 0, own.inputs[held], labels, attribute(own, held))
    for examples in shifted_sets(dataset, seed, prepared, settings):
        if examples.split != "validation":
            yield members, examples
            continue
        for level, rows in members.groupby("label_noise"):
            yield rows, examples._replace(labels=dealt.labels(level)[dealt.parts.validation])


def _scored(
    network: Network, params: Params, examples: ShiftedSet, device: torch.device, portion: tuple[int, int]
) -> dict[str, Tensor]:
    """Every score on the examples, brought to the device."""
    inputs, labels, *grouped = (
        each.to(device) for each in (examples.inputs, examples.labels, examples.attribute) if each is not None
    )
    return score(network, params, inputs, labels, portion, *grouped)


def score(
    network: Network, params: Params, inputs: Tensor, labels: Tensor, portion: tuple[int, int] = (64, 0),
    attribute: Tensor | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """Every score of every member: params [M, …], inputs [n, …], labels [n] -> {metric: [M]}; with the examples'
    attribute [n] also those of groups.

    `portion`: how many members and how many examples (0: all) at once.
    """
    members, together = portion
    parts = zip(*(tensor.split(members) for tensor in params.values()), strict=True)
    examples = inputs.split(together or len(inputs))
    found = [_score(network, dict(zip(params, part, strict=True)), examples, labels, attribute) for part in parts]
    return {name: torch.cat([part[name] for part in found]) for name in found[0]}


@torch.no_grad()
def _score(
    network: Network, params: Params, inputs: tuple[Tensor, ...], labels: Tensor, attribute: Tensor | None
) -> dict[str, Tensor]:
    logits = torch.cat([network(params, part) for part in inputs], 1)
    scores = {name: compute(logits, labels) for name, compute in SCORES.items()}
    return scores if attribute is None else scores | of_groups(logits, labels, attribute)
