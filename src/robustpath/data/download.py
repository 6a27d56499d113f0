"""Finding a data file: the user's folder, a package that ships it, the cache, and last the network.

ROBUSTPATH_DATA names a folder to look in first; ROBUSTPATH_OFFLINE=1 forbids the network.
"""

import gzip
import hashlib
import http.client
import os
import urllib.error
import urllib.request
import zlib
from importlib.util import find_spec
from pathlib import Path

from robustpath.data.registry import File
from robustpath.errors import UserError

OWN = "robustpath"
RESTORE = "restore it from the repository"
CACHE = Path(".cache/data")
ATTEMPTS = 3
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16


def payload(file: File) -> bytes:
    """The decompressed content of `file`, wherever it is found first; UserError if it is altered or nowhere."""
    for path, remedy in _places(file):
        if path.is_file():
            return _verified(path, file, remedy)
    target = _data_folder() / file.name
    if not file.urls:
        remedy = RESTORE if file.package == OWN else f"install the Python package {file.package}"
        raise UserError(f"{file.name} is missing: {remedy}, or put it at {target}")
    if os.environ.get("ROBUSTPATH_OFFLINE", "") not in ("", "0"):
        package = f"install the system package {file.system_package}, or " if file.system_package else ""
        raise UserError(f"{file.name} is missing and ROBUSTPATH_OFFLINE forbids fetching: {package}put it at {target}")
    return _download(file, CACHE / file.name, target)


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


def _download(file: File, target: Path, manual: Path) -> bytes:
    """Fetch `file` to `target` by way of a .part file that a later attempt or run goes on from."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    fault: Exception | None = None
    for _ in range(ATTEMPTS):
        for url in file.urls:
            try:
                _fetch(url, part)
            except (OSError, http.client.HTTPException) as error:
                fault = error
                continue
            try:
                content = _verified(part, file, "the bad copy was deleted; run again, or fetch it by hand")
            except UserError:
                part.unlink()
                raise
            part.replace(target)
            return content
    raise UserError(
        f"{file.name} could not be downloaded from {file.urls[0]} ({fault}): run again to go on where it stopped, "
        f"or put it at {manual}"
    )


def _fetch(url: str, part: Path) -> None:
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
        received = 0
        while chunk := response.read(CHUNK_BYTES):
            received += out.write(chunk)
    if expected is not None and received != int(expected):
        raise OSError(f"connection ended after {received} of {expected} bytes")
