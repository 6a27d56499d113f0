"""Seals: what a file that one job makes and another reads says of itself, and the check before it is read.

A seal is one line inside the file, at a place that readers of its format pass over: which file it is, a key of the
settings that it was made with, the files that it was made of with their digests, and the SHA-256 of all bytes of the
file but these digits. So no bit of a file changes, and no file takes another's name, without being refused.
"""

import hashlib
import json
import mmap
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from robustpath.core.errors import UserError
from robustpath.core.files import replacing

MARK = b"robustpath sha256="
DIGITS = 64  # of a SHA-256 in hex
AGAIN = "delete it and run again"
SHORT = 16  # digits of it that name a file or settings in another file's seal
SUFFIXES = frozenset({".safetensors", ".parquet", ".npz", ".json", ".tex", ".pdf"})
WALL_TIMES = ".seconds.parquet"  # never the same twice: a seal that named them would differ where nothing else does
_LINE = re.compile(rb'robustpath sha256=([0-9a-f]{64}) file=([^\s"]+) settings=([^\s"]*) of=([^\s"]*)')
_METADATA = b'{"__metadata__":{"'
# What stands before and after the line in a file of each format; the other two are packed.
_AROUND = {
    ".parquet": (b"\n", b"\n"),
    ".json": (b', "robustpath": "', b'"'),
    ".tex": (b"% ", b"\n"),
    ".pdf": (b"% ", b"\n"),
}


class Seal(NamedTuple):
    """What a file says of itself: digest, its place below the folder of results, key of its settings, digests of what
    it was made of by their places."""

    sha256: str
    file: str
    settings: str
    of: dict[str, str]


def place(path: Path) -> str:
    """The place of a file below the folder of results, its own name where it lies in no such folder."""
    parts = Path(path).absolute().parts
    below = [i for i, part in enumerate(parts) if part == "results"]
    return "/".join(parts[below[-1] + 1 :]) if below else parts[-1]


def key(settings: Mapping | None) -> str:
    """A short digest of the settings of a job; the order of their keys has no part in it."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:SHORT]


def sealable(path: Path) -> bool:
    """Whether files of this format have seals."""
    return Path(path).suffix in SUFFIXES


def seal(files: Iterable[Path], settings: str, of: Mapping[str, str]) -> None:
    """Put a seal into each of some files, which have none: `settings` is the key of those they were made with, `of` has
    the digests of what they were made of."""
    named = ",".join(f"{quote(name)}:{digest}" for name, digest in sorted(of.items()) if not name.endswith(WALL_TIMES))
    for path in map(Path, files):
        about = f"file={quote(place(path))} settings={settings} of={named}"
        line = MARK + b"0" * DIGITS + b" " + about.encode()
        with replacing(path) as temporary:
            with _mapped(path) as data, temporary.open("wb") as out:
                out.writelines(_with(data, line, path.suffix))
            with _mapped(temporary) as data:
                start = _start(data, path.suffix)
                digest = _digest(data, start)
            with temporary.open("r+b") as out:
                out.seek(start + len(MARK))
                out.write(digest.encode())


def read(path: Path) -> Seal:
    """The seal of a file; UserError where the file is missing, has none, is another file, or was changed since."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} is missing: run the same command again, which makes it")
    if not path.stat().st_size:
        raise UserError(f"{path} is empty: {AGAIN}")
    with _mapped(path) as data:
        start = _start(data, path.suffix)
        found = _said(data, start)
        whole = found is not None and found.sha256 == _digest(data, start)
    if start < 0:
        raise UserError(f"{path} is damaged, or was not made by this version (it has no seal): {AGAIN}")
    if not whole:
        raise UserError(f"{path} is damaged or was changed after it was made (its digest is another): {AGAIN}")
    if found.file != place(path):
        raise UserError(f"{path} is another file, {found.file}, under this name: {AGAIN}")
    return found


def check(files: Iterable[Path], expected: Mapping[str, str] | None = None) -> dict[str, str]:
    """The digests of some files by their places, after their seals are checked: each one's own, and that all were made
    of the same files and, where they come from one job, with the same settings.

    `expected` has the key of the settings that a file must have been made with, by its place. UserError names the file
    that is wrong.
    """
    seals = {Path(path): read(path) for path in files}
    own = {found.file: found.sha256[:SHORT] for found in seals.values()}
    made: dict[str, tuple[Path, str]] = {}  # what a file was made of, by the first that says so
    jobs: dict[str, tuple[Path, str]] = {}
    for path, found in seals.items():
        for name, digest in found.of.items():
            if own.get(name, digest) != digest:
                raise UserError(f"{path} is made of another {name} than the one here: {AGAIN}")
            first, known = made.setdefault(name, (path, digest))
            if known != digest:
                raise UserError(f"{first} and {path} are not made of the same {name}: delete both and run again")
        if found.settings != (expected or {}).get(found.file, found.settings):
            raise UserError(f"{path} is made with other settings than those of config.yaml: {AGAIN}")
        job = re.sub(r"\.[^/]*$", "", found.file)
        first, known = jobs.setdefault(job, (path, found.settings))
        if known != found.settings:
            raise UserError(f"{first} and {path} are not made with the same settings: delete both and run again")
    return own


def content(path: Path) -> bytes:
    """The bytes of a file without its seal: as they were before, or as they are where it has none."""
    data, suffix = Path(path).read_bytes(), Path(path).suffix
    line = _LINE.match(data, max(_start(data, suffix), 0)) if suffix in SUFFIXES else None
    if line is None:
        return data
    if suffix == ".npz":
        return data[: line.start() - 2] + bytes(2)  # a comment of no length
    before, after = _AROUND[suffix]
    return data[: line.start() - len(before)] + data[line.end() + len(after) :]


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _with(data: mmap.mmap, line: bytes, suffix: str) -> list[bytes]:
    """The parts of a file with the line of its seal put in."""
    if suffix == ".safetensors":  # among the strings that its header may hold
        (length,) = struct.unpack("<Q", data[:8])
        start = 8 + (len(_METADATA) - 1 if data[8 : 8 + len(_METADATA)] == _METADATA else 1)
        put = b'"robustpath":"' + line + b'",' if start > 9 else b'"__metadata__":{"robustpath":"' + line + b'"},'
        put += b" " * (-len(put) % 8)  # tensors stay aligned
        return [struct.pack("<Q", length + len(put)), data[8:start], put, data[start:]]
    if suffix == ".npz":  # as the comment of the archive
        return [data[:-2], struct.pack("<H", len(line)), line]
    start = len(data)
    if suffix == ".parquet":  # between the last page and the footer, where no offset points to
        start -= 8 + struct.unpack("<I", data[-8:-4])[0]
    elif suffix == ".json":
        start = data.rfind(b"}")
    before, after = _AROUND[suffix]
    return [data[:start], before, line, after, data[start:]]


def _start(data: bytes | mmap.mmap, suffix: str) -> int:
    """Where the seal of a file begins, -1 where it has none: in the head of safetensors, else near the end."""
    return data.find(MARK) if suffix == ".safetensors" else data.rfind(MARK)


def _said(data: mmap.mmap, start: int) -> Seal | None:
    """What the seal that begins there says; None where it is none."""
    line = _LINE.match(data, start) if start >= 0 else None
    if line is None:
        return None
    sha256, name, settings, of = (part.decode("ascii", "replace") for part in line.groups())
    pairs = (each.partition(":") for each in of.split(",") if each)
    return Seal(sha256, unquote(name), settings, {unquote(other): digest for other, _, digest in pairs})


def _digest(data: mmap.mmap, start: int) -> str:
    """The SHA-256 of all bytes of a file but the digits of the digest in its seal."""
    with memoryview(data) as view, view[: start + len(MARK)] as head, view[start + len(MARK) + DIGITS :] as rest:
        digest = hashlib.sha256(head)
        digest.update(rest)
    return digest.hexdigest()
