"""The archive of typefaces, of which two data sets are made: its file, its licence, its domains, its reading."""

from io import BytesIO

from robustpath.data.entries import File

FACES = 227
FILE = File(
    "typefaces.npz",
    "b534c53dfaec9950c6660dd19ea4968f08e5810abc678c40123ddd2df0fe7cf0",
    1808059,
    package="robustpath",
    inside="data/typefaces.npz",
)
LICENCE = (
    "by font as typefaces.json lists it: OFL, Apache-2.0, BSD-3-Clause, MIT, Bitstream Vera, GUST, public domain, and "
    "one designer's permission"
)
DOMAINS = ("script", "blackletter", "display")
LARGEST_FAMILY = 6


def glyphs(payload: bytes, first: int, last: int):
    """Glyphs first..last-1 of each face, face by face: images uint8 [N, 28, 28], labels, official-test mask (all
    false), group, domain.

    Sans, serif and monospaced faces, domains 0 to 2 of the archive, are for books: they have their family for group and
    domain -1. The others have group -1 and domain 0 (script), 1 (blackletter) or 2 (display).
    """
    import numpy as np

    with np.load(BytesIO(payload)) as archive:
        images = archive["images"][:, first:last]
        family, domain = archive["family"].astype(np.int64), archive["domain"].astype(np.int64) - 3
    faces, count = images.shape[:2]
    labels = np.tile(np.arange(count), faces)
    group = np.where(domain < 0, family, -1).repeat(count)
    outside = np.maximum(domain, -1).repeat(count)
    return images.reshape(-1, *images.shape[2:]), labels, np.zeros(len(labels), bool), group, outside
