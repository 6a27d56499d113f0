"""The paper as arXiv takes it: the LaTeX sources, figures and references that its PDF was made of, in one archive."""

import gzip
import hashlib
import io
import re
import tarfile
from pathlib import Path

from robustpath.errors import UserError
from robustpath.files import replacing

ARCHIVE = "arxiv.tar.gz"
SUFFIXES = {".tex", ".sty", ".cls", ".bst", ".pdf", ".png", ".jpg", ".bbl"}  # arXiv takes the .bbl and runs no BibTeX

_MAIN = re.compile(r'^\["pdflatex"\] \S+ "([^"]+)"', re.MULTILINE)
_READ = re.compile(r'^  "([^"]+)" \S+ \d+ ([0-9a-f]{32}) ', re.MULTILINE)
_FOLDER = re.compile(r"^PWD (.+)$", re.MULTILINE)


def write(paper: Path, results: Path) -> Path:
    """Write `results`/arxiv.tar.gz of the sources in `paper` and in `results`/generated that made `results`/paper.pdf.

    What the paper reads stands in the records of LaTeX's last run; figures and tables lie beside main.tex. The same
    paper gives the same bytes. Raises UserError where there is no finished paper, or a source differs from what it
    was made of.
    """
    paper, results = Path(paper), Path(results)
    build = results / "paper.build"
    if not _finished(build, results / "paper.pdf"):
        raise UserError(f"{results} has no finished paper: run `make paper SCALE={results.name}`, then again.")
    out = results / ARCHIVE
    with replacing(out) as temporary:
        temporary.write_bytes(_packed(_sources(build, paper, results / "generated")))
    return out


def _finished(build: Path, pdf: Path) -> bool:
    """Whether the PDF is there and is what LaTeX's last run gave."""
    records = [build / f"main.{suffix}" for suffix in ("fdb_latexmk", "fls", "pdf")]
    return all(file.is_file() for file in [*records, pdf]) and pdf.read_bytes() == (build / "main.pdf").read_bytes()


def _sources(build: Path, paper: Path, generated: Path) -> dict[str, bytes]:
    """Name in the archive -> content of every file that the paper was made of and LaTeX does not bring."""
    records = (build / "main.fdb_latexmk").read_text(encoding="utf-8")
    # Where things lay then: a clone may have been moved since.
    then = Path(_FOLDER.search((build / "main.fls").read_text(encoding="utf-8"))[1])
    places = {Path(_MAIN.search(records)[1]).parent: paper, then.parent / generated.name: generated, then: build}
    found = {}
    for name, digest in sorted(_READ.findall(records)):
        path = then / name
        for place, now in places.items():
            if path.is_relative_to(place) and path.suffix in SUFFIXES:
                inside = path.relative_to(place)
                found[inside.as_posix()] = _unchanged(now / inside, digest)
                break
    return found


def _unchanged(file: Path, digest: str) -> bytes:
    content = file.read_bytes() if file.is_file() else b""
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        raise UserError(f"{file} is not what the paper was made of: run `make paper`, then again.")
    return content


def _packed(sources: dict[str, bytes]) -> bytes:
    """A compressed archive of the files by name, without times and owners."""
    stream = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(sources.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
