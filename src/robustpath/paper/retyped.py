"""Numbers that the pipeline writes and somebody has typed into the text as well, where they can go stale."""

import re
from pathlib import Path
from typing import NamedTuple

from robustpath.core.errors import UserError

SMALL = 12  # whole numbers up to here are words of the language: two layers, ten classes
YEARS = range(1900, 2101)
MACRO = re.compile(r"^\\newcommand\{\\(\w+)\}\{\\origin\{[\w.]+\}\{(.*)\}\}%", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])\d+(?:(?:\\,|,)\d{3})*(?:\.\d+)?(?!\w|\.\d)")
# What holds digits and is no number of the text: names, references, lengths, and the code of a formula's layout.
SKIPPED = re.compile(
    r"\\(?:cite\w*|[cC]?ref|label|input|includegraphics|hypersetup|usepackage|documentclass|definecolor|hspace|vspace"
    r"|texttt)\*?(?:\[[^\]]*\])*(?:\{[^{}]*\})+|\b\d+(?:\.\d+)?(?:in|pt|em|ex|cm|mm|ht)\b|(?<!\\)%.*"
)
ALLOWED = re.compile(r"% typed: ([^%\n]*)")


class Retyped(NamedTuple):
    """A number of the text that a macro holds: where, and the macros to use instead."""

    file: str
    line: int
    number: str
    macros: tuple[str, ...]


def find(paper: Path, numbers: str) -> list[Retyped]:
    """The numbers in the LaTeX sources of `paper` that equal a value in the text of numbers.tex.

    Left out are whole numbers up to twelve, years, decimals of one significant digit, citations, labels and lengths,
    and what a comment on the same line names as typed on purpose: `% typed: 32, 0.01`.
    """
    known = _values(numbers)
    found = []
    for file in [paper / "main.tex", *sorted(paper.glob("sections/*.tex"))]:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            allowed = {word.strip() for word in (ALLOWED.search(line) or ["", ""])[1].split(",")}
            for token in NUMBER.findall(SKIPPED.sub(" ", line)):
                plain = _plain(token)
                if plain in known and token not in allowed:
                    found.append(Retyped(file.name, number, token, tuple(sorted(known[plain]))))
    return found


def check(paper: Path, numbers: Path) -> None:
    """Raise a UserError that names the first number of the text which should be a macro."""
    if not Path(numbers).is_file():
        return
    found = find(Path(paper), Path(numbers).read_text(encoding="utf-8"))
    if found:
        first, more = found[0], f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        macros = " or ".join(f"\\{name}" for name in first.macros[:3])
        raise UserError(
            f"paper/sections/{first.file}, line {first.line}: the number {first.number} is computed; write {macros} in "
            f"its place, or end the line with the comment `% typed: {first.number}` if it is another number{more}"
        )


def _values(numbers: str) -> dict[str, set[str]]:
    """Every number in the values of the macros that is worth a look, with the macros that hold it alone."""
    known: dict[str, set[str]] = {}
    for name, value in MACRO.findall(numbers):
        bare = value.replace("$", "").strip("+-−[] ")
        if NUMBER.fullmatch(bare) and _telling(_plain(bare)):
            known.setdefault(_plain(bare), set()).add(name)
    return known


def _telling(plain: str) -> bool:
    if "." in plain:
        return len(plain.replace(".", "").strip("0")) > 1
    return int(plain) > SMALL and int(plain) not in YEARS


def _plain(token: str) -> str:
    return token.replace("\\,", "").replace(",", "")
