"""Checkpoints of a population: every tensor of a snapshot in one file, written whole or not at all, never unpickled,
and read back only where its checksum is right.

A checkpoint holds all that training depends on but functions: batches, noise and probes are functions of (run, step),
so there is no state of a generator to save.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from robustpath.core.files import replacing
from robustpath.engine.population import Snapshot

PARTS = ("leaf.", "sum.", "path.")


class Saved(NamedTuple):
    """A snapshot as a file holds it: stage, steps done in it, members, and named tensors [members or more, …]."""

    stage: int
    step: int
    members: int
    tensors: dict[str, Tensor]


def save(path: Path, snapshot: Snapshot, key: str, members: int) -> None:
    """Write a snapshot, whose first `members` rows count; `key` names the settings and code that it belongs to.

    OSError where it cannot be written; what was there before is there still.
    """
    leaves, _ = tree_flatten((snapshot.params, snapshot.state, snapshot.diverged, snapshot.source))
    named = {f"leaf.{i}": leaf for i, leaf in enumerate(leaves)}
    named |= {f"sum.{name}": value for name, value in snapshot.sums.items()}
    named |= {f"path.{name}": value for name, value in snapshot.path.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}
    _write(path, Saved(snapshot.stage, snapshot.step, members, tensors), key)


def members(path: Path, key: str) -> int | None:
    """How many members a checkpoint is of; None where `read` finds none."""
    saved = read(path, key)
    return saved.members if saved else None


def read(path: Path, key: str) -> Saved | None:
    """What a checkpoint holds; None where there is none. One that is damaged, or of other settings or code, is set
    aside (`.aside` after its name) with one line."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError):
        return _set_aside(path, "is damaged")
    about = metadata.get("about", "")
    if metadata.get("sha256") != _checksum(about, tensors):
        return _set_aside(path, "is damaged")
    about = json.loads(about)
    if about["key"] != key:
        return _set_aside(path, "is of other settings or code")
    ordered = {
        name: tensors[name] for name in about["tensors"]
    }  # the file's order is another; tables keep that of sums
    return Saved(about["stage"], about["step"], about["members"], ordered)


def restore(saved: Saved, like: Snapshot) -> Snapshot:
    """The saved snapshot, with the structure, device and number of rows of `like` (the fresh population of the same
    stage); rows beyond the members repeat the last."""
    leaves, structure = tree_flatten((like.params, like.state, like.diverged, like.source))
    device = like.diverged.device
    rows = torch.arange(len(like.diverged)).clamp(max=saved.members - 1)
    leaf, sums, path = (
        {
            name.removeprefix(part): tensor[rows].to(device)
            for name, tensor in saved.tensors.items()
            if name.startswith(part)
        }
        for part in PARTS
    )
    params, state, diverged, source = tree_unflatten([leaf[str(i)] for i in range(len(leaves))], structure)
    return Snapshot(saved.stage, saved.step, params, state, diverged, source, sums, path)


def split(path: Path, other: Path, key: str, first: int) -> None:
    """Part a checkpoint, if there is one: the `first` members stay at `path`, the rest go to `other`."""
    saved = read(path, key)
    if saved and first < saved.members:
        for file, start, stop in ((other, first, saved.members), (path, 0, first)):
            tensors = {name: tensor[start:stop].contiguous() for name, tensor in saved.tensors.items()}
            _write(file, saved._replace(members=stop - start, tensors=tensors), key)


def _write(path: Path, saved: Saved, key: str) -> None:
    about = json.dumps({"key": key, **saved._asdict(), "tensors": list(saved.tensors)})
    with replacing(path) as temporary:
        save_file(saved.tensors, temporary, {"about": about, "sha256": _checksum(about, saved.tensors)})


def _checksum(about: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(about.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _set_aside(path: Path, fault: str) -> None:
    os.replace(path, path.with_name(f"{path.name}.aside"))
    print(f"the checkpoint {path.name} {fault}: set aside, training starts from the beginning")
