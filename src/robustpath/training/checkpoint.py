"""Checkpoints of a population: every tensor of a snapshot in one file, written whole or not at all, never unpickled."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.utils._pytree import tree_flatten, tree_unflatten

from robustpath.files import replacing
from robustpath.training.population import Snapshot


def save(path: Path, snapshot: Snapshot, key: str) -> None:
    """Write a snapshot; `key` names the settings and code that it belongs to."""
    leaves, _ = tree_flatten((snapshot.params, snapshot.state, snapshot.diverged))
    tensors = {f"leaf.{i}": leaf.detach().cpu().contiguous() for i, leaf in enumerate(leaves)}
    tensors |= {f"sum.{name}": value.detach().cpu().contiguous() for name, value in snapshot.sums.items()}
    tensors |= {f"path.{name}": value.detach().cpu().contiguous() for name, value in snapshot.path.items()}
    metadata = {"key": key, "stage": str(snapshot.stage), "step": str(snapshot.step)}
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata)


def position(path: Path, key: str) -> tuple[int, int] | None:
    """(stage, step) of a checkpoint; None where it is missing, damaged, or of other settings or code."""
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
    except (OSError, SafetensorError):
        return None
    return (int(metadata["stage"]), int(metadata["step"])) if metadata["key"] == key else None


def load(path: Path, like: Snapshot) -> Snapshot:
    """The saved snapshot, with the structure and device of `like` (the fresh population of the same stage)."""
    leaves, structure = tree_flatten((like.params, like.state, like.diverged))
    device = str(like.diverged.device)
    with safe_open(path, "pt", device=device) as file:
        restored = [file.get_tensor(f"leaf.{i}") for i in range(len(leaves))]
        sums, path = (
            {name.removeprefix(kind): file.get_tensor(name) for name in file.keys() if name.startswith(kind)}  # noqa: SIM118
            for kind in ("sum.", "path.")
        )
        metadata = file.metadata()
    params, state, diverged = tree_unflatten([torch.as_tensor(leaf) for leaf in restored], structure)
    return Snapshot(int(metadata["stage"]), int(metadata["step"]), params, state, diverged, sums, path)
