"""What is damaged, lost or put together of different runs among the files of a scale, by their seals.

Snakemake goes by the times of files, and does not miss one that no job is waiting for.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.publication.retraining import OUTPUTS, RUNS
from robustpath.study import Cell

STAGE = {"data": "data", "train": "runs", "claims.json": "claims", "calibration.parquet": "claims"}
PRINTED = {"generated/numbers.tex": "paper", "generated/origin.tex": "paper", "paper.pdf": "paper"}
RECORDED = ("evaluate", "measure", "trace", "theory", "records.parquet", "seconds.parquet")
STAGE |= dict.fromkeys(RECORDED, "records") | {"generated": "figures and tables"}


def stage_of(name: str) -> str:
    """The stage that a file belongs to, by its place in the folder of a scale."""
    return PRINTED.get(name) or STAGE[name.split("/")[0]]


def belongs(name: str, cells: Collection[Cell], drawn: Collection[str]) -> bool:
    """Whether a file is one that the config asks for: what an earlier config made lies there until it is removed.

    `cells` are the trainings and `drawn` the figures and tables of the config.
    """
    top, *below = Path(name.partition(".")[0]).parts
    if top == "train":
        return Cell(*below) in cells
    if top in ("evaluate", "measure", "trace"):
        return tuple(below) in {cell[:2] for cell in cells}
    return top != "generated" or name in PRINTED or below[0] in drawn


def find(results: Path) -> dict[str, str]:
    """What is wrong with files of the folder `results` of a scale, by their places in there; nothing where all is well.

    A file is damaged, is lost although another was made of it, or was made of another file than the one that is there.
    """
    found, sealed = {}, {}
    for name in names(results):
        try:
            sealed[name] = seals.read(results / name)
        except UserError as error:
            found[name] = _short(str(error), results / name)
    digests = {seal.file: seal.sha256[: seals.SHORT] for seal in sealed.values()}
    for name, seal in sealed.items():
        for other, digest in seal.of.items():
            own = other.removeprefix(f"{results.name}/")
            if not (results / own).is_file():
                found.setdefault(own, "lost")
            elif digests.get(other, digest) != digest:
                found.setdefault(name, f"made of another {own}")
    return found | dict.fromkeys(_lost(sealed, results), "lost")


def names(results: Path) -> list[str]:
    """The places of all files that have seals, but of those in folders that LaTeX or a person works in."""
    files = [file for top in STAGE for file in [results / top, *(results / top).rglob("*")]]
    files.append(results / "paper.pdf")
    made = (file for file in files if file.is_file() and seals.sealable(file) and not _hidden(file, results))
    return sorted(file.relative_to(results).as_posix() for file in made)


def _hidden(file: Path, results: Path) -> bool:
    """Whether a file is one that is being written."""
    return any(part.startswith(".") for part in file.relative_to(results).parts)


def _lost(sealed: dict[str, seals.Seal], results: Path) -> Iterator[str]:
    """What is lost beside a file of the same job, where nothing is made of it."""
    for name in sealed:
        stem = name.rpartition(".")[0]
        beside = {"data": (f"{stem}.json",), "records.parquet": ("seconds.parquet",)}.get(name.split("/")[0], ())
        if name.startswith("train/") and name == f"{stem}{RUNS}" and "." not in stem:
            beside = tuple(f"{stem}{end}" for end in OUTPUTS.values())
        yield from (each for each in beside if not (results / each).is_file())


def _short(said: str, path: Path) -> str:
    """The cause in a sentence on a file: in brackets, or all between its name and the remedy."""
    cause = re.search(r"\((.+)\)", said.removeprefix(str(path)))
    return cause[1] if cause else said.removeprefix(f"{path} is ").rpartition(":")[0]
