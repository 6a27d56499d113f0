"""A transfer from the network, bounded in bytes and in time, at any behaviour of the server.

A thread of its own asks: a server that sends a byte now and then holds up whoever reads its headers, its chunks or what
follows them. The caller waits for that thread no longer than the bounds allow.
"""

import http.client
import os
import queue
import re
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

TIMEOUT_SECONDS = 30  # without a byte
ANSWER_SECONDS = 120  # until the headers are there, redirections included
WINDOW_SECONDS = 60  # in each of which at least SLOWEST bytes have to come
SLOWEST = 60_000
SPARE_BYTES = 1 << 26  # of the disk, which a download leaves free
CHUNK_BYTES = 1 << 16
HELD = 64  # chunks that wait to be written, at most
COUNT = r"\d{1,18}"
# Neither ftp: nor file:, which a server could send a request on to.
HANDLERS = (
    *(urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler),
    *(urllib.request.HTTPRedirectHandler, urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor),
    urllib.request.UnknownHandler,
)


class Answer(NamedTuple):
    """How many bytes the headers announce (None: they do not say), whether these go on from what is here, and the
    response itself."""

    length: int | None
    resumed: bool
    response: http.client.HTTPResponse | None


class Elsewhere(OSError):
    """A server has sent another part of a file than it was asked for."""


class TooLong(Exception):
    """What comes is longer than the file can be."""


def fetch(url: str, part: Path, most: int, tell: Callable[[int, int | None], None]) -> None:
    """Append to `part` what is missing of `url`; `tell` is called with how many bytes are there, and of how many.

    OSError where the connection fails, ends early or is too slow, or the disk has too little room; TooLong where the
    file would have more than `most` bytes.
    """
    have = part.stat().st_size if part.exists() else 0
    stop = threading.Event()
    held = queue.Queue(HELD)
    threading.Thread(target=_ask, args=(url, have, held, stop), daemon=True).start()
    answer = None
    try:
        answer = _next(held, ANSWER_SECONDS)
        _write(answer, have, _chunks(held), part, most, tell)
    except Elsewhere:
        part.unlink(missing_ok=True)  # the next attempt starts anew
        raise
    finally:
        stop.set()
        _cut(answer)


def _write(answer: Answer, have: int, chunks: Iterator[bytes], part: Path, most: int, tell: Callable) -> None:
    """Write what comes to `part`, behind what is there or in its place."""
    before = have if answer.resumed else 0
    whole = None if answer.length is None else before + answer.length
    room = shutil.disk_usage(part.parent).free - SPARE_BYTES + have - before
    received = 0
    _allow(answer.length or 0, before, most, room, part)
    with part.open("ab" if answer.resumed else "wb") as out:
        for chunk in chunks:
            received += len(chunk)
            _allow(received, before, most, room, part)
            out.write(chunk)
            tell(before + received, whole)
    if whole is not None and before + received != whole:
        raise OSError(f"connection ended after {received} of {answer.length} bytes")


def _allow(more: int, before: int, most: int, room: int, part: Path) -> None:
    """TooLong where `more` bytes make a file of more than `most`, OSError where the disk has no room for them."""
    if before + more > most:
        raise TooLong(f"more than {most:,} bytes are to come")
    if more > room:
        raise OSError(f"the disk of {part.parent} has room for {max(room, 0):,} bytes, and {more:,} are to come")


def _chunks(held: queue.Queue) -> Iterator[bytes]:
    """What comes, until nothing more does; OSError where it is too slow."""
    since, received = time.monotonic(), 0
    while chunk := _next(held, TIMEOUT_SECONDS):
        received += len(chunk)
        if time.monotonic() - since >= WINDOW_SECONDS:
            if received < SLOWEST:
                raise OSError(f"only {received:,} bytes came in {WINDOW_SECONDS:g} s")
            since, received = time.monotonic(), 0
        yield chunk


def _next(held: queue.Queue, seconds: float) -> Answer | bytes:
    """What the asking thread gives next, once it does; its error as an OSError."""
    try:
        given = held.get(timeout=seconds)
    except queue.Empty:
        raise OSError(f"nothing came for {seconds:g} s") from None
    if isinstance(given, OSError):
        raise given
    if isinstance(given, Exception):
        raise OSError(f"{type(given).__name__}: {given}")
    return given


def _ask(url: str, have: int, held: queue.Queue, stop: threading.Event) -> None:
    """Give the answer of a server, then what it sends, then nothing (b""); or an error."""
    try:
        with _open(url, have) as response:
            _give(held, _answer(response, have), stop)
            while not stop.is_set() and (chunk := response.read1(CHUNK_BYTES)):
                _give(held, chunk, stop)
        _give(held, b"", stop)
    except urllib.error.HTTPError as error:
        # 416: nothing lies beyond what is here already, so the checksum decides whether it is whole.
        done = error.code == 416 and have
        for each in (Answer(0, True, None), b"") if done else (error,):
            _give(held, each, stop)
    except Exception as error:
        _give(held, error, stop)


def _give(held: queue.Queue, item: object, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(queue.Full):
            return held.put(item, timeout=0.2)


def _open(url: str, have: int) -> http.client.HTTPResponse:
    opener = urllib.request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    return opener.open(request, timeout=TIMEOUT_SECONDS)


def _answer(response: http.client.HTTPResponse, have: int) -> Answer:
    """What the headers say; OSError where they cannot be true."""
    said = set(response.headers.get_all("Content-Length", []))
    length = None
    if said and not response.chunked:
        if len(said) > 1 or not re.fullmatch(COUNT, min(said)):
            raise OSError(f"its Content-Length is {', '.join(sorted(said))!r}")
        length = int(min(said))
    if response.status == 206:
        start = re.match(rf"bytes ({COUNT})-", response.headers.get("Content-Range", ""))
        if start is None or int(start[1]) != have:
            raise Elsewhere(f"asked for what follows byte {have}, it sent {response.headers.get('Content-Range')!r}")
    elif response.status != 200:
        raise OSError(f"its status is {response.status}")
    return Answer(length, response.status == 206, response)


def _cut(answer: Answer | None) -> None:
    """End a connection that may still be read from."""
    with (
        suppress(OSError, ValueError, AttributeError),  # it has ended
        socket.socket(fileno=os.dup(answer.response.fileno())) as connection,
    ):
        connection.shutdown(socket.SHUT_RDWR)
