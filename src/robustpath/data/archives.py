"""The members of tar and zip archives, each within bounds. Nothing is put on the disk, links are not followed, and what
an archive says of a member's size is believed only as far as its data set can have it."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from robustpath.data.bounded import CHUNK_BYTES, Bounded, opened

LONGEST_HEADER = 4096  # bytes of what a tar says of the next member; the library takes quadratic time to read it
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound on their memory


class _Member(tarfile.TarInfo):
    """A member of a tar whose size can be one."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        """A member from its header; ValueError where its size is none, or that of what is said of the next one."""
        member = super().frombuf(buf, encoding, errors)
        if member.size < 0 or (member.type not in tarfile.REGULAR_TYPES and member.size > LONGEST_HEADER):
            raise ValueError(f"the archive has a member {member.name!r} of {member.size} bytes, which none can have")
        return member


def members(
    path: Path, wanted: Callable[[PurePosixPath], bool], count: int, most: int, largest: int
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """(path, content) of the files of a tar that are `wanted` by their path, in its order: one that is compressed is
    read but once, to its end, where its checksum is.

    ValueError where it has more than `count` members or unpacks to more than `most` bytes, or where a wanted member has
    more than `largest` bytes.
    """
    with opened(path, most) as stream:
        source = Bounded(stream, most, path.name)
        with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK_BYTES, tarinfo=_Member) as archive:
            for member in _counted(archive, count):
                name = PurePosixPath(member.name)
                if member.isfile() and wanted(name):
                    yield name, content(archive, member, largest)
                archive.members.clear()  # else a tar of many small members is kept in memory
        source.finish()


@contextmanager
def tar(path: Path, count: int) -> Iterator[tuple[tarfile.TarFile, Iterator[tarfile.TarInfo]]]:
    """A tar that is not compressed, to be read at any place, and its files; ValueError where it has more than `count`
    members."""
    with tarfile.open(path, "r:", tarinfo=_Member) as archive:
        yield archive, (member for member in _counted(archive, count) if member.isfile())


def content(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    """A member of a tar; ValueError where it has more than `most` bytes."""
    if member.size > most:
        raise ValueError(f"{member.name} is to have {member.size:,} bytes, more than the {most:,} that it can have")
    if member.issparse():
        raise ValueError(f"{member.name} has holes, which no data set has")
    with archive.extractfile(member) as stream:
        return stream.read()


@contextmanager
def packed(path: Path, count: int) -> Iterator[zipfile.ZipFile]:
    """A zip; ValueError where it has more than `count` members."""
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > count:
            raise ValueError(f"{path.name} has more than the {count:,} members that it can have")
        yield archive


def unpacked(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member of a zip; ValueError where it has more than `most` bytes, or is compressed in an unusual way."""
    member = archive.getinfo(name)
    if member.compress_type not in PACKED:
        raise ValueError(f"{name} is neither stored nor deflated")
    with archive.open(member) as stream:
        return Bounded(stream, most, name).read()


def _counted(archive: tarfile.TarFile, count: int) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(archive):
        if number >= count:
            raise ValueError(f"the archive has more than the {count:,} members that it can have")
        if member.name.startswith("/") or ".." in PurePosixPath(member.name).parts:
            raise ValueError(f"the archive has a member {member.name!r} outside of its folder")
        yield member
