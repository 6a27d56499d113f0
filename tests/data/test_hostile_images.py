"""Photographs that are none, or that would cost much to decode."""

import io
import struct
import tarfile
import zlib

import numpy as np
import pytest
import tiny
from hostile import MEGABYTE, refused
from PIL import Image

from robustpath.data import formats

BIRDS = "waterbird_complete95_forest2water2.tar.gz"

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"


def image(kind, mode, size=(40, 40), **options):
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def huge_png(side):
    """A PNG whose header says that it is `side` pixels wide and high."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (EPS, "cannot identify"),
        (image("GIF", "P"), "cannot identify"),
        (image("TIFF", "RGB"), "cannot identify"),
        (image("BMP", "RGB"), "cannot identify"),
        (image("PNG", "I;16"), "in mode I;16"),
        (image("PNG", "RGBA"), "in mode RGBA"),
        (huge_png(60_000), "exceeds limit"),
        (huge_png(3000), "3000 x 3000 pixels"),
        (huge_png(10_000), "10000 x 10000 pixels"),
        (huge_png(60), "truncated"),
        (image("JPEG", "RGB", (2100, 2000)), "2100 x 2000 pixels"),
        (tiny.jpeg(tiny.noise(40, 40, 3))[:-300], "truncated"),
        (tiny.jpeg(tiny.noise(40, 40, 3))[:30], "Truncated File Read"),
        (b"", "cannot identify"),
        (tiny.jpeg(tiny.noise(40, 40, 3)) + bytes(5 * MEGABYTE), "more than the 4,194,304"),
    ],
)
def test_what_is_no_photograph_is_refused_before_it_is_decoded(fetch, monkeypatch, content, fault):
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started"))
    labels, parts = np.array([0, 1, 0, 1]), np.array([0, 0, 2, 2])
    archive = tiny.waterbirds_tar(tiny.photographs(4, 40), labels, parts, labels, lost=[2])
    with tarfile.open(fileobj=io.BytesIO(archive)) as known:
        files = [(member.name, known.extractfile(member).read()) for member in known if member.isfile()]
    files.append(("waterbird_complete95_forest2water2/003.Bird/Bird_0002.jpg", content))
    assert fault in refused(
        fetch, "waterbirds", {BIRDS: tiny.tar(files, "w:gz")}, tiny.counts(labels, labels, parts), 64
    )


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_photographs_of_every_kind_that_cameras_save_are_read(mode):
    photograph = formats.photograph(tiny.jpeg(np.full((50, 40, 3), 128, np.uint8), mode), 8)
    assert photograph.shape == (8, 8, 3) and np.abs(photograph.astype(int) - 128).max() <= 4


def test_the_largest_photograph_that_is_read_is_read_in_little_memory():
    content = image("JPEG", "RGB", (2048, 2048))
    assert formats.photograph(content, 64).shape == (64, 64, 3)
    with pytest.raises(ValueError, match="2049 x 2048 pixels"):
        formats.photograph(image("JPEG", "RGB", (2049, 2048)))
