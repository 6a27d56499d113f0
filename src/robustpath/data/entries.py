"""What a data set's file says of it: its source files, and its entry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One source file.

    A small one has `sha256` and `size` of its decompressed payload, whichever road it came by, and is read whole. A
    large one has none and is checked as it lies on the disk, by `raw_sha256`, else `md5`, as its authors published
    them; where they published neither, the first copy that is read whole and has the entry's counts sets what every
    later one is held to.
    """

    name: str  # where it lies under the data folder; what other sets name alike is kept apart by a folder
    sha256: str = ""
    size: int = 0
    package: str = ""  # Python package that ships it
    inside: str = ""  # its path inside that package
    folder: str = ""  # where the operating system's package puts it
    system_package: str = ""
    urls: tuple[str, ...] = ()  # mirrors, in the order they are tried
    raw_sha256: str = ""
    md5: str = ""
    raw_size: int = 0  # bytes, where known: to tell how far a download is; one of twice as many is refused


@dataclass(frozen=True)
class DataSet:
    """A data set: `examples` is the pool that splits draw from, `official_test` a test part kept apart (0 if none).

    Without a pool a set is there to test on what was trained elsewhere.
    """

    name: str
    title: str
    kind: str  # "image" or "signal"
    classes: int
    examples: int
    official_test: int
    smallest_class: int  # examples of the rarest class in the pool: bounds what a balanced split can ask for
    files: tuple[File, ...]
    licence: str
    citation: str  # key in references.bib
    natural_shift_to: tuple[str, ...] = ()  # other data sets whose test examples it is tested on
    domains: tuple[str, ...] = ()  # natural shifts whose examples lie beside its pool
    largest_group: int = 1  # examples of a class in the largest group that a split leaves whole
    smallest_test_class: int = 0  # examples of the rarest class in the official test part (0: its classes are equal)
    channels: int = 1  # of an image: 1 is prepared as [N, H, W], 3 as [N, 3, H, W]
    side: int = 0  # pixels a side of its images at every scale (0: the scale's image size)
    published: str = ""  # data set of its test images under the corruptions that published_names.PUBLISHED names
    knobs: tuple[str, ...] = ()  # of its generator, where it is generated: each a shift of its official test part
    joined: tuple[
        str, ...
    ] = ()  # data sets that its pool joins, equal in every class; Prepared.attribute tells them apart

    @property
    def fetched(self) -> bool:
        """Whether its files are large ones from the network, and not small ones that packages ship."""
        return any(not file.sha256 for file in self.files)

    @property
    def balanced_test(self) -> int:
        """How many official test examples there are in equal classes."""
        return self.classes * self.smallest_test_class or self.official_test

    def room(self, validation: int, test: int) -> int:
        """How many training examples a balanced split leaves beside `validation` and `test` examples (may be negative).

        Where a split keeps groups whole, validation and test may each take all but one example of a class too many:
        what is returned is then what every seed leaves at least.
        """
        if self.largest_group > 1:
            taken = sum(-(-size // self.classes) + self.largest_group - 1 for size in (validation, test))
            return self.classes * (self.smallest_class - taken)
        return self.classes * self.smallest_class - validation - (0 if self.official_test else test)

    @property
    def shifted_by(self) -> dict:
        """What shift_names.shifts needs to name its shifts, as plain values for a job's settings."""
        facts = {
            "natural_shift_to": list(self.natural_shift_to),
            "domains": list(self.domains),
            "published": self.published,
            "knobs": list(self.knobs),
        }
        return {"kind": self.kind} | {key: value for key, value in facts.items() if value}
