"""What is compared of every data set when it is prepared: its counts, labels, shape and range with what its entry says.

Where no checksum of a file is published, this is all that tells a whole copy from a damaged one.
"""

import torch
from torch import Tensor

from robustpath.data.entries import DataSet
from robustpath.data.grouped import GroupedDataSet
from robustpath.data.prepared import Prepared, present
from robustpath.data.published_names import PUBLISHED

SIGNAL = 40  # numbers of an example of a signal whose data set's file names no LENGTH, those of MNIST-1D
LARGEST = torch.finfo(torch.float32).max


def check(dataset: DataSet, prepared: Prepared, size: int | None, length: int, validation: int) -> None:
    """ValueError where prepared data do not agree with their entry; `size` is that of images in pixels a side, `length`
    how many numbers an example of a signal has, and `validation` how many examples are in no part, since its authors
    meant them for validation."""
    count = len(prepared.labels)
    for name, tensor in present(prepared).items():
        kind = {"inputs": torch.float32, "official_test": torch.bool}.get(name, torch.int64)
        if len(tensor) != count or tensor.dtype != kind or (name != "inputs" and tensor.dim() != 1):
            raise ValueError(f"{name} have the shape {tuple(tensor.shape)} and the type {tensor.dtype}")
    _inputs(dataset, prepared.inputs, size, length)
    _range("labels", prepared.labels, 0, dataset.classes)
    _columns(dataset, prepared)
    pool = ~prepared.official_test if prepared.group is None else prepared.group >= 0
    if (pool & prepared.official_test).any():
        raise ValueError("a test example is in the pool too")
    _counts(dataset, prepared, pool, validation)


def _same(what: str, found: list[int], known: list[int]) -> None:
    """ValueError where counts of examples are not the known ones."""
    if found != known:
        raise ValueError(f"the {what} should hold {_listed(known)} examples and hold {_listed(found)}")


def _inputs(dataset: DataSet, inputs: Tensor, size: int | None, length: int) -> None:
    """Shape and range of the inputs: images from 0 to 1 (some are one above the other), signals any finite numbers."""
    shape = tuple(inputs.shape[1:])
    if dataset.kind != "image":
        fits, due = shape[-1:] != () and inputs[:1].numel() == length, f"{length} numbers"
    elif dataset.channels == 1:
        fits, due = len(shape) == 2 and shape[1] == size and shape[0] % size == 0, f"{size} x {size} pixels"
    else:
        fits = shape == (dataset.channels, size, size)
        due = f"{size} x {size} pixels in {dataset.channels} channels"
    if not (fits and len(inputs)):
        raise ValueError(f"there are {len(inputs):,} examples of shape {shape}, and each should have {due}")
    low, high = (float(bound) for bound in inputs.aminmax())
    least, most = (0.0, 1.0) if dataset.kind == "image" else (-LARGEST, LARGEST)
    if not (least <= low and high <= most):  # of a NaN either is false
        raise ValueError(f"the inputs lie from {low:g} to {high:g}, not from {least:g} to {most:g}")


def _columns(dataset: DataSet, prepared: Prepared) -> None:
    """The ranges of what stands beside the labels."""
    domains = len(PUBLISHED if prepared.severity is not None else dataset.domains)
    attributes = dataset.attributes if isinstance(dataset, GroupedDataSet) else max(len(dataset.joined), 1)
    ranges = (("group", -1, len(prepared.labels)), ("domain", -1, domains), ("severity", 1, 6))
    for name, first, end in (*ranges, ("attribute", 0, attributes)):
        if (column := getattr(prepared, name)) is not None:
            _range(name, column, first, end)


def _counts(dataset: DataSet, prepared: Prepared, pool: Tensor, validation: int) -> None:
    """How many examples of each group or class there are, in the pool and in the official test part, and elsewhere."""
    labels, tested = prepared.labels, prepared.official_test
    of_pool, of_test = (torch.bincount(labels[part], minlength=dataset.classes).tolist() for part in (pool, tested))
    if isinstance(dataset, GroupedDataSet):
        groups = torch.bincount(
            (labels * dataset.attributes + prepared.attribute)[pool], minlength=dataset.classes * dataset.attributes
        )
        _same("groups of the training part", groups.tolist(), [many for row in dataset.pool_groups for many in row])
        of_entry = [sum(row) for row in dataset.test_groups] or [0] * dataset.classes
        _same("classes of the test part", of_test, of_entry)
    apart = torch.zeros_like(tested) if prepared.domain is None else prepared.domain >= 0
    _same("validation part", [int((~(pool | tested | apart)).sum())], [validation])
    _same("pool", [sum(of_pool)], [dataset.examples])
    _same("official test part", [sum(of_test)], [dataset.official_test])
    _same("rarest class of the pool", [min(of_pool)], [dataset.smallest_class])
    rarest = dataset.smallest_test_class or dataset.official_test // dataset.classes
    _same("rarest class of the official test part", [min(of_test)], [rarest])


def _range(what: str, column: Tensor, first: int, end: int) -> None:
    low, high = (int(bound) for bound in column.aminmax())
    if not (first <= low and high < end):
        raise ValueError(f"{what} go from {low} to {high}, not from {first} to {end - 1}")


def _listed(counts: list[int]) -> str:
    return ", ".join(map(str, counts))
