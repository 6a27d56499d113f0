"""The shifts that a data set is tested under, by name: what planning and evaluation know of them without torch."""

from collections.abc import Sequence
from typing import NamedTuple

from robustpath.data.published_names import PUBLISHED

TEST_CORRUPTIONS = ("gaussian_noise", "shot_noise", "impulse_noise", "contrast", "rotate", "translate")
VALIDATION_CORRUPTIONS = ("speckle_noise", "gaussian_blur", "spatter", "brightness")


class Shift(NamedTuple):
    """A distribution shift: `split` says whether it may be tuned on ("validation") or only reported ("test")."""

    name: str
    family: str  # "corruption" (ours), "published" (a file of corrupted images), "natural" or "generator"
    split: str
    severities: tuple[int, ...] = (1, 2, 3, 4, 5)


def shifts(
    kind: str,
    natural_shift_to: Sequence[str] = (),
    domains: Sequence[str] = (),
    published: str = "",
    knobs: Sequence[str] = (),
) -> tuple[Shift, ...]:
    """The shifts of a data set, one family after the other, from what its entry says (see entries.DataSet)."""
    images = kind == "image"
    return (
        *(Shift(name, "corruption", "test") for name in TEST_CORRUPTIONS if images),
        *(Shift(name, "corruption", "validation") for name in VALIDATION_CORRUPTIONS if images),
        *(Shift(name, "natural", "test", (1,)) for name in (*natural_shift_to, *domains)),
        *(Shift(f"published_{name}", "published", "test") for name in PUBLISHED if published),
        *(Shift(name, "generator", "test") for name in knobs),
    )
