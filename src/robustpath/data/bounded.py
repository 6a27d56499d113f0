"""Reading of a file no more than it can hold by what is known of it: a small file may be packed that has no end."""

import bz2
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

CHUNK_BYTES = 1 << 20
ROOM_BYTES = 1 << 20  # of a compressed file beyond its content
GZIP = b"\x1f\x8b"
BZIP = b"BZh"


class Bounded:
    """A stream that is read from front to back, and that raises ValueError once it has given more than `most` bytes."""

    def __init__(self, stream: IO[bytes], most: int, what: str):
        self.stream, self.most, self.what, self.taken = stream, most, what, 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (negative: all that is left); never more than one byte beyond the bound is unpacked."""
        left = self.most - self.taken + 1
        data = self.stream.read(left if size < 0 else min(size, left))
        self.taken += len(data)
        if self.taken > self.most:
            raise ValueError(f"{self.what} holds more than the {self.most:,} bytes that it can have")
        return data

    def finish(self) -> None:
        """Read what is left, so that a checksum at the end of a compressed stream is compared."""
        while self.read(CHUNK_BYTES):
            pass


def on_disk(most: int) -> int:
    """How long a file may be, compressed or not, whose content has at most `most` bytes: what cannot be compressed
    becomes a little longer."""
    return most + most // 16 + ROOM_BYTES


def opened(path: Path, most: int) -> IO[bytes]:
    """A file open for reading, unpacked where it is compressed by gzip or bzip2, however it is named; ValueError where
    it is too long for a content of `most` bytes, as it would be with parts without content, each of which costs time.
    """
    if path.stat().st_size > on_disk(most):
        raise ValueError(f"{path.name} holds more than the {most:,} bytes that it can have")
    with path.open("rb") as file:
        start = file.read(3)
    if start[:2] == GZIP:
        return gzip.open(path)
    return bz2.open(path) if start == BZIP else path.open("rb")


def unpacked(path: Path, most: int) -> bytes:
    """The content of a file, compressed or not; ValueError where it is longer than `most` bytes."""
    with opened(path, most) as stream:
        source, parts = Bounded(stream, most, path.name), []
        while part := source.read(CHUNK_BYTES):
            parts.append(part)
    return b"".join(parts)


def lines(path: Path, most: int, longest: int) -> Iterator[str]:
    """The lines of a text in UTF-8, line ends as they are; ValueError where there are more than `most` of them, where
    one has more than `longest` characters, or where one holds a zero byte, which no text has."""
    with path.open(encoding="utf-8", newline="") as text:
        number = 0
        while line := text.readline(longest + 1):
            number += 1
            if number > most or len(line) > longest or "\0" in line:
                fault = "is one too many" if number > most else f"has more than {longest} characters or a zero byte"
                raise ValueError(f"line {number:,} of {path.name} {fault}")
            yield line
