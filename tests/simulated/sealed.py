"""Files that a test has made, as the commands of jobs take them: with a seal."""

from pathlib import Path

from robustpath.core import seals


def sealed(file: str | Path) -> Path:
    """A file with a seal, which it gets where it has none."""
    path = Path(file)
    if seals.content(path) == path.read_bytes():
        seals.seal([path], "", {})
    return path


def nothing(folder: Path) -> Path:
    """A file for the records of a notebook that reads none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "none.json"
    path.write_text('{"records": "none"}\n')
    return sealed(path)
