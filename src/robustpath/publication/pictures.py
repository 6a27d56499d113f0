"""Figures and tables as pictures for a browser: of a figure its PDF, of a table what LaTeX sets."""

import re
import shutil
import tempfile
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.paper.build import build

DOTS = 192  # an inch: two pixels to one of a common screen
MARGIN = "3pt"
_REFERENCES = r"\setbox1\vbox{\bibliographystyle{plainnat}\bibliography{references}}"


def draw(result: Path, paper: Path, out: Path) -> None:
    """Write the figure (pdf) or table (tex) `result` as the PNG `out`, the same bytes every time.

    A table is set with the preamble and references of `paper`. Raises UserError where LaTeX is missing or fails, or
    where a PDF cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch, replacing(out) as temporary:
        pdf = result if result.suffix == ".pdf" else _typeset(result, paper, Path(scratch))
        _first_page(pdf).save(temporary, format="PNG", optimize=True)


def _first_page(pdf: Path):
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
    except (pypdfium2.PdfiumError, FileNotFoundError) as error:
        raise UserError(f"{pdf}: cannot be read as PDF ({error}); remove it and run `snakemake` again.") from None
    return document[0].render(scale=DOTS / 72).to_pil()


def _typeset(table: Path, paper: Path, scratch: Path) -> Path:
    """A PDF of one page, as large as the table."""
    source = shutil.copytree(paper, scratch / "paper")
    preamble = (source / "main.tex").read_text(encoding="utf-8").partition(r"\begin{document}")[0]
    cites = re.search(r"\\cite", table.read_text(encoding="utf-8"))
    lines = [
        r"\begin{document}",
        # A longtable breaks into pages, which a box cannot; in a picture it is a tabular.
        r"\let\longtable\relax\let\endlongtable\relax\let\endhead\empty",
        r"\newenvironment{longtable}[1]{\begin{tabular}{#1}}{\end{tabular}}",
        rf"\setbox0\hbox{{\input{{{table.name}}}\unskip}}",  # the end of the file is a space
        _REFERENCES if cites else "",
        rf"\pdfhorigin={MARGIN} \pdfvorigin={MARGIN}",
        rf"\pdfpagewidth=\dimexpr\wd0+{MARGIN}+{MARGIN}\relax",
        rf"\pdfpageheight=\dimexpr\ht0+\dp0+{MARGIN}+{MARGIN}\relax",
        r"\shipout\box0",
        r"\end{document}",
    ]
    (source / "main.tex").write_text("\n".join([preamble, *filter(None, lines)]), encoding="utf-8")
    pdf = scratch / "table.pdf"
    build(table.stem, source, table.parent, pdf)
    return pdf
