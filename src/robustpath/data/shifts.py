"""Shifted evaluation sets: every corruption, natural shift and generator knob of a data set, for one seed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.data import sets
from robustpath.data.corruptions import CORRUPTIONS
from robustpath.data.group_splits import parted
from robustpath.data.prepared import Prepared
from robustpath.data.published_names import PUBLISHED
from robustpath.data.shift_names import Shift, shifts
from robustpath.data.splits import deal, official, split


class ShiftedSet(NamedTuple):
    """Examples to score: inputs float32 [n, ...], labels int64 [n] and, where they have one and the shift leaves it as
    it is, attribute int64 [n]. Unshifted: shift and family "none", severity 0."""

    split: str
    shift: str
    shift_family: str
    severity: int
    inputs: Tensor
    labels: Tensor
    attribute: Tensor | None = None


def shifted_sets(dataset: str, seed: int, prepared: Mapping[str, Prepared], settings: Mapping) -> Iterator[ShiftedSet]:
    """Validation and test examples of one seed, unshifted first, then under every shift of `dataset`.

    `prepared` maps names to data: `dataset` itself and the partners of its natural shifts; a partner not handed in is
    left out, the domains of `dataset` itself are not. `settings` gives severities, validation_size, test_size, where an
    experiment has it correlation and, as `shifts`, what entries.DataSet.shifted_by says of `dataset`. Test shifts act
    on the test examples, validation shifts on the validation examples. Everything is a function of (data set, seed,
    shift, severity) and the correlation, and the severities of a shift share their random numbers, so that they are
    compared on the same noise.
    """
    data, described = prepared[dataset], settings["shifts"]
    domains, published = described.get("domains", []), described.get("published")
    parts = parted(data, dataset, seed, settings)
    clean = {"validation": parts.validation, "test": parts.test}
    for name, indices in clean.items():
        yield ShiftedSet(name, "none", "none", 0, data.inputs[indices], data.labels[indices], attribute(data, indices))
    for shift in shifts(**described):
        if shift.family == "natural":
            if shift.name in domains:
                yield _domain(shift, domains.index(shift.name), dataset, seed, data, settings["test_size"])
            elif shift.name in prepared:
                yield _natural(shift, seed, prepared[shift.name], settings)
            continue
        if shift.family == "published":
            if published in prepared:
                yield from _published(shift, dataset, seed, prepared[published], settings)
            continue
        indices = clean[shift.split]
        for severity in settings["severities"]:
            inputs = _shifted(shift, severity, dataset, seed, data, indices)
            kept = attribute(data, indices) if shift.family == "corruption" else None
            yield ShiftedSet(shift.split, shift.name, shift.family, severity, inputs, data.labels[indices], kept)


def attribute(data: Prepared, indices: Tensor) -> Tensor | None:
    """The attribute of some examples, where the data have one."""
    return None if data.attribute is None else data.attribute[indices]


def _natural(shift: Shift, seed: int, partner: Prepared, settings: Mapping) -> ShiftedSet:
    """The partner's own test examples for the same seed."""
    if partner.official_test.all():  # all of it is for testing
        indices = official(partner, shift.name, seed)[: settings["test_size"]]
    else:
        indices = split(partner, shift.name, seed, settings["validation_size"], settings["test_size"]).test
    return ShiftedSet(shift.split, shift.name, shift.family, 1, partner.inputs[indices], partner.labels[indices])


def _published(shift: Shift, dataset: str, seed: int, partner: Prepared, settings: Mapping) -> Iterator[ShiftedSet]:
    """Corrupted images as they were published, in equal classes, at most test_size; of a seed the same images under
    every corruption and severity."""
    place = PUBLISHED.index(shift.name.removeprefix("published_"))
    for severity in settings["severities"]:
        mask = (partner.domain == place) & (partner.severity == severity)
        indices = deal(partner.labels, mask, dataset, seed, "published")[: settings["test_size"]]
        yield ShiftedSet(
            shift.split, shift.name, shift.family, severity, partner.inputs[indices], partner.labels[indices]
        )


def _domain(shift: Shift, place: int, dataset: str, seed: int, data: Prepared, most: int) -> ShiftedSet:
    """Examples of a domain that no part of the split draws from, in equal classes, at most `most`."""
    indices = deal(data.labels, data.domain == place, dataset, seed, shift.name)[:most]
    return ShiftedSet(shift.split, shift.name, shift.family, 1, data.inputs[indices], data.labels[indices])


def _shifted(shift: Shift, severity: int, dataset: str, seed: int, data: Prepared, indices: Tensor) -> Tensor:
    if shift.family == "corruption":
        stream = generator("shift", dataset, seed, shift.name)
        return CORRUPTIONS[shift.name](data.inputs[indices], severity, stream)
    # The test part follows the pool in the prepared file, and keeps its order when it is generated again.
    return sets.load(dataset).shifted_test(shift.name, severity)[indices - int((~data.official_test).sum())]
