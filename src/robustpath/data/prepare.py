"""Preparation: from the source files of a data set to one checked file of tensors and a data card."""

import hashlib
import json
import traceback
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.data import registered, sets
from robustpath.data.download import digest, forget, keep, local, payload
from robustpath.data.entries import DataSet, File
from robustpath.data.prepared import Prepared, present, save
from robustpath.data.preprocessing import USUAL
from robustpath.data.published_names import PUBLISHED

LONGEST_FAULT = 300  # characters of what a sentence quotes: a damaged file may hold names without end


def prepare(settings: dict, out: Path, card: Path) -> None:
    """Read, check and preprocess settings["dataset"] at settings["image_size"]: tensors to `out`, facts to `card`.

    The same sources give the same bytes. UserError when a source file is missing or altered, is not what its reader
    expects, or gives other examples than the entry counts.
    """
    module = sets.load(settings["dataset"])
    dataset = module.ENTRY
    prepared, words = (_fetched if dataset.fetched else _shipped)(module, settings["image_size"])
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
        "recipe": {"image_size": settings["image_size"]} if dataset.files else module.recipe(),
        "sources": [_source(file) for file in dataset.files],
        "tensors": {
            name: {
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "sha256": hashlib.sha256(tensor.numpy()).hexdigest(),
            }
            for name, tensor in present(prepared).items()
        },
    }
    with replacing(card) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")


def _shipped(module: ModuleType, size: int | None) -> tuple[Prepared, str]:
    """A data set whose files are known byte by byte, or that is generated."""
    dataset = module.ENTRY
    prepared, words = _converted(module, {file.name: payload(file) for file in dataset.files}, size)
    try:
        _check(module, prepared, size)
    except ValueError as error:
        raise UserError(
            f"{module.__file__} does not read what its ENTRY describes ({error}): correct one of the two"
        ) from error
    return prepared, words


def _fetched(module: ModuleType, size: int | None) -> tuple[Prepared, str]:
    """A data set from large files. All that one of them does to its reader is the file's fault, and no copy sets
    a checksum that is not read whole and has the entry's counts."""
    dataset = module.ENTRY
    paths = {file.name: local(file) for file in dataset.files}
    try:
        prepared, words = _converted(module, paths, size)
        _check(module, prepared, size)
    except Exception as error:
        for file in () if isinstance(error, MemoryError) else dataset.files:
            forget(file)
        said = "".join(sign if sign.isprintable() else " " for sign in f"{type(error).__name__}: {error}")
        raise UserError(
            f"{' or '.join(map(str, paths.values()))} is not in the form of {dataset.title} "
            f"({' '.join(said.split())[:LONGEST_FAULT]}; read by {_line(module, error)}): "
            "replace it by the file of its authors"
        ) from error
    for file in dataset.files:
        keep(file, paths[file.name])
    return prepared, words


def _line(module: ModuleType, error: Exception) -> str:
    """Where in a data set's own file an error arose, for the person who is writing it."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == module.__file__]
    return Path(module.__file__).name + (f", line {lines[-1]}" if lines else "")


def _converted(module: ModuleType, files: Mapping, size: int | None) -> tuple[Prepared, str]:
    """What training reads of a data set's files, and the words of the card."""
    raw, *columns = module.read(files)
    inputs, words = getattr(module, "preprocess", USUAL[module.ENTRY.channels])(raw, size)
    columns = (None if column is None else torch.from_numpy(column) for column in columns)
    return Prepared(inputs.contiguous(), *columns), words


def _check(module: ModuleType, prepared: Prepared, size: int | None) -> None:
    length, validation = getattr(module, "LENGTH", registered.SIGNAL), getattr(module, "VALIDATION", 0)
    registered.check(module.ENTRY, prepared, size, length, validation)


def _source(file: File) -> dict:
    """How a card names a source and its checksum."""
    if file.sha256:
        return {"name": file.name, "payload_sha256": file.sha256, "bytes": file.size}
    kind, found = digest(file)
    published = {} if file.raw_sha256 or file.md5 else {"checksum": "that of the first copy: none is published"}
    return {"name": file.name, kind: found, **published}


def _grouping(prepared: Prepared, dataset: DataSet) -> dict:
    """How a card describes groups, domains, corruptions and attributes: nothing where the data set has none."""
    facts = {}
    if prepared.severity is not None:
        facts["corruptions"] = dict(zip(PUBLISHED, torch.bincount(prepared.domain).tolist(), strict=True))
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
