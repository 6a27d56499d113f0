"""Preparation: from the source files of a data set to one checked file of tensors and a data card."""

import hashlib
import json
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.data import sets
from robustpath.data.download import digest, forget, local, payload
from robustpath.data.entries import DataSet, File
from robustpath.data.prepared import Prepared, present, save
from robustpath.data.preprocessing import USUAL
from robustpath.data.published_names import PUBLISHED

UNREADABLE = (ValueError, KeyError, IndexError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile)


def prepare(settings: dict, out: Path, card: Path) -> None:
    """Read, check and preprocess settings["dataset"] at settings["image_size"]: tensors to `out`, facts to `card`.

    The same sources give the same bytes. UserError when a source file is missing or altered.
    """
    module = sets.load(settings["dataset"])
    dataset = module.ENTRY
    raw, *columns = _read(module)
    preprocess = getattr(module, "preprocess", USUAL[dataset.channels])
    inputs, words = preprocess(raw, settings["image_size"])
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


def _read(module: ModuleType) -> tuple[np.ndarray | None, ...]:
    """The arrays of a data set; UserError where a file, though it has its checksum, is not what its reader expects."""
    dataset = module.ENTRY
    if not dataset.fetched:
        return module.read({file.name: payload(file) for file in dataset.files})
    paths = {file.name: local(file) for file in dataset.files}
    try:
        return module.read(paths)
    except UNREADABLE as error:
        for file in dataset.files:
            forget(file)
        raise UserError(
            f"{' or '.join(map(str, paths.values()))} is not in the form of {dataset.title} "
            f"({type(error).__name__}: {' '.join(str(error).split())}): replace it by the file of its authors"
        ) from error


def _source(file: File) -> dict:
    """How a card names a source and its checksum."""
    if file.sha256:
        return {"name": file.name, "payload_sha256": file.sha256, "bytes": file.size}
    kind, found = digest(file)
    return {"name": file.name, kind: found}


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
