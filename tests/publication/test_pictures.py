"""Pictures for the report: a page of a figure, a table as LaTeX sets it, the same bytes every time."""

import shutil

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from robustpath.core.errors import UserError
from robustpath.figures import tables
from robustpath.paper.build import PACKAGES
from robustpath.publication import pictures

PREAMBLE = r"""\documentclass{article}
\usepackage{natbib,booktabs}
\input{numbers.tex}
\begin{document}
The text, which a picture does not show.
\end{document}
"""
ENTRY = "@misc{key,\n  title = {A title},\n  author = {An Author},\n  year = {2000},\n}\n"
TABLE = r"\begin{tabular}{lr}\toprule %s & 1 \\ \bottomrule\end{tabular}"

latex = pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdflatex")), reason=f"LaTeX is missing: install {PACKAGES}"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper/main.tex").write_text(PREAMBLE)
    (tmp_path / "paper/references.bib").write_text(ENTRY)
    (tmp_path / "numbers.tex").write_text("")
    return tmp_path


def drawn(result, folder):
    """The picture's pixels, dark is 0, and its bytes."""
    out = folder / "out.png"
    pictures.draw(result, folder / "paper", out)
    return matplotlib.image.imread(out)[..., :3].mean(axis=2), out.read_bytes()


def test_a_figure_is_its_page(folder):
    figure = Figure(figsize=(3, 2))
    figure.add_axes((0, 0, 0.5, 1)).set_facecolor("black")
    figure.savefig(folder / "figure.pdf")
    pixels, content = drawn(folder / "figure.pdf", folder)
    assert pixels.shape == (2 * pictures.DOTS, 3 * pictures.DOTS)
    assert pixels[100:-100, 100:280].max() == 0 and pixels[100:-100, 300:500].min() == 1
    assert drawn(folder / "figure.pdf", folder)[1] == content


@latex
@pytest.mark.parametrize("cell", ["word", r"\citet{key}"])
def test_a_table_is_cut_to_its_size(folder, cell):
    (folder / "table.tex").write_text(TABLE % cell)
    pixels, content = drawn(folder / "table.tex", folder)
    assert pixels.shape[0] < pictures.DOTS / 2 and pixels.shape[1] < 2 * pictures.DOTS
    rows = (pixels < 0.5).mean(axis=1)
    assert (rows > 0.8).any()  # a rule, almost as wide as the picture
    margin = pictures.DOTS // 40
    assert min(pixels[:margin].min(), pixels[-margin:].min(), pixels[:, :margin].min(), pixels[:, -margin:].min()) == 1
    assert drawn(folder / "table.tex", folder)[1] == content


@latex
@pytest.mark.parametrize("packages", ["natbib,booktabs", "natbib,booktabs,longtable"])
def test_a_table_over_pages_is_one_picture(folder, packages):
    main = folder / "paper/main.tex"
    main.write_text(main.read_text().replace("natbib,booktabs", packages))
    groups = [[tables.heading("group", 2), *[["word", "1"]] * 50], [["word", "1"]] * 50]
    (folder / "table.tex").write_text(tables.over_pages([["a", "b"]], groups, "lr"))
    pixels, _ = drawn(folder / "table.tex", folder)
    assert pixels.shape[0] > 100 * 9 * pictures.DOTS / 72.27  # a row of this size is higher than 9 points
    rules = (pixels < 0.5).mean(axis=1) > 0.8
    assert np.count_nonzero(rules[1:] & ~rules[:-1]) == 3


@latex
def test_a_table_is_no_larger_than_it_is_and_leaves_the_paper_as_it_was(folder):
    before = {file: file.read_bytes() for file in (folder / "paper").iterdir()}
    (folder / "table.tex").write_text(r"\rule{72pt}{36pt}" + "\n")
    pixels, _ = drawn(folder / "table.tex", folder)
    dots = pictures.DOTS / 72.27  # a point of TeX
    assert np.allclose(pixels.shape, ((36 + 6) * dots, (72 + 6) * dots), atol=1)
    assert {file: file.read_bytes() for file in (folder / "paper").iterdir()} == before


@latex
def test_a_table_that_cites_what_is_no_reference_is_refused(folder):
    (folder / "table.tex").write_text(TABLE % r"\citet{nobody}")
    with pytest.raises(UserError, match="citation nobody"):
        drawn(folder / "table.tex", folder)


def test_what_is_no_pdf_is_named(folder):
    (folder / "figure.pdf").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"figure\.pdf: cannot be read as PDF"):
        drawn(folder / "figure.pdf", folder)
    assert not (folder / "out.png").exists()
