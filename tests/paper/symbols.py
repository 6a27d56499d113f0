"""Symbols of the paper: each is in the table symbols.yaml with the sentence that defines it, and has one meaning.

A symbol is a letter with its accent, as `\\hat m`, or a name in an alphabet, as `\\mathcal{D}`. With a subscript or a
prime it is a symbol of its own where the table has it, as `\\theta_0`; else the letter alone is meant.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import quick_yaml
import sources

# Written the same everywhere in mathematics.
STANDARD = {r"\mathbb{R}", r"\mathbb{E}", r"\mathcal{N}", r"\pi"}

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|pi|rho|varrho|sigma"
    "|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ALPHABETS = "mathbb|mathcal|mathbf|mathit|mathrm|operatorname|boldsymbol"
_BASE = rf"\\(?:{_GREEK}|ell)(?![A-Za-z])|\\(?:{_ALPHABETS})\{{[^{{}}]+\}}|[A-Za-z]"
_ACCENT = r"\\(?:hat|bar|tilde|dot|ddot|vec|widehat|widetilde|overline)(?![A-Za-z])"
_SUBSCRIPT = r"_(?:\{(?P<braced>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|(?P<bare>\\[A-Za-z]+|[A-Za-z0-9]))"
_WORDS = re.compile(
    r"\\(?:text|mbox|textrm|label|c?ref|Cref|eqref|hspace|begin|end|tag)\*?\{[^{}]*\}|\\\\(?:\[[^]]*\])?"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\\$])|\n\s*\n|\\(?:item|paragraph|(?:sub)*section)\b")
_DEFINES_AFTER = re.compile(r"\s+(?:(?:is|are|be|denotes?|stands? for)\s+)?(?:the|an?|its|their|that of)\b|\s+be\b")
_DEFINES_BEFORE = re.compile(r"(?:\b(?:[Ll]et|[Hh]ere|where|with|denoted? by|called|and)|,)\s*$")


class Row(NamedTuple):
    """A row of the table: the symbol, the file without its ending, and words of the sentence that defines it."""

    symbol: str
    file: str
    phrase: str


class Use(NamedTuple):
    """A symbol in the text: as written with its subscript, as a letter, and its file and place there."""

    full: str
    letter: str
    file: str
    place: int


def table(path: Path) -> list[Row]:
    """The rows of symbols.yaml."""
    return [Row(*row) for row in quick_yaml.loaded(path.read_text(encoding="utf-8"))]


def macros(main: str) -> set[str]:
    """The commands without arguments that main.tex makes: in a formula, such a command is a symbol."""
    return set(re.findall(r"\\newcommand\{(\\[a-z]+)\}\{", main))


def uses(file: str, text: str, made: set[str]) -> Iterator[Use]:
    """The symbols in the formulas of a text without comments, in order; `made` are the commands that are symbols."""
    own = "|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in sorted(made))
    base = f"{own}|{_BASE}" if own else _BASE
    token = re.compile(
        rf"(?P<accent>{_ACCENT})?\s*(?P<open>\{{)?\s*(?P<base>{base})(?(open)\s*\}})(?P<prime>'+)?(?:{_SUBSCRIPT})?"
    )
    for start, formula in sources.formulas(text):
        inside = _WORDS.sub(lambda found: " " * len(found[0]), formula)
        # Commands that are no symbols are blanked, so that their letters are none either.
        keep = re.compile(rf"(?:{base}|{_ACCENT})")
        inside = re.sub(
            r"\\[A-Za-z]+(?:\{[^{}\\]*\})?",
            lambda found, keep=keep: found[0] if keep.match(found[0]) else _command(found[0]),
            inside,
        )
        yield from _tokens(token, inside, file, start)


def _command(written: str) -> str:
    """A command without meaning of its own as blanks; its argument stays."""
    name = re.match(r"\\[A-Za-z]+", written)[0]
    return " " * len(name) + written[len(name) :]


def _tokens(token: re.Pattern, text: str, file: str, start: int) -> Iterator[Use]:
    position = 0
    while found := token.search(text, position):
        if not found["accent"] and found["open"]:
            # A group of its own and no accent's: the letter is read without it.
            position = found.start("open") + 1
            continue
        letter = f"{found['accent']} {found['base']}" if found["accent"] else found["base"]
        below = found["braced"] if found["braced"] is not None else found["bare"]
        full = letter + (found["prime"] or "") + (f"_{''.join(below.split())}" if below else "")
        yield Use(full, letter, file, start + found.start("base"))
        position = found.end("base")
        if found["open"]:
            position = found.end("base") + 1


def _sentence(text: str, place: int) -> tuple[int, int]:
    """Where the sentence at a place of a text begins and ends."""
    cuts = [found.span() for found in _SENTENCE.finditer(text)]
    return max([0, *(e for _, e in cuts if e <= place)]), min([len(text), *(s for s, _ in cuts if s >= place)])


def faults(texts: dict[str, str], rows: list[Row], made: set[str]) -> list[str]:
    """What is wrong with the symbols of some texts: file without its ending -> LaTeX without comments, in order."""
    order, listed, homes = list(texts), [row.symbol for row in rows], {}
    known = set(listed)
    said = [f"{symbol} is defined twice in the table" for symbol in sorted(known) if listed.count(symbol) > 1]
    for row in rows:
        found = re.search(r"\s+".join(map(re.escape, row.phrase.split())), texts.get(row.file, ""))
        if not found:
            said.append(f"{row.symbol}: {row.file} has no words '{row.phrase}'")
            continue
        homes[row.symbol] = (order.index(row.file), *_sentence(texts[row.file], found.start()))
        if row.symbol not in {each for use in uses("", found[0], made) for each in (use.full, use.letter)}:
            said.append(f"{row.symbol} is not in the words that define it, '{row.phrase}'")
    used: dict[str, list[Use]] = {}
    for file, text in texts.items():
        for use in uses(file, text, made):
            used.setdefault(use.full if use.full in known else use.letter, []).append(use)
    for symbol, places in used.items():
        first = places[0]
        near = _near(first, texts)
        if symbol not in known | STANDARD:
            said.append(f"{symbol} is not in the table; first in {first.file}: …{near}…")
        elif symbol in homes and (order.index(first.file), first.place) < homes[symbol][:2]:
            said.append(f"{symbol} is used before its definition, in {first.file}: …{near}…")
        more = [use for use in places if symbol in homes and _second(use, homes[symbol], texts, order)]
        said += [f"{symbol} is defined once more in {use.file}: …{_near(use, texts)}…" for use in more]
    return said + [f"{symbol} is in the table and not in the text" for symbol in sorted(known - set(used))]


def _second(use: Use, home: tuple[int, int, int], texts: dict[str, str], order: list[str]) -> bool:
    """Whether a use outside of the defining sentence reads as one more definition: 'where $x$ is the ...'."""
    if order.index(use.file) == home[0] and home[1] <= use.place < home[2]:
        return False
    text = texts[use.file]
    for start, formula in sources.formulas(text):
        if start <= use.place < start + len(formula):
            alone = re.fullmatch(rf"\s*{re.escape(use.full)}\s*", formula.replace("{", "").replace("}", ""))
            before, after = text[max(0, start - 20) : start].rstrip("$\\([ "), text[start + len(formula) + 1 :]
            opens = use.place - start <= len(formula) - len(formula.lstrip())
            let = re.search(r"\b[Ll]et$", before) and opens
            return bool(let or (alone and _DEFINES_BEFORE.search(before) and _DEFINES_AFTER.match(after)))
    return False


def _near(use: Use, texts: dict[str, str]) -> str:
    return " ".join(texts[use.file][max(0, use.place - 40) : use.place + 40].split())
