"""Digits of typefaces for books, from the archive of this project; script, blackletter, display faces are shifts."""

from robustpath.data import typeface_archive
from robustpath.data.entries import DataSet

ENTRY = DataSet(
    name="typeface_digits",
    title="Digits of typefaces for books",
    kind="image",
    classes=10,
    examples=typeface_archive.FACES * 10,
    official_test=0,
    smallest_class=typeface_archive.FACES,
    files=(typeface_archive.FILE,),
    licence=typeface_archive.LICENCE,
    citation="debian2023bookworm",
    natural_shift_to=("mnist5k",),
    domains=typeface_archive.DOMAINS,
    largest_group=typeface_archive.LARGEST_FAMILY,
)


def read(payloads):
    """The 10 digits of every face: see typeface_archive.glyphs."""
    return typeface_archive.glyphs(payloads["typefaces.npz"], 0, 10)
