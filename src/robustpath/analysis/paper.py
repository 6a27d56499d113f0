"""The paper as a PDF: LaTeX over the sections in paper/ and what the pipeline generated for one scale."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from robustpath.errors import UserError
from robustpath.files import replacing

PACKAGES = "latexmk texlive-latex-recommended texlive-latex-extra texlive-science lmodern"

_UNDEFINED = re.compile(r"(Reference|Citation) [`'](.+?)' on page \S+ undefined")
_LINE = re.compile(r"^l\.(\d+)", re.MULTILINE)


def build(scale: str, paper: Path, generated: Path, out: Path) -> None:
    """Write the PDF `out` of the LaTeX in `paper` and the figures, tables and numbers in `generated`.

    LaTeX works in the folder `{out}.build` beside `out` and never writes into `paper`. The same inputs give the same
    bytes, wherever they lie. Raises UserError where LaTeX is missing, where it fails (first error, file and line), or
    where a reference or citation is undefined.
    """
    paper, generated, out = (Path(path).resolve() for path in (paper, generated, out))
    if not (shutil.which("latexmk") and shutil.which("pdflatex")):
        raise UserError(
            f"LaTeX is missing, so there is no PDF; every figure and table of scale {scale} is made and lies in "
            f"{generated}: install the Debian packages {PACKAGES}, then run `make paper` again."
        )
    folder = out.with_name(f"{out.stem}.build")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    finished = _latexmk(paper, generated, folder)
    log = folder / "main.log"
    text = _unwrapped(log)
    if undefined := sorted({f"{kind.lower()} {name}" for kind, name in _UNDEFINED.findall(text)}):
        raise UserError(f"The paper uses what is not defined: {', '.join(undefined)}; the log is {log}.")
    if finished.returncode or not (folder / "main.pdf").exists():
        raise UserError(f"LaTeX cannot build the paper: {_first_error(text, finished.stdout)}; the log is {log}.")
    with replacing(out) as temporary:
        shutil.copyfile(folder / "main.pdf", temporary)


def _latexmk(paper: Path, generated: Path, folder: Path) -> subprocess.CompletedProcess:
    """latexmk run in `folder`; what was generated hides a file of the same name in `paper`."""
    search = f"{generated}:{paper}:"
    settings = {"TEXINPUTS": search, "BIBINPUTS": search, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    # Log lines are cut at 79 characters by default, which would hide the file a message names.
    settings |= {"max_print_line": "10000", "error_line": "254", "half_error_line": "238"}
    # -norc: a person's own latexmkrc must not change the paper.
    command = ["latexmk", "-norc", "-pdf", "-bibtex", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    return subprocess.run(
        [*command, str(paper / "main.tex")],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        errors="replace",
    )


def _unwrapped(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _first_error(log: str, output: str) -> str:
    """File, line and first message of a LaTeX log; else the last line that latexmk printed."""
    if found := re.search(r"^(\S+?\.\w+):(\d+): (.+)$", log, re.MULTILINE):
        name, line, message = found.groups()
        return f"{message} ({name}, line {line})"
    if found := re.search(r"^! (.+)$", log, re.MULTILINE):
        line = _LINE.search(log, found.end())
        return found[1] + (f" (line {line[1]})" if line else "")
    printed = [line for line in output.splitlines() if line.strip()]
    return printed[-1] if printed else "latexmk said nothing"
