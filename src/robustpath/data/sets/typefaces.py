"""Capital letters of typefaces for books, from the archive of this project; other faces are natural shifts."""

from robustpath.data import typeface_archive
from robustpath.data.entries import DataSet

ENTRY = DataSet(
    name="typefaces",
    title="Capital letters of typefaces for books",
    kind="image",
    classes=26,
    examples=typeface_archive.FACES * 26,
    official_test=0,
    smallest_class=typeface_archive.FACES,
    files=(typeface_archive.FILE,),
    licence=typeface_archive.LICENCE,
    citation="debian2023bookworm",
    domains=typeface_archive.DOMAINS,
    largest_group=typeface_archive.LARGEST_FAMILY,
)


def read(payloads):
    """The 26 capital letters of every face: see typeface_archive.glyphs."""
    return typeface_archive.glyphs(payloads["typefaces.npz"], 10, 36)
