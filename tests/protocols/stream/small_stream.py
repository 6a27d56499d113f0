"""A tiny stream, and what is trained on it: shared by the tests of the protocol and of its methods."""

from pathlib import Path

import torch

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.protocols.stream import training

MODEL = "mlp"
SETTINGS = {
    "experiment": "streams",
    "dataset": "blobs",
    "stream": "permuted",
    "tasks": 2,
    "examples": 40,
    "examples_per_batch": 10,
    "memory": 16,
    "evaluations": [6.0],
    "label_noise": [0.0],
    "grid": {},
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 2,
    "validation_size": 31,
    "test_size": 31,
    "hidden": [12, 12],
    "device": "cpu",
    "compile": "never",
}
STREAMED = [name for name in methods.names() if "stream" in methods.protocols_of(name)]
OTHERS = ["sgd", "sam"]  # of the methods with one phase that need no stream


def blobs() -> Prepared:
    """Three overlapping Gaussian classes in eight dimensions, of three data sets that were joined."""
    labels = torch.arange(240) % 3
    centres = 1.5 * torch.randn(3, 8, generator=generator("blobs", "centres"))
    inputs = centres[labels] + torch.randn(240, 8, generator=generator("blobs", "noise"))
    return Prepared(inputs, labels, torch.zeros(240, dtype=torch.bool), attribute=(torch.arange(240) // 3) % 3)


def settings_of(name: str, **changes) -> dict:
    """The settings of a cell of a method, with the network that it can use."""
    networks = methods.load(name).networks
    model = {} if MODEL in networks or not networks else {"model": networks[0]}
    return SETTINGS | {"method": name} | model | changes


def cell_of(name: str, data: Prepared, **changes) -> training.Cell:
    """A cell in memory."""
    return training.Cell(settings_of(name, **changes), methods.load(name), data, torch.device("cpu"))


def paying(name: str, data: Prepared, steps: int) -> float:
    """A budget a batch that pays for so many steps of a method, and not for one more."""
    cell = cell_of(name, data)
    return cell.around + (steps + 0.5) * cell.each


def trained_files(settings: dict, data: Path, folder: Path) -> list[Path]:
    """Train a whole cell; its files: weights, path, runs, seconds, scores."""
    folder.mkdir(exist_ok=True, parents=True)
    suffixes = (".safetensors", ".path.safetensors", ".parquet", ".seconds.parquet", ".scores.parquet")
    files = [folder / f"{settings['method']}{suffix}" for suffix in suffixes]
    training.train(settings, data, *files, threads=1)
    return files


def members(cell: training.Cell, evaluations: float) -> list[training.Run]:
    """The runs of a cell at one budget."""
    settings = cell.settings
    draws = range(max(settings["draws"], 1))
    return [
        training.Run(evaluations, level, seed, draw)
        for level in settings["label_noise"]
        for seed in range(settings["seeds"])
        for draw in draws
    ]


def trained(cell: training.Cell, runs: list[training.Run], folder: Path):
    """What some runs of a cell at one budget become, and their scores on the way."""
    folder.mkdir(exist_ok=True, parents=True)
    plan = cell.plan(runs[0].evaluations)
    return cell.train(runs, plan, folder / "weights.safetensors", 0, len(runs), lambda: None)


def same(first: list[Path], second: list[Path]) -> bool:
    """All files but the seconds, byte for byte."""
    pairs = zip(first, second, strict=True)
    return all(one.read_bytes() == other.read_bytes() for one, other in pairs if ".seconds." not in one.name)
