"""A prepared data set: the tensors that training reads, and their file."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.files import replacing


class Prepared(NamedTuple):
    """A prepared data set: inputs float32 [N, H, W] (colour: [N, 3, H, W]) in [0, 1], or of signals [N, L] or
    [N, C, L]; labels int64 [N]; official_test bool [N].

    Where examples come in groups that a split must not divide, also group int64 [N] and domain int64 [N]: the place of
    the natural shift among the data set's `domains` that an example is kept for. Each is -1 where the other is not.
    Of published corruptions, domain is the place in published_names.PUBLISHED and severity int64 [N] is 1 to 5.
    attribute int64 [N] is what a label may be confused with; a worst group is one of label and attribute.
    """

    inputs: Tensor
    labels: Tensor
    official_test: Tensor
    group: Tensor | None = None
    domain: Tensor | None = None
    severity: Tensor | None = None
    attribute: Tensor | None = None


def save(prepared: Prepared, path: Path) -> None:
    """Write a prepared data set with its own checksum; the same tensors give the same bytes."""
    tensors = present(prepared)
    with replacing(path) as temporary:
        # One key only: the order of several would differ from run to run.
        save_file(tensors, temporary, metadata={"sha256": _checksum(tensors)})


def load(path: Path) -> Prepared:
    """A prepared data set, checked against its own checksum; UserError if the file is missing, cut short or altered."""
    try:
        with safe_open(path, "pt") as file:
            expected = (file.metadata() or {}).get("sha256")
            held, optional = set(file.keys()), Prepared._field_defaults
            names = [name for name in Prepared._fields if name in held or name not in optional]
            tensors = {name: file.get_tensor(name) for name in names}
    except FileNotFoundError:
        raise UserError(f"{path} is missing: prepare the data set first") from None
    except (SafetensorError, OSError):
        raise UserError(f"{path} is truncated or not a prepared data set: delete it and run again") from None
    if _checksum(tensors) != expected:
        raise UserError(f"{path} is altered (its checksum does not match): delete it and run again")
    return Prepared(**tensors)


def present(prepared: Prepared) -> dict[str, Tensor]:
    """The tensors that a data set has, by name."""
    return {name: tensor for name, tensor in prepared._asdict().items() if tensor is not None}


def _checksum(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy())
    return digest.hexdigest()
