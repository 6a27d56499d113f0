"""Tiny data of ten labels and forty faces, and cells on episodes of it."""

from pathlib import Path

import torch

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared
from robustpath.protocols.episodes import training

LABELS, FACES = 10, 40
SETTINGS = {
    "experiment": "episodes",
    "protocol": "episodes",
    "dataset": "patterns",
    "budget": 8,
    "ways": 2,
    "shots": [1, 2],
    "queries": 3,
    "validation_episodes": 4,
    "test_episodes": 6,
    "grid": {},
    "seeds": 2,
    "vary": ["split", "initialisation", "order"],
    "draws": 2,
    "hidden": [12, 12],
    "device": "cpu",
    "compile": "never",
}
LEARNT = [name for name in methods.names() if "episodes" in methods.protocols_of(name)]


def patterns(noise: float = 0.05) -> Prepared:
    """Images of 4 x 4 pixels, one random pattern a label and a little noise a face; two faces are a family."""
    shapes = torch.rand(LABELS, 4, 4, generator=generator("patterns"))
    labels = torch.arange(LABELS).repeat(FACES)
    inputs = shapes[labels] + noise * torch.randn(len(labels), 4, 4, generator=generator("patterns", "noise"))
    family = (torch.arange(FACES) // 2).repeat_interleave(LABELS)
    return Prepared(inputs, labels, torch.zeros(len(labels), dtype=torch.bool), group=family, domain=-1 + 0 * family)


def cell_of(name: str, data: Prepared, **changes) -> training.Cell:
    """A cell in memory."""
    return training.Cell(SETTINGS | {"method": name} | changes, methods.load(name), data, torch.device("cpu"))


def trained_files(name: str, data: Path, folder: Path, **changes) -> list[Path]:
    """Train a whole cell; its files: weights, path, runs, seconds, scores."""
    folder.mkdir(exist_ok=True, parents=True)
    suffixes = (".safetensors", ".path.safetensors", ".parquet", ".seconds.parquet", ".scores.parquet")
    files = [folder / f"{name}{suffix}" for suffix in suffixes]
    training.train(SETTINGS | {"method": name} | changes, data, *files, threads=1)
    return files


def same(first: list[Path], second: list[Path]) -> bool:
    """All files but the seconds, byte for byte."""
    pairs = zip(first, second, strict=True)
    return all(one.read_bytes() == other.read_bytes() for one, other in pairs if ".seconds." not in one.name)
