"""The paper as a PDF: LaTeX over the sections in paper/ and what the pipeline generated for one scale.

TeX cannot open every file that there is: it splits names at some characters and expands others. So LaTeX works on
copies and is given only names relative to its own folder, so that the folders above may have any name.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.paper import retyped

PACKAGES = "latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended lmodern"
SOURCES, GENERATED = "paper", "generated"  # the copies, in the folder that LaTeX works in

_ERROR = re.compile(r"^(?P<file>\S[^:\n]*\.\w+):(?P<line>\d+): (?P<message>.+)$", re.MULTILINE)
_UNPLACED = re.compile(r"^! (?P<message>.+)$", re.MULTILINE)
_MACRO = re.compile(r"^l\.\d+ .*(\\[A-Za-z]+)", re.MULTILINE)
_ASTRAY = re.compile(r"name\{origin\.([^}]+)\}\s+has\s+been\s+referenced\s+but\s+does\s+not\s+exist")
_UNDEFINED = re.compile(r"(Reference|Citation) [`'](.+?)' on page \S+ undefined")


def build(scale: str, paper: Path, generated: Path, out: Path) -> None:
    """Write the PDF `out` of the LaTeX in `paper` and the figures, tables and numbers in `generated`.

    LaTeX works in the folder `{out}.build` beside `out` and never writes into `paper`. The same inputs give the same
    bytes, wherever they lie. Raises UserError where LaTeX is missing, where it fails (first error, file and line), or
    where a reference or citation is undefined, or where the text types a number that the pipeline computes.
    """
    retyped.check(paper, Path(generated) / "numbers.tex")
    text, log = typeset(scale, paper, generated, folder := Path(out).with_name(f"{Path(out).stem}.build"))
    if undefined := sorted({f"{kind.lower()} {name}" for kind, name in _UNDEFINED.findall(text)}):
        raise UserError(f"The paper uses what is not defined: {', '.join(undefined)}; the log is {log}.")
    if astray := sorted(set(_ASTRAY.findall(text))):
        raise UserError(
            f"The paper links to origins that origin.tex does not hold: {', '.join(astray)}; the log is {log}."
        )
    with replacing(out) as temporary:
        shutil.copyfile(folder / "main.pdf", temporary)


def typeset(scale: str, paper: Path, generated: Path, folder: Path) -> tuple[str, Path]:
    """Make `folder`/main.pdf of `paper`/main.tex; the text of LaTeX's log, and its file.

    `folder` is emptied first, then gets copies of `paper` and `generated`. Raises UserError where LaTeX is missing or
    fails (first error, file and line).
    """
    paper, generated, folder = (Path(path).resolve() for path in (paper, generated, folder))
    if not (shutil.which("latexmk") and shutil.which("pdflatex")):
        raise UserError(
            f"LaTeX is missing, so there is no PDF; every figure and table of scale {scale} is made and lies in "
            f"{generated}: install the Debian packages {PACKAGES}, then run `make paper` again."
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _copy(paper, folder, SOURCES)
    _copy(generated, folder, GENERATED)
    finished = _latexmk(folder)
    log = folder / "main.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    # An error first: after one, LaTeX stops before it knows any reference, and would call them all undefined.
    if error := _first_error(text):
        raise UserError(f"LaTeX cannot build the paper: {error}; the log is {log}.")
    # latexmk fails over what is undefined too, which is the caller's to judge.
    if finished.returncode and not _UNDEFINED.search(text):
        last = [line for line in (finished.stdout + finished.stderr).splitlines() if line.strip()][-1:]
        raise UserError(f"latexmk cannot build the paper: {' '.join(last)}; its files are in {folder}.")
    return text, log


def _copy(source: Path, folder: Path, name: str) -> None:
    """Copy the files of `source`, with their folders, to `folder`/`name`; `folder` itself may lie in `source`."""
    files = [file for file in source.rglob("*") if file.is_file() and not file.is_relative_to(folder)]
    for file in files:
        target = folder / name / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _latexmk(folder: Path) -> subprocess.CompletedProcess:
    """latexmk run in `folder`; what was generated hides a file of the same name among the sources."""
    search = f"{GENERATED}:{SOURCES}:"
    settings = {"TEXINPUTS": search, "BIBINPUTS": search, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    # TeX cuts log lines at 79 characters by default, in the middle of the names looked for.
    settings |= {"max_print_line": "10000", "error_line": "254", "half_error_line": "238"}
    # -norc: a person's own latexmkrc must not change the paper.
    command = ["latexmk", "-norc", "-pdf", "-bibtex", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    return subprocess.run(
        [*command, f"{SOURCES}/main.tex"],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        errors="replace",
    )


def _first_error(log: str) -> str:
    """Message, file and line of the first error in a LaTeX log, with the macro where one is undefined; else ""."""
    error = _ERROR.search(log)
    # A missing file is reported without its place, which follows in the line that says that LaTeX gives up.
    unplaced = _UNPLACED.search(log, 0, error.start() if error else len(log))
    message = (unplaced or error)["message"].rstrip(".") if unplaced or error else ""
    if message.startswith("Undefined control") and (macro := _MACRO.search(log, error.end())):
        message += f" {macro[1]}"
    return message + (f" ({error['file']}, line {error['line']})" if error else "")
