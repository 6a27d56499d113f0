"""What a built paper looks like: its pages, their white, the numbers of its floats, and what LaTeX complained of.

White is measured on the text block, whose place geometry writes into the log. A page is rendered at 36 dots an inch;
a row of dots is empty where no dot of the block's width is dark. Empty rows count where at least `GAP` points of them
follow each other, which the space between paragraphs, headings and floats does not reach: the white of a page is their
share of the block's height. So white at the sides of a narrow figure does not count, nor does the inside of a frame.
"""

import ctypes
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

SCALE = 0.5  # dots for each point of the PDF (1/72 inch)
DARK = 250  # grey values below it are ink
GAP = 40.0  # points
INCH = 72.27  # TeX's points; the PDF's are 72
_LENGTH = r"=(-?[\d.]+)pt"
_NUMBERED = re.compile(r"\\newlabel\{(fig|tab):[^{}@]+\}\{\{(\d+)\}")
_OVERFULL = re.compile(r"Overfull \\([hv]box) \(([\d.]+)pt too (?:wide|high)\)([^\n]*)")
_TOO_LARGE = re.compile(r"Float too large for page by [\d.]+pt[^\n]*")
_UNDEFINED = re.compile(r"(?:Reference|Citation) [`'].+?' on page \S+ undefined|There were undefined \w+")
_UNPLACED = re.compile(r"Label\(s\) may have changed[^\n]*|multiply defined[^\n]*")


class Ends(NamedTuple):
    """The last pages, from 1, of the main text, of the references and of the document."""

    main: int
    references: int
    document: int


class Block(NamedTuple):
    """The text block in rows and columns of a rendered page."""

    top: int
    bottom: int
    left: int
    right: int


def ends(folder: Path) -> Ends:
    """Where the parts of a built paper end.

    The main text ends where \\label{end-of-main} is; without the label on the page on which the references begin, or
    the one before if their heading opens it. The references end on the last page that has an entry.
    """
    with pypdfium2.PdfDocument(folder / "main.pdf") as document:
        cited = [page for name, page in _destinations(document) if name.startswith("cite.")]
        pages = len(document)
        label = re.search(r"\\newlabel\{end-of-main\}\{\{[^{}]*\}\{(\d+)\}", (folder / "main.aux").read_text("utf-8"))
        assert cited, "the PDF has no entry of the references"
        first = min(cited)
        words = document[first - 1].get_textpage().get_text_range().split()
        opens = words[:1] in (["References"], ["REFERENCES"])
        return Ends(int(label[1]) if label else first - opens, max(cited), pages)


def _destinations(document: pypdfium2.PdfDocument) -> list[tuple[str, int]]:
    """The named places of a PDF with their pages, from 1."""
    found = []
    for number in range(pdfium.FPDF_CountNamedDests(document.raw)):
        length = ctypes.c_long()
        pdfium.FPDF_GetNamedDest(document.raw, number, None, length)
        name = ctypes.create_string_buffer(length.value)
        place = pdfium.FPDF_GetNamedDest(document.raw, number, name, length)
        page = pdfium.FPDFDest_GetDestPageIndex(document.raw, place) + 1
        found.append((name.raw.decode("utf-16-le").rstrip("\0"), page))
    return found


def block(log: str) -> Block:
    """The text block from what the package geometry writes into the log of LaTeX."""

    def length(name: str) -> float:
        found = re.search(rf"\* \\{name}{_LENGTH}", log)
        assert found, f"the log does not say \\{name}; main.tex sets its page by the package geometry"
        return float(found[1])

    dots = SCALE * 72 / INCH
    top = INCH + length("topmargin") + length("headheight") + length("headsep")
    left = INCH + length("oddsidemargin")
    return Block(
        round(top * dots),
        round((top + length("textheight")) * dots),
        round(left * dots),
        round((left + length("textwidth")) * dots),
    )


def ink(pdf: Path) -> list[np.ndarray]:
    """Every page as an array of rows and columns: where it is dark."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=SCALE, grayscale=True).to_numpy().squeeze() < DARK for page in document]


def white(page: np.ndarray, place: Block) -> float:
    """The share of the text block's height that lies in empty bands of at least `GAP` points."""
    empty = ~page[place.top : place.bottom, place.left : place.right].any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(int)))
    bands = edges[1::2] - edges[::2]
    return float(bands[bands >= GAP * SCALE].sum() / len(empty))


def exempt(last: Ends) -> dict[int, str]:
    """The pages that may be white, each with the reason."""
    return {
        last.main: "the main text ends, and what follows may begin on a page of its own",
        last.references: "the references end, and the appendix begins on a page of its own",
        last.document: "the document ends",
    }


def numbers(aux: str) -> dict[str, list[int]]:
    """The numbers of the labelled figures (`fig`) and tables (`tab`) in the order of their pages."""
    found = _NUMBERED.findall(aux)
    return {kind: [int(number) for each, number in found if each == kind] for kind in ("fig", "tab")}


def complaints(log: str, slack: float = 1.0) -> list[str]:
    """What LaTeX complains of: boxes too full by more than `slack` points, floats too large, what is undefined."""
    found = [match[0] for match in _OVERFULL.finditer(log) if float(match[2]) > slack]
    return found + [match[0] for rule in (_TOO_LARGE, _UNDEFINED, _UNPLACED) for match in rule.finditer(log)]
