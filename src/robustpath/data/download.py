"""Finding a data file: the user's folder, a package that ships it, the cache, and last the network.

ROBUSTPATH_DATA names a folder to look in first; ROBUSTPATH_OFFLINE=1 forbids the network. A small file is read whole
and checked by its payload; a large one is checked as it lies on the disk and never held in memory.
"""

import gzip
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.data.entries import File

OWN = "robustpath"
RESTORE = "restore it from the repository"
CACHE = Path(".cache/data")
ATTEMPTS = 3
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16
REPORT_SECONDS = 10.0

Found = TypeVar("Found")


def payload(file: File) -> bytes:
    """The decompressed content of `file`, wherever it is found first; UserError if it is altered or nowhere."""
    return _obtain(file, _verified)


def local(file: File) -> Path:
    """Where a large `file` lies, checked; fetched if it is nowhere. UserError if it is altered or cannot be had."""
    return _obtain(file, _verified_raw)


def digest(file: File) -> tuple[str, str]:
    """By what a large `file` is checked: ("sha256" or "md5", hex digits); UserError if nothing is known of it yet."""
    if file.raw_sha256 or file.md5:
        return ("sha256", file.raw_sha256) if file.raw_sha256 else ("md5", file.md5)
    lock = _lock(file)
    if not lock.is_file():
        raise UserError(f"{lock} is missing: prepare the data set, which writes it")
    return "sha256", lock.read_text().split(maxsplit=1)[0]


def forget(file: File) -> None:
    """Take back the checksum that a copy of a file without a published one has set."""
    if not (file.raw_sha256 or file.md5):
        _lock(file).unlink(missing_ok=True)


def _obtain(file: File, verified: Callable[[Path, File, str], Found]) -> Found:
    """What `verified` gives of the file at its first place, or once it is fetched."""
    for path, remedy in _places(file):
        if path.is_file():
            return verified(path, file, remedy)
    target = _data_folder() / file.name
    if not file.urls:
        remedy = RESTORE if file.package == OWN else f"install the Python package {file.package}"
        raise UserError(f"{file.name} is missing: {remedy}, or put it at {target}")
    if os.environ.get("ROBUSTPATH_OFFLINE", "") not in ("", "0"):
        package = f"install the system package {file.system_package}, or " if file.system_package else ""
        fetched = f" (fetched from {file.urls[0]})" if not file.sha256 else ""
        raise UserError(
            f"{file.name} is missing and ROBUSTPATH_OFFLINE forbids fetching: {package}put it at {target}{fetched}"
        )
    return _download(file, CACHE / file.name, target, verified)


def _data_folder() -> Path:
    return Path(os.environ.get("ROBUSTPATH_DATA") or CACHE)


def _places(file: File) -> list[tuple[Path, str]]:
    """Where `file` may lie, in order, each with what mends a bad copy there."""
    places = []
    if os.environ.get("ROBUSTPATH_DATA"):
        places.append((_data_folder() / file.name, "replace it by a good copy or delete it"))
    specification = find_spec(file.package) if file.package else None
    if specification and specification.origin:
        inside = Path(specification.origin).parent / file.inside
        reinstall = f"reinstall the Python package {file.package} at its locked version"
        places.append((inside, RESTORE if file.package == OWN else reinstall))
    if file.folder:
        places.append((Path(file.folder) / file.name, f"reinstall the system package {file.system_package}"))
    places.append((CACHE / file.name, "delete it and run again"))
    return places


def _verified(path: Path, file: File, remedy: str) -> bytes:
    """The payload of `path` if it has the registered checksum; else UserError with file, fault and `remedy`."""
    raw = path.read_bytes()
    try:
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error):
        raise UserError(f"{path} is truncated or damaged (it does not decompress): {remedy}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise UserError(
            f"{path} is altered or truncated ({len(content)} bytes with sha256 {found[:12]}…, not {file.size} bytes "
            f"with {file.sha256[:12]}…): {remedy}"
        )
    return content


def _verified_raw(path: Path, file: File, remedy: str) -> Path:
    """`path` if the file has its checksum; of a file without one, the first copy sets it for all that follow."""
    if not (file.raw_sha256 or file.md5) and not _lock(file).is_file():
        if not path.stat().st_size:
            raise UserError(f"{path} is empty: {remedy}")
        with replacing(_lock(file)) as temporary:
            temporary.write_text(f"{_digest(path, 'sha256')}  {Path(file.name).name}\n")
        print(
            f"{file.name}: no checksum is published; that of this copy is kept in {_lock(file)} and required from now"
        )
        return path
    kind, expected = digest(file)
    found = _digest(path, kind)
    if found != expected:
        first = "" if file.raw_sha256 or file.md5 else f", that of the first copy, kept in {_lock(file)}"
        raise UserError(
            f"{path} is altered or truncated ({path.stat().st_size} bytes with {kind} {found[:12]}…, not "
            f"{expected[:12]}…{first}): {remedy}"
        )
    return path


def _digest(path: Path, kind: str) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, kind).hexdigest()


def _lock(file: File) -> Path:
    """Where the checksum of a file without a published one is kept, in the form that `sha256sum -c` reads."""
    target = CACHE / file.name
    return target.with_name(f"{target.name}.sha256")


def _download(file: File, target: Path, manual: Path, verified: Callable[[Path, File, str], Found]) -> Found:
    """Fetch `file` to `target` by way of a .part file that a later attempt or run goes on from.

    What is fetched whole but wrong is deleted, and the next mirror asked; the lock of a file without a published
    checksum is set by the whole file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    fault: Exception | None = None
    refused: dict[str, UserError] = {}
    for _ in range(ATTEMPTS):
        for url in file.urls:
            if url in refused:
                continue
            try:
                _fetch(url, part, file)
            except (OSError, http.client.HTTPException) as error:
                fault = error
                continue
            try:
                found = verified(part, file, "the bad copy was deleted; run again, or fetch it by hand")
            except UserError as error:
                part.unlink()
                refused[url] = error
                continue
            part.replace(target)
            return target if found == part else found
    if refused:
        raise list(refused.values())[-1]
    raise UserError(
        f"{file.name} could not be downloaded from {file.urls[0]} ({fault}): run again to go on where it stopped, "
        f"or put it at {manual}"
    )


def _fetch(url: str, part: Path, file: File) -> None:
    """Append to `part` what is missing of `url`; OSError when the connection fails or ends early."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        # 416: nothing lies beyond what is here already, so the checksum decides whether it is whole.
        if error.code == 416 and have:
            return
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        expected = response.headers.get("Content-Length")
        before = have if response.status == 206 else 0
        whole = before + int(expected) if expected is not None else file.raw_size
        received, told = 0, time.monotonic()
        while chunk := response.read(CHUNK_BYTES):
            received += out.write(chunk)
            if time.monotonic() - told >= REPORT_SECONDS:
                told = time.monotonic()
                print(f"{file.name}: {(before + received) / 1e6:,.0f} of {f'{whole / 1e6:,.0f}' if whole else '?'} MB")
    if expected is not None and received != int(expected):
        raise OSError(f"connection ended after {received} of {expected} bytes")
