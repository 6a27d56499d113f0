"""Tiny data with groups, three small acquisitions, and cells of them."""

from pathlib import Path

import torch

from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.methods.acquiring import highest
from robustpath.methods.base import choice, register

CLASSES, ATTRIBUTES, EACH = 2, 2, 80
NEEDS = ("sampled",)  # of the acquisitions below, as an acquisition's own file states it
SETTINGS = {
    "experiment": "pools",
    "protocol": "acquisition",
    "dataset": "quarters",
    "learner": "sgd",
    "budget": 6,
    "batch_size": 8,
    "seed_labels": 8,
    "acquired": 4,
    "rounds": 2,
    "pool": 60,
    "task": "hole",
    "missing": [1, 2],
    "correlation": 0.75,
    "label_noise": [0.0, 0.3],
    "grid": {},
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 1,
    "validation_size": 40,
    "test_size": 80,
    "hidden": [10, 6],
    "device": "cpu",
    "compile": "never",
}
RUNS = 2 * 2 * 2  # levels of label noise, missing groups, seeds


@register(search={})
def first_come():
    """The unlabelled examples in their order."""
    return lambda view, count, generator: view.unlabelled[:count]


@register(search={"dice": choice(0, 1, default=0)})
def least_sure(dice):
    """The examples of the least probable prediction, in the mean over passes with dropout, or random ones."""

    def acquire(view, count, generator):
        if dice:
            return view.unlabelled[torch.randperm(len(view.unlabelled), generator=generator)[:count]]
        probable = view.sampled[:, view.unlabelled].softmax(2).mean(0).amax(1)
        return highest(-probable, view.unlabelled, count)

    return acquire


@register(search={})
def hard_classes():
    """Examples predicted to be of the class whose labelled examples had the highest losses, random ones among them."""

    def acquire(view, count, generator):
        losses = torch.zeros(view.classes).index_add(0, view.labels, view.losses.sum(0) + (~view.correct).sum(0))
        wanted = view.logits[view.unlabelled].argmax(1) == losses.argmax()
        near = view.head(view.representations["penultimate"]).sub(view.logits).abs().amax(1)[view.unlabelled]
        dice = torch.rand(len(wanted), generator=generator)
        return highest(wanted * 2 + dice - near, view.unlabelled, count)

    return acquire


TOYS = {each.spec.name: each.spec for each in (first_come, least_sure, hard_classes)}


def quarters() -> Prepared:
    """Two labels and two attributes, a direction for each in six dimensions, and noise."""
    number = CLASSES * ATTRIBUTES * EACH
    labels, attribute = torch.arange(number) % CLASSES, torch.arange(number) // CLASSES % ATTRIBUTES
    inputs = torch.randn(number, 6, generator=generator("quarters"))
    inputs[:, 0] += 3.0 * labels
    inputs[:, 1] += 4.0 * attribute
    return Prepared(inputs, labels, torch.zeros(number, dtype=torch.bool), attribute=attribute)


def trained_files(settings: dict, data: Path, folder: Path) -> list[Path]:
    """Train a whole cell; its files: weights, path, runs, seconds, scores."""
    from robustpath.protocols.acquisition import training

    folder.mkdir(exist_ok=True, parents=True)
    suffixes = (".safetensors", ".path.safetensors", ".parquet", ".seconds.parquet", ".scores.parquet")
    files = [folder / f"{settings['method']}{suffix}" for suffix in suffixes]
    training.train(settings, data, *files, threads=1)
    return files


def same(first: list[Path], second: list[Path]) -> bool:
    """All files but the seconds, byte for byte."""
    pairs = zip(first, second, strict=True)
    return all(one.read_bytes() == other.read_bytes() for one, other in pairs if ".seconds." not in one.name)
