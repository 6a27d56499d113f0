"""What is published of a finished run, in published/{scale}: which files there are, and their manifest.

`manifest.json` lists every other file with its digest; `digests.parquet` tells which row of the records was altered,
`draws.parquet` which hyperparameters each draw has.
The records are split by kind of metric, since each kind packs best in its own way; together they are the table in
results/{scale}/records.parquet.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing

MANIFEST = "manifest.json"
DIGESTS = "digests.parquet"
DRAWS = "draws.parquet"
RECORDS = "records"
CLAIMS = "claims.json"
GENERATED = "generated"


def folder(scale: str, root: Path = Path(".")) -> Path:
    """Where the published files of a scale lie."""
    return Path(root) / "published" / scale


def write_manifest(out: Path, about: dict) -> None:
    """List every file of the folder `out` with its SHA-256 and size in bytes, beside what `about` says of the run."""
    listed = {name: {"sha256": sha256(out / name), "bytes": (out / name).stat().st_size} for name in files(out)}
    with replacing(out / MANIFEST) as temporary:
        temporary.write_text(json.dumps(about | {"files": listed}, indent=1) + "\n")


def files(out: Path) -> list[str]:
    """The names of the published files, the manifest left out."""
    found = (file for file in Path(out).rglob("*") if file.is_file())
    return sorted(name for file in found if (name := file.relative_to(out).as_posix()) != MANIFEST)


def manifest(out: Path) -> dict:
    """The manifest of the published folder `out`; UserError where there is none or it is no manifest."""
    path = Path(out) / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; nothing is published of the scale {Path(out).name}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: not readable as JSON ({error}); restore it from the repository") from None
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise UserError(f"{path}: lists no files; restore it from the repository")
    return content


def trained(manifest: dict) -> dict:
    """Commit, platform and versions of the run that gave the records: those of the manifest itself, unless what is
    printed was made anew from published records since."""
    return manifest.get("trained", manifest)


def lacking(out: Path, experiments: Iterable[str]) -> list[str]:
    """Those of some experiments that the records in the published folder `out` were made without."""
    published = manifest(out).get("settings", {}).get("experiments", {})
    return [name for name in experiments if name not in published]


def sha256(path: Path) -> str:
    """The SHA-256 (hex) of a file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def unpacked(out: Path, start: str) -> list[str]:
    """What `unpack` gives of the published folder `out`, by name in the folder of results."""
    listed = [
        name for name in manifest(out)["files"] if not name.startswith(f"{RECORDS}/") and name not in (DIGESTS, DRAWS)
    ]
    if start == "text":
        return [name for name in listed if name.startswith(f"{GENERATED}/")]
    return ["records.parquet", *(name for name in listed if not printed(name))]


def printed(name: str) -> bool:
    """Whether a published file is computed from the records: what the paper prints, and the verdicts."""
    return name == CLAIMS or name.startswith(f"{GENERATED}/")
