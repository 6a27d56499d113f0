"""The paper's sources as arXiv takes them: one archive that pdfLaTeX compiles alone."""

import gzip
import hashlib
import io
import re
import tarfile
from pathlib import Path

from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.paper.build import GENERATED, SOURCES

SUFFIXES = {".tex", ".sty", ".cls", ".bst", ".pdf", ".png", ".jpg", ".bbl"}  # arXiv takes the .bbl and runs no BibTeX

_READ = re.compile(r'^  "([^"]+)" \S+ \d+ ([0-9a-f]{32}) ', re.MULTILINE)


def pack(pdf: Path, paper: Path, generated: Path, out: Path) -> None:
    """Write the archive `out` (tar.gz) of all that LaTeX read from `paper` and `generated` to make `pdf`.

    The bibliography comes as LaTeX set it (bbl). What was generated lies beside main.tex. The same paper gives the same
    bytes. Raises UserError where there is no finished paper, or a source differs from what it was made of.
    """
    found = sources(pdf, paper, generated)
    # Names in order, no times and no owners: nothing but the content may change the bytes.
    with (
        replacing(out) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(found.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def sources(pdf: Path, paper: Path, generated: Path) -> dict[str, bytes]:
    """Name in the archive -> content, of every file that the last build of `pdf` read and that LaTeX does not bring."""
    built = pdf.with_name(f"{pdf.stem}.build")
    records = [built / f"main.{suffix}" for suffix in ("fdb_latexmk", "pdf")]
    if not all(file.is_file() for file in [pdf, *records]) or seals.content(pdf) != records[-1].read_bytes():
        raise UserError(f"{pdf}: is no finished paper, so there is nothing to pack; run `make paper` first.")
    places = {SOURCES: paper, GENERATED: generated}
    found = {}
    for name, digest in _READ.findall(records[0].read_text(encoding="utf-8")):
        top, _, inside = name.removeprefix("./").partition("/")
        if Path(name).suffix not in SUFFIXES:
            continue
        if top in places:
            found[inside] = _unchanged(places[top] / inside, digest)
        elif not inside:  # what LaTeX itself wrote: the bibliography
            found[top] = _unchanged(built / top, digest)
    return found


def _unchanged(file: Path, digest: str) -> bytes:
    content = file.read_bytes() if file.is_file() else b""
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        raise UserError(f"{file}: is not what the paper was made of; run `make paper` first.")
    return content
