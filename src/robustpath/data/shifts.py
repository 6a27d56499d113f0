"""Shifted evaluation sets: every corruption, natural shift and generator knob of a data set, for one seed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.data import mnist1d
from robustpath.data.corruptions import CORRUPTIONS
from robustpath.data.prepare import Prepared
from robustpath.data.registry import PUBLISHED, SHIFTS, Shift, get, shifts_of, summary
from robustpath.data.splits import Split, deal, official, split

__all__ = ["CORRUPTIONS", "SHIFTS", "Shift", "ShiftedSet", "shifted_sets", "summary"]


class ShiftedSet(NamedTuple):
    """Examples to score: inputs float32 [n, ...], labels int64 [n]. Unshifted: shift and family "none", severity 0."""

    split: str
    shift: str
    shift_family: str
    severity: int
    inputs: Tensor
    labels: Tensor


def shifted_sets(dataset: str, seed: int, prepared: Mapping[str, Prepared], settings: Mapping) -> Iterator[ShiftedSet]:
    """Validation and test examples of one seed, unshifted first, then under every shift of `dataset`.

    `prepared` maps names to data: `dataset` itself and the partners of its natural shifts; a partner not handed in is
    left out, the domains of `dataset` itself are not. `settings` gives severities, validation_size and test_size. Test
    shifts act on the test examples, validation shifts on the validation examples. Everything is a function of (data
    set, seed, shift, severity), and the severities of a shift share their random numbers, so that they are compared on
    the same noise.
    """
    parts = _split(dataset, seed, prepared[dataset], settings)
    data = prepared[dataset]
    clean = {"validation": parts.validation, "test": parts.test}
    for name, indices in clean.items():
        yield ShiftedSet(name, "none", "none", 0, data.inputs[indices], data.labels[indices])
    for shift in shifts_of(dataset):
        if shift.family == "natural":
            if shift.name in get(dataset).domains:
                yield _domain(shift, dataset, seed, data, settings["test_size"])
            elif shift.name in prepared:
                yield _natural(shift, seed, prepared[shift.name], settings)
            continue
        if shift.family == "published":
            if get(dataset).published in prepared:
                yield from _published(shift, dataset, seed, prepared[get(dataset).published], settings)
            continue
        indices = clean[shift.split]
        for severity in settings["severities"]:
            inputs = _shifted(shift, severity, dataset, seed, data, indices)
            yield ShiftedSet(shift.split, shift.name, shift.family, severity, inputs, data.labels[indices])


def _split(dataset: str, seed: int, data: Prepared, settings: Mapping) -> Split:
    sizes = settings["validation_size"], settings["test_size"]
    return split(data.labels, data.official_test, dataset, seed, *sizes, data.group)


def _natural(shift: Shift, seed: int, partner: Prepared, settings: Mapping) -> ShiftedSet:
    """The partner's own test examples for the same seed."""
    if get(shift.name).examples:
        indices = _split(shift.name, seed, partner, settings).test
    else:  # all of it is for testing
        indices = official(partner.labels, partner.official_test, shift.name, seed)[: settings["test_size"]]
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


def _domain(shift: Shift, dataset: str, seed: int, data: Prepared, most: int) -> ShiftedSet:
    """Examples of a domain that no part of the split draws from, in equal classes, at most `most`."""
    mask = data.domain == get(dataset).domains.index(shift.name)
    indices = deal(data.labels, mask, dataset, seed, shift.name)[:most]
    return ShiftedSet(shift.split, shift.name, shift.family, 1, data.inputs[indices], data.labels[indices])


def _shifted(shift: Shift, severity: int, dataset: str, seed: int, data: Prepared, indices: Tensor) -> Tensor:
    if shift.family == "corruption":
        stream = generator("shift", dataset, seed, shift.name)
        return CORRUPTIONS[shift.name](data.inputs[indices], severity, stream)
    # The test part follows the pool in the prepared file, and keeps its order when it is generated again.
    return mnist1d.shifted_test(shift.name, severity)[indices - get(dataset).examples]
