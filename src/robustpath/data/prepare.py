"""Preparation: from the source files of a data set to one checked file of tensors and a data card."""

import hashlib
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.data import archives, mnist1d, readers, registry
from robustpath.data.download import digest, forget, local, payload
from robustpath.data.resampling import resize, uci_blocks

MNIST_BOX = 20 / 28  # share of the side that MNIST's digits fill
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in grey (ITU-R BT.601)
CHUNK = 10_000  # photographs converted at once
UNREADABLE = (ValueError, KeyError, IndexError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile)


class Prepared(NamedTuple):
    """A prepared data set: inputs float32 [N, H, W] (colour: [N, 3, H, W]) in [0, 1] or [N, L]; labels int64 [N];
    official_test bool [N].

    Where examples come in groups that a split must not part, also group int64 [N] and domain int64 [N]: the place of
    the natural shift among the data set's `domains` that an example is kept for. Each is -1 where the other is not.
    Of published corruptions, domain is the place in registry.PUBLISHED and severity int64 [N] is 1 to 5. attribute
    int64 [N] is what a label may be confused with; a worst group is one of label and attribute.
    """

    inputs: Tensor
    labels: Tensor
    official_test: Tensor
    group: Tensor | None = None
    domain: Tensor | None = None
    severity: Tensor | None = None
    attribute: Tensor | None = None


def _mnist5k(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    images = torch.from_numpy(raw).float() / 255
    if size == 8:
        return uci_blocks(images), (
            "the preparation of the UCI digits: cropped to the bounding box, scaled to 32 x 20 pixels inside 32 x 32, "
            "thresholded at 1/2, set pixels counted in blocks of 4 x 4, counts divided by 16"
        )
    return resize(images, size), "divided by 255" + _resized(28, size)


def _optdigits(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    images = torch.from_numpy(raw).float() / 16
    if size == 8:
        return images, "block counts divided by 16" + _resized(8, size)
    # Were the frame filled to its border, little learnt on MNIST would carry over: accuracy .18 against .67 at 28.
    framed, words = _framed(images, size)
    return framed, f"block counts divided by 16{words}"


def _framed(images: Tensor, size: int) -> tuple[Tensor, str]:
    """Digits that fill their frame in the middle of a larger one, as MNIST's lie."""
    box = round(size * MNIST_BOX)
    before = (size - box) // 2
    after = size - box - before
    framed = torch.nn.functional.pad(resize(images, box), (before, after, before, after))
    return framed, (
        f"{_resized(images.shape[1], box)}, in the middle of {size} x {size} pixels, "
        "as MNIST's digits fill 20 pixels of 28"
    )


def _usps(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    framed, words = _framed((torch.from_numpy(raw) + 1) / 2, size)
    return framed.clamp(0, 1), f"(x + 1) / 2{words}"


def _svhn(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    grey = torch.cat([part @ torch.tensor(LUMA) for part in _chunks(raw)])
    return resize(grey, size).clamp(0, 1), (
        f"divided by 255, made grey by {' + '.join(f'{share} {name}' for share, name in zip(LUMA, 'RGB', strict=True))}"
        f"{_resized(raw.shape[1], size)}; bright digits and dark ones stay as they are"
    )


def _colour(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    parts = [resize(part.permute(0, 3, 1, 2), size).clamp_max(1) for part in _chunks(raw)]
    return torch.cat(parts), f"divided by 255, red, green and blue{_resized(raw.shape[1], size)}"


def _chunks(raw: np.ndarray) -> Iterator[Tensor]:
    """Photographs uint8 [N, H, W, 3] as float32 in [0, 1], some at a time: a large set twice in memory is enough."""
    for start in range(0, len(raw), CHUNK):
        yield torch.from_numpy(np.ascontiguousarray(raw[start : start + CHUNK])).float() / 255


def _bytes(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    # Averages over area come out a rounding above 1.
    return resize(torch.from_numpy(raw).float() / 255, size).clamp_max(1), "divided by 255" + _resized(28, size)


def _mnist1d(raw: np.ndarray, size: int) -> tuple[Tensor, str]:
    return torch.from_numpy(raw), (
        "generated in double precision, standardised by the pool's mean and standard deviation; image size has no part"
    )


def _resized(source: int, size: int) -> str:
    if size == source:
        return f", {size} x {size} pixels as they are"
    how = "averaged over area" if size < source else "interpolated bilinearly"
    return f", {how} from {source} x {source} to {size} x {size} pixels"


PREPROCESSING: dict[str, Callable[[np.ndarray, int], tuple[Tensor, str]]] = {
    "mnist5k": _mnist5k,
    "optdigits": _optdigits,
    "fashion_mnist": _bytes,
    "mnist1d": _mnist1d,
    "typefaces": _bytes,
    "typeface_digits": _bytes,
    "mnist": _bytes,
    "kmnist": _bytes,
    "usps": _usps,
    "svhn": _svhn,
} | {name: _colour for name, dataset in registry.DATASETS.items() if dataset.channels == 3}


def prepare(settings: dict, out: Path, card: Path) -> None:
    """Read, check and preprocess settings["dataset"] at settings["image_size"]: tensors to `out`, facts to `card`.

    The same sources give the same bytes. UserError when a source file is missing or altered.
    """
    dataset = registry.get(settings["dataset"])
    raw, *columns = _read(dataset)
    inputs, words = PREPROCESSING[dataset.name](raw, settings["image_size"])
    prepared = Prepared(
        inputs.contiguous(), *(None if column is None else torch.from_numpy(column) for column in columns)
    )
    save(prepared, out)
    pool = ~prepared.official_test if prepared.group is None else prepared.group >= 0
    facts = {
        "dataset": dataset.name,
        "title": dataset.title,
        "kind": dataset.kind,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "examples": int(pool.sum()),
        "official_test": int(prepared.official_test.sum()),
        "classes": dataset.classes,
        "examples_per_class": _per_class(prepared, pool, dataset.classes),
        "official_test_per_class": _per_class(prepared, prepared.official_test, dataset.classes),
        **_grouping(prepared, dataset),
        "preprocessing": words,
        "recipe": dict(mnist1d.RECIPE) if dataset.kind == "signal" else {"image_size": settings["image_size"]},
        "sources": [_source(file) for file in dataset.files],
        "tensors": {
            name: {
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "sha256": hashlib.sha256(tensor.numpy()).hexdigest(),
            }
            for name, tensor in _tensors(prepared).items()
        },
    }
    with replacing(card) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")


def _read(dataset: registry.DataSet) -> tuple[np.ndarray | None, ...]:
    """The arrays of a data set; UserError where a file, though it has its checksum, is not what its reader expects."""
    if not dataset.fetched:
        return getattr(readers, dataset.reader)({file.name: payload(file) for file in dataset.files})
    paths = {file.name: local(file) for file in dataset.files}
    try:
        return getattr(archives, dataset.reader)(paths)
    except UNREADABLE as error:
        for file in dataset.files:
            forget(file)
        raise UserError(
            f"{' or '.join(map(str, paths.values()))} is not in the form of {dataset.title} "
            f"({type(error).__name__}: {' '.join(str(error).split())}): replace it by the file of its authors"
        ) from error


def _source(file: registry.File) -> dict:
    """How a card names a source and its checksum."""
    if file.sha256:
        return {"name": file.name, "payload_sha256": file.sha256, "bytes": file.size}
    kind, found = digest(file)
    return {"name": file.name, kind: found}


def save(prepared: Prepared, path: Path) -> None:
    """Write a prepared data set with its own checksum; the same tensors give the same bytes."""
    tensors = _tensors(prepared)
    with replacing(path) as temporary:
        # One key only: the order of several would differ from run to run.
        save_file(tensors, temporary, metadata={"sha256": _fingerprint(tensors)})


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
    if _fingerprint(tensors) != expected:
        raise UserError(f"{path} is altered (its checksum does not match): delete it and run again")
    return Prepared(**tensors)


def _fingerprint(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy())
    return digest.hexdigest()


def _tensors(prepared: Prepared) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in prepared._asdict().items() if tensor is not None}


def _grouping(prepared: Prepared, dataset: registry.DataSet) -> dict:
    """How a card describes groups, domains, corruptions and attributes: nothing where the data set has none."""
    facts = {}
    if prepared.severity is not None:
        facts["corruptions"] = dict(
            zip(registry.PUBLISHED, torch.bincount(prepared.domain).tolist(), strict=True)
        )  # fmt: skip
    elif prepared.domain is not None:
        counts = torch.bincount(prepared.domain[prepared.domain >= 0], minlength=len(dataset.domains)).tolist()
        groups = len(prepared.group[prepared.group >= 0].unique())
        facts |= {"groups": groups, "domains": dict(zip(dataset.domains, counts, strict=True))}
    if prepared.attribute is not None:
        pool = prepared.group >= 0
        pairs = zip(prepared.labels[pool].tolist(), prepared.attribute[pool].tolist(), strict=True)
        facts["label_and_attribute"] = {f"{label}, {value}": n for (label, value), n in sorted(Counter(pairs).items())}
    return facts


def _per_class(prepared: Prepared, mask: Tensor, classes: int) -> list[int]:
    return torch.bincount(prepared.labels[mask], minlength=classes).tolist()
