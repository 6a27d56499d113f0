"""Pictures of the report: a table as LaTeX sets it, a figure as its PDF is, the same bytes every time."""

import shutil

import matplotlib.image
import numpy as np
import pytest

from robustpath.analysis import paper
from robustpath.errors import UserError
from robustpath.provenance import pictures

latex = pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdflatex")), reason=f"LaTeX is missing: install {paper.PACKAGES}"
)
MAIN = r"""\documentclass{article}
\usepackage{natbib}
\input{numbers.tex}
\begin{document}
Not shown.
\end{document}
"""
ENTRY = "@misc{key,\n  title = {A title},\n  author = {An Author},\n  year = {2000},\n}\n"


@pytest.fixture
def sources(tmp_path):
    """The sources of a paper; what was generated for it lies beside them."""
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "main.tex").write_text(MAIN)
    (folder / "references.bib").write_text(ENTRY)
    (tmp_path / "generated").mkdir()
    (tmp_path / "generated/numbers.tex").write_text(r"\newcommand{\Best}{0.5}")
    return folder


def size_and_ink(sources, name, text):
    """Height and width in pixels of the picture of a table, and its number of dark pixels."""
    table = sources.parent / "generated" / f"{name}.tex"
    table.write_text(text)
    out = sources.parent / f"{name}.png"
    pictures.draw(table, sources, out)
    picture = matplotlib.image.imread(out)[..., :3]
    return picture.shape[:2], int((picture.max(axis=-1) < 0.5).sum())


@latex
def test_the_picture_of_a_table_is_as_large_as_the_table(sources):
    margins = 2 * 3  # points
    (height, width), ink = size_and_ink(sources, "box", r"\rule{72pt}{36pt}")
    dots = pictures.DOTS / 72.27
    assert np.allclose([height, width], [(36 + margins) * dots, (72 + margins) * dots], atol=1)
    assert np.isclose(ink, 36 * 72 * dots**2, rtol=0.02)


@latex
def test_a_table_has_the_preamble_and_the_references_of_the_paper(sources):
    _, plain = size_and_ink(sources, "plain", r"\begin{tabular}{l}a\end{tabular}")
    _, macro = size_and_ink(sources, "macro", r"\begin{tabular}{l}a\Best\end{tabular}")
    _, cited = size_and_ink(sources, "cited", r"\begin{tabular}{l}a \citep{key}\end{tabular}")
    assert plain < macro < cited
    with pytest.raises(UserError, match="citation nobody"):
        size_and_ink(sources, "wrong", r"\begin{tabular}{l}\citep{nobody}\end{tabular}")
    assert not (sources.parent / "wrong.png").exists()


@latex
def test_equal_tables_give_equal_pictures_and_the_paper_stays_as_it_is(sources):
    before = {file: file.read_bytes() for file in sources.iterdir()}
    for name in ("one", "two"):
        size_and_ink(sources, name, r"\begin{tabular}{l}a\end{tabular}")
    assert (sources.parent / "one.png").read_bytes() == (sources.parent / "two.png").read_bytes()
    assert {file: file.read_bytes() for file in sources.iterdir()} == before


def test_a_figure_is_drawn_from_its_pdf(tmp_path, monkeypatch):
    import matplotlib.figure

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    matplotlib.figure.Figure(figsize=(3, 2)).savefig(tmp_path / "figure.pdf")
    for name in ("one.png", "two.png"):
        pictures.draw(tmp_path / "figure.pdf", tmp_path, tmp_path / name)
    assert matplotlib.image.imread(tmp_path / "one.png").shape[:2] == (2 * pictures.DOTS, 3 * pictures.DOTS)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("content", [None, b"no PDF"])
def test_what_is_no_pdf_is_named(tmp_path, content):
    if content:
        (tmp_path / "figure.pdf").write_bytes(content)
    with pytest.raises(UserError, match=r"figure\.pdf: cannot be read as PDF"):
        pictures.draw(tmp_path / "figure.pdf", tmp_path, tmp_path / "figure.png")
    assert not (tmp_path / "figure.png").exists()
