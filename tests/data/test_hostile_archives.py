"""Archives as an attacker writes them: each is refused in one sentence and in little memory."""

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import tiny
from hostile import MEGABYTE, refused, zeros

from robustpath.data import corrupted, sets

BIRDS = "waterbird_complete95_forest2water2.tar.gz"


def member(name, size=0, kind=tarfile.REGTYPE, data=b"", link=""):
    """The header of a member that says what it likes, and its data."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (
        b"\x80" + size.to_bytes(11, "big") if size >= 0 else b"\xff" + (256**11 + size).to_bytes(11, "big")
    )
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data + bytes(-len(data) % 512)


def sparse(name, size):
    """A member of `size` bytes, of which none is there."""
    info = tarfile.TarInfo(name)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[257:265] = b"ustar  \0"
    header[386:410] = b"%011o\0%011o\0" % (size, 0)
    header[483:495] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


BATCH = "cifar-10-batches-py/test_batch"
PARTS = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
GOOD = tiny.cifar_file(tiny.noise(24, 32, 32, 3), np.arange(24) % 10, PARTS, b"labels")
PAX = b"9" * 5000
TARS = {
    "a tar of zeros": (zeros(64 * MEGABYTE), "not in the form"),
    "a member of zeros": (gzip.compress(member(BATCH, 64 * MEGABYTE, data=bytes(64 * MEGABYTE))), "more than the"),
    "a member that is skipped": (gzip.compress(member("x", 64 * MEGABYTE, data=bytes(64 * MEGABYTE))), "more than the"),
    "a member larger than its archive": (gzip.compress(member(BATCH, 1 << 20, data=b"abc")), "unexpected end of data"),
    "a member of absurd size": (gzip.compress(member(BATCH, 1 << 62, data=b"abc")), "more than the"),
    "a member of negative size": (gzip.compress(member(BATCH, -1024) * 3), "which none can have"),
    "a member with holes": (gzip.compress(sparse(BATCH, 1 << 19) + bytes(1024)), "has holes"),
    "a large member with holes": (gzip.compress(sparse(BATCH, 1 << 32) + bytes(1024)), "more than the"),
    "many members": (gzip.compress(member("x") * 20_000), "more than the 1,000 members"),
    "what is said of members, nested": (gzip.compress(member("x", 512, b"L", b"name\0") * 20_000), "RecursionError"),
    "a long word on a member": (gzip.compress(member("x", 5000, b"x", PAX) + member("y")), "which none can have"),
    "a name without end": (gzip.compress(member("x", 1 << 20, b"L", b"a" * (1 << 20)) + member("y")), "none can have"),
    "a link": (gzip.compress(member(BATCH, 0, tarfile.SYMTYPE, link="/etc/passwd") + bytes(1024)), "lacks"),
    "a hard link": (gzip.compress(member(BATCH, 0, tarfile.LNKTYPE, link="../x") + bytes(1024)), "lacks"),
    "a name above its folder": (gzip.compress(member("../" + BATCH) + bytes(1024)), "outside of its folder"),
    "a name from the root": (gzip.compress(member("/" + BATCH) + bytes(1024)), "outside of its folder"),
    "two members of a name": (tiny.tar([(BATCH, tiny.python2_pickle({b"data": tiny.noise(2, 3072), b"labels": [1, 2]})),
                                        ("other/test_batch", b"")], "w:gz"), "not in the form"),
    "compressed by something else": (tiny.tar([(BATCH, b"")], "w:xz"), "not in the form"),
    "cut short": (GOOD[:-200], "not in the form"),
    "nothing": (gzip.compress(b""), "not in the form"),
}  # fmt: skip


@pytest.mark.parametrize("name", TARS)
def test_a_hostile_tar_is_refused_in_little_memory(fetch, tmp_path, name):
    content, fault = TARS[name]
    assert fault in refused(fetch, "cifar10", {"cifar-10-python.tar.gz": content}, tiny.known(np.arange(24) % 10, 20))
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}


def test_the_checksum_at_the_end_of_a_compressed_archive_is_compared(fetch, tmp_path):
    """A byte flipped in a photograph or a table leaves a form that can be read: where no checksum of the file is
    published, gzip's own finds it."""
    labels, parts = np.arange(8) % 2, np.arange(8) // 2 % 3
    with gzip.open(io.BytesIO(tiny.waterbirds_tar(tiny.photographs(8, 40), labels, parts, labels))) as packed:
        plain = bytearray(packed.read())
    plain[plain.index(b"/forest/broadleaf")] ^= 1
    whole = gzip.compress(bytes(plain) + bytes(3 * MEGABYTE), 0)  # what is behind the members is for nobody
    flipped = bytearray(whole)
    flipped[whole.index(b"forest/broadleaf, 3")] ^= 2
    known = tiny.counts(labels, labels, parts)
    assert "CRC check failed" in refused(fetch, "waterbirds", {BIRDS: bytes(flipped)}, known, 64)
    assert not list((tmp_path / "cache").glob("*.sha256"))
    (tmp_path / "cache" / BIRDS).unlink()
    fetch("waterbirds", {BIRDS: whole}, 64, known)


def corrupted_with(changed):
    """CIFAR-10-C of one image of each of two classes, some members of which are changed."""
    labels = np.arange(2)
    plain = tiny.corrupted_tar(tiny.noise(15, 5, 2, 32, 32, 3), labels)
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        files = {each.name.rpartition("/")[2]: archive.extractfile(each).read() for each in archive if each.isfile()}
    return tiny.tar([(f"CIFAR-10-C/{name}", content) for name, content in (files | changed).items()], "w")


def npy(shape, kind="|u1", data=b"", version=(1, 0)):
    """A .npy file whose header says what it likes."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(header)) + header + data


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("fog.npy", npy((1 << 40,)), "more than"),
        ("fog.npy", npy((1 << 62, 1 << 62)), "more than"),
        ("fog.npy", npy((-1, -1), data=b"a"), "not of numbers"),
        ("fog.npy", npy((10, 32, 32, 3)), "does not fill"),
        ("fog.npy", npy((10,), data=b"a" * 11), "goes on behind it"),
        ("fog.npy", npy((10, 32, 32, 3), "|O", b"a" * 30720), "not of numbers"),
        ("fog.npy", npy((10, 32, 32, 3), "<f4", b"a" * 122880), "the type float32"),
        ("fog.npy", npy((10,), [("a", "<i8")]), "not of numbers"),
        ("fog.npy", npy((2,), "|u1", b"a" * 2, (7, 0)), "version"),
        ("fog.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "ValueError"),
        ("fog.npy", b"", "ValueError"),
        ("labels.npy", tiny.npy(np.tile(np.array([0, np.nan]), 5)), "no whole number"),
        ("labels.npy", tiny.npy(np.tile(np.array([0, 0.5]), 5)), "no whole number"),
        ("labels.npy", tiny.npy(np.tile(np.array([0, 1]), (5, 1))), "not whole numbers in a row"),
        ("labels.npy", tiny.npy(np.arange(10)), "not the same labels at every severity"),
        ("labels.npy", tiny.npy(np.array([True, False] * 5)), "not of numbers"),
        ("labels.npy", tiny.npy(np.tile(np.array([0, -1]), 5)), "labels go from -1"),
        ("labels.npy", tiny.npy(np.tile(np.array([0, 2]), 5)), "labels go from 0 to 2, not from 0 to 1"),
    ],
)
def test_a_hostile_array_is_refused_in_little_memory(fetch, monkeypatch, name, content, fault):
    monkeypatch.setattr(corrupted, "KEPT", 2)
    known = tiny.known(np.tile([0, 1], 75), 0, 2)
    assert fault in refused(fetch, "cifar10_c", {"CIFAR-10-C.tar": corrupted_with({name: content})}, known)


def tiny_imagenet(change):
    """The zip of Tiny ImageNet, and one with a member that was compressed or named otherwise."""
    names = ["n01", "n02"]
    content = tiny.tiny_imagenet_zip(
        tiny.photographs(4, 64), np.array([0, 1, 0, 1]), tiny.photographs(2, 64), [0, 1], names
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.infolist():
            change(new, each.filename, old.read(each))
    return out.getvalue()


def bomb(new, name, data):
    new.writestr(name, bytes(64 * MEGABYTE) if name.endswith("n01_0.JPEG") else data, zipfile.ZIP_DEFLATED)


def packed_by(method):
    return lambda new, name, data: new.writestr(
        name, data, method if name.endswith("wnids.txt") else zipfile.ZIP_STORED
    )


def too_many(new, name, data):
    new.writestr(name, data)
    for number in range(50 if name.endswith("n01_0.JPEG") else 0):
        new.writestr(name.replace("n01_0", f"n01_{100 + number}"), data)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (bomb, "more than the 4,194,304 bytes"),
        (packed_by(zipfile.ZIP_LZMA), "neither stored nor deflated"),
        (packed_by(zipfile.ZIP_BZIP2), "neither stored nor deflated"),
        (too_many, "56 images are more than there should be"),
    ],
)
def test_a_hostile_zip_is_refused_in_little_memory(fetch, change, fault):
    known = tiny.known([0, 1, 0, 1, 0, 1], 4, 2)
    assert fault in refused(fetch, "tiny_imagenet", {"tiny-imagenet-200.zip": tiny_imagenet(change)}, known)


def test_a_zip_or_a_tar_of_too_many_members_is_refused(fetch, monkeypatch):
    monkeypatch.setattr(sets.load("tiny_imagenet"), "MEMBERS", 3)
    content = tiny_imagenet(lambda new, name, data: new.writestr(name, data))
    assert "more than the 3 members" in refused(fetch, "tiny_imagenet", {"tiny-imagenet-200.zip": content})
    monkeypatch.setattr(sets.load("tiny_imagenet_c"), "MEMBERS", 3)
    content = tiny.tar([(f"x/{number}", b"") for number in range(5)], "w")
    assert "more than the 3 members" in refused(fetch, "tiny_imagenet_c", {"TinyImageNet-C.tar": content})


@pytest.mark.parametrize("content", [member("x", -512) + bytes(1024), member("x", 5000, b"x", PAX) + member("y")])
def test_a_tar_that_would_be_read_for_ever_is_refused(fetch, content):
    assert "none can have" in refused(fetch, "tiny_imagenet_c", {"TinyImageNet-C.tar": content})
