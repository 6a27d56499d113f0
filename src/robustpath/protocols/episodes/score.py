"""The final scores of runs on episodes: how well they classify new classes after some steps on a few examples."""

import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch

from robustpath import methods, models
from robustpath.core.files import replacing
from robustpath.core.randomness import generator, varied
from robustpath.core.types import Batch
from robustpath.data.prepared import load
from robustpath.engine.device import resolve
from robustpath.engine.source import Data, examples
from robustpath.models.functional import activations, predict
from robustpath.protocols import reading
from robustpath.protocols.episodes import deals
from robustpath.protocols.episodes.adaptation import accuracies
from robustpath.protocols.episodes.classes import Part, parts, turned
from robustpath.protocols.episodes.metrics import SPLITS
from robustpath.protocols.episodes.network import loss_of, outputs
from robustpath.protocols.episodes.sizes import NAMES

FACTS = {"shift": "none", "shift_family": "none", "severity": 0, "converged": True}


class Held(NamedTuple):
    """Episodes of a part: inputs [E, n, …] and labels [E, n] of the support sets and of the queries."""

    support: Batch
    queries: Batch


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split x metric.

    All methods meet the same episodes, which depend on (data set, seed, shots, split).
    """
    torch.set_num_threads(threads)
    device, dataset, ways = resolve(settings["device"]), settings["dataset"], settings["ways"]
    prepared = load(data[dataset])
    images = Data(turned(prepared.inputs).to(device), prepared.labels.repeat(deals.TURNS).to(device))
    model = models.network(settings, prepared.inputs.shape[1:], outputs(prepared, ways))
    network, layers = predict(model), activations(model)
    frames = []
    for weight, run in zip(weights, runs, strict=True):
        table, params = reading.table(run), reading.tensors(weight, device)
        about = table.drop(columns=[name for name in table if name.startswith("mean_")])
        spec = methods.load(about["method"].iloc[0])
        for (seed, shots), members in about.groupby(["seed", "shots"]):
            which = members.index.to_list()
            values = [json.loads(text) for text in members["hyperparameters"]]
            drawn = {name: torch.tensor([each[name] for each in values]).to(device) for name in spec.search}
            own = {name: params[name][which] for name in _in_order(model)}
            dealt = varied("split", seed, settings["vary"])
            for split, part in parts(prepared, dataset, dealt).items():
                if split in SPLITS:
                    held = episodes(settings, images, part, split, dealt, shots)
                    found = accuracies(spec, loss_of(network, ways), network, layers, ways, drawn, own, *held).cpu()
                    frames += [
                        members.assign(**FACTS, split=split, metric=name, value=column.numpy())
                        for name, column in zip(NAMES, found.T, strict=True)
                    ]
        print(f"{dataset}: the {len(about)} runs of {spec.name} adapted to their episodes")
    with replacing(scores) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)


def episodes(settings: dict, images: Data, part: Part, split: str, seed: int, shots: int) -> Held:
    """The episodes on which runs of a seed with so many shots are scored."""
    ways, each, count = settings["ways"], shots + settings["queries"], settings[f"{split}_episodes"]
    stream = generator("episodes", settings["dataset"], seed, split, shots)
    drawn = deals.episodes(part, count, ways, each, len(images.inputs) // deals.TURNS, stream)
    places, labels = (tensor.to(images.inputs.device) for tensor in drawn)
    halves = [(places[:, :shots], labels[:, :shots]), (places[:, shots:], labels[:, shots:])]
    return Held(*(Batch(examples(images, own.flatten(1))["inputs"], truth.flatten(1)) for own, truth in halves))


def _in_order(model: torch.nn.Module) -> list[str]:
    """The parameters in the order of the network: files keep another."""
    return [name for name, _ in model.named_parameters()]
