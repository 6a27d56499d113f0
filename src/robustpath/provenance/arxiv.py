"""The paper's sources as arXiv takes them: one archive that pdfLaTeX compiles alone."""

import gzip
import io
import tarfile
from pathlib import Path

from robustpath.errors import UserError
from robustpath.files import replacing


def pack(pdf: Path, paper: Path, generated: Path, out: Path) -> None:
    """Write the archive `out` (tar.gz) of all that LaTeX read from `paper` and `generated` to make `pdf`.

    The bibliography comes as LaTeX set it (bbl), since arXiv runs no BibTeX. What was generated lies beside main.tex.
    The same paper gives the same bytes. Raises UserError where the paper has not been built from these folders.
    """
    found = sources(pdf, paper, generated)
    # Names in order, no times and no owners: nothing but the content may change the bytes.
    with (
        replacing(out) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, file in sorted(found.items()):
            content = file.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def sources(pdf: Path, paper: Path, generated: Path) -> dict[str, Path]:
    """Name in the archive -> file, of every file that the last build of `pdf` read and that LaTeX does not bring."""
    built = pdf.with_name(f"{pdf.stem}.build")
    again = f"run `snakemake --forcerun paper -- {pdf}` first"
    try:
        read = (built / "main.fls").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UserError(f"{built}: holds no finished paper, so there is nothing to pack; {again}.") from None
    files = {Path(line.removeprefix("INPUT ")) for line in read if line.startswith("INPUT ")}
    found = {
        file.relative_to(folder).as_posix(): file
        for folder in (paper.resolve(), generated.resolve())
        for file in files
        if file.is_relative_to(folder) and not file.is_relative_to(built.resolve())
    }
    if missing := [name for name, file in found.items() if not file.is_file()]:
        raise UserError(f"{built}: was made of {missing[0]}, which is gone; {again}.")
    if "main.tex" not in found:
        raise UserError(f"{built}: was made from another folder than {paper}; {again}.")
    bibliography = built / "main.bbl"
    return found | ({"main.bbl": bibliography} if bibliography.is_file() else {})
