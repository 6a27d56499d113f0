"""Finding a data file: the user's folder, a package that ships it, the cache, and last the network.

ROBUSTPATH_DATA names a folder to look in first; ROBUSTPATH_OFFLINE=1 forbids the network. A small file is read whole
and checked by its payload; a large one is checked as it lies on the disk and never held in memory. No file may be much
longer than what is registered of it.
"""

import hashlib
import os
import re
import time
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.data import bounded, transfer
from robustpath.data.entries import File

OWN = "robustpath"
RESTORE = "restore it from the repository"
CACHE = Path(".cache/data")
ATTEMPTS = 3
REPORT_SECONDS = 10.0
MOST_BYTES = 8_000_000_000  # of a file of which nothing is known: twice the largest of those known

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
    with lock.open("rb") as content:
        said = re.match(rb"[0-9a-f]{64}(?= )", content.read(100))
    if not said:
        raise UserError(f"{lock} holds no checksum: delete it and prepare the data set again, which writes it")
    return "sha256", said[0].decode()


def keep(file: File, path: Path) -> None:
    """Require from now on what lies at `path`, where no checksum of the file is known: to be called once it has been
    read whole and is what its data set should be."""
    if not (file.raw_sha256 or file.md5 or _lock(file).is_file()):
        with replacing(_lock(file)) as temporary:
            temporary.write_text(f"{_digest(path, 'sha256')}  {Path(file.name).name}\n")
        print(
            f"{file.name}: no checksum is published, so that damage which leaves its form and its counts whole is not "
            f"seen; the checksum of this copy is kept in {_lock(file)} and required from now"
        )


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
    try:
        content = bounded.unpacked(path, file.size)
    except ValueError:
        raise UserError(f"{path} is altered (it holds more than {file.size} bytes): {remedy}") from None
    except (OSError, EOFError, zlib.error) as error:
        if getattr(error, "errno", None):  # the machine does not let it be read
            raise
        raise UserError(f"{path} is truncated or damaged (it does not decompress): {remedy}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise UserError(
            f"{path} is altered or truncated ({len(content)} bytes with sha256 {found[:12]}…, not {file.size} bytes "
            f"with {file.sha256[:12]}…): {remedy}"
        )
    return content


def _verified_raw(path: Path, file: File, remedy: str) -> Path:
    """`path` if the file has its checksum, or none is known of it yet: see keep."""
    if not (file.raw_sha256 or file.md5) and not _lock(file).is_file():
        if not path.stat().st_size:
            raise UserError(f"{path} is empty: {remedy}")
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

    What is fetched whole but wrong, or has no end, is deleted, and the next mirror asked.
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
                transfer.fetch(url, part, _most(file), _teller(file))
            except OSError as error:
                fault = error
                continue
            except transfer.TooLong:
                part.unlink(missing_ok=True)
                refused[url] = UserError(
                    f"{url} sends more than {_most(file):,} bytes, the most that {file.name} can have: fetch it by "
                    f"hand and put it at {manual}, or correct its size in the data set's file"
                )
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
        f"{file.name} could not be downloaded from {file.urls[0]} ({' '.join(str(fault).split())}): run again to go on "
        f"where it stopped, or put it at {manual}"
    )


def _most(file: File) -> int:
    """How many bytes a file may have as it lies on the disk."""
    return bounded.on_disk(file.size) if file.size else 2 * file.raw_size or MOST_BYTES


def _teller(file: File) -> Callable[[int, int | None], None]:
    """Prints now and then how many bytes of a file are there, and of how many."""
    last = time.monotonic()

    def tell(there: int, whole: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_SECONDS:
            last, whole = time.monotonic(), whole or file.raw_size
            print(f"{file.name}: {there / 1e6:,.0f} of {f'{whole / 1e6:,.0f}' if whole else '?'} MB")

    return tell
