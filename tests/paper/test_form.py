"""The form of the paper: its length, pages, symbols, words and floats.

The build of `built` is looked at (tests/paper/conftest.py): `ROBUSTPATH_PAPER=results/laptop/paper.build pytest
tests/paper/test_form.py` looks at an author's own.
"""

import re
from pathlib import Path

import layout
import pytest
import quick_yaml
import sources
import symbols
import wording

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]
PAGES, FIGURES, TABLES = 12, 9, 3  # at most, in the main text
WHITE = 0.3  # of a page, at most


@pytest.fixture(scope="session")
def log(built):
    return (built / "main.log").read_text(encoding="utf-8", errors="replace")


def none(found: list[str]) -> None:
    """Fail with every line of what was found."""
    assert not found, "\n" + "\n".join(found)


def _texts(folder: Path, read) -> dict[str, str]:
    """The sections in their order: name -> what `read` makes of the LaTeX."""
    return {file.stem: read(file.read_text(encoding="utf-8")) for file in sources.files(folder / "paper")}


def _captions(built: Path) -> dict[str, str]:
    """The generated captions of the main text, without the line that seals them."""
    files = {name: built / f"generated/{name}.caption.tex" for name in sources.captions(built / "paper", "main")}
    return {name: sources.plain(file.read_text(encoding="utf-8")).strip() for name, file in files.items()}


def test_the_main_text_is_short(built):
    assert layout.ends(built).main <= PAGES


def test_the_main_text_has_few_figures_and_tables(built):
    counts = sources.floats(built / "paper", "main")
    assert counts["figure"] <= FIGURES and counts["table"] <= TABLES, counts


def test_figures_and_tables_are_numbered_without_gaps_in_the_order_of_their_pages(built):
    found = layout.numbers((built / "main.aux").read_text(encoding="utf-8"))
    assert all(found.values())
    assert found == {kind: list(range(1, len(each) + 1)) for kind, each in found.items()}


def test_no_page_is_mostly_white(built, log):
    place, allowed = layout.block(log), layout.exempt(layout.ends(built))
    pages = enumerate(layout.ink(built / "main.pdf"), 1)
    shares = {number: round(layout.white(page, place), 2) for number, page in pages if number not in allowed}
    none([f"page {number}: {100 * share:.0f} % white" for number, share in shares.items() if share > WHITE])


def test_latex_complains_of_nothing(log):
    none(layout.complaints(log))


def test_every_symbol_is_defined_once_and_before_its_use(built):
    made = symbols.macros((built / "paper/main.tex").read_text(encoding="utf-8"))
    none(symbols.faults(_texts(built, sources.plain), symbols.table(HERE / "symbols.yaml"), made))


def test_the_text_has_no_banned_words(built):
    none([fault for name, text in _texts(built, wording.words).items() for fault in wording.faults(name, text)])


def test_what_was_generated_has_no_banned_words(built):
    files = sorted((built / "generated").glob("*.tex"))
    assert len(files) > 10
    texts = {file.name: wording.words(file.read_text(encoding="utf-8")) for file in files}
    none([fault for name, text in texts.items() for fault in wording.faults(name, text)])


def test_words_of_the_study_are_explained_before_they_are_used(built):
    names = sources.captions(built / "paper", "main")
    printed = {name: wording.words((built / f"generated/{name}.caption.tex").read_text("utf-8")) for name in names}
    none(wording.unexplained(_texts(built, wording.words), printed))


def test_every_figure_and_table_has_its_place(built):
    """In the main text, in the appendix, or by `place: repository` of the manifest in the report alone."""
    entries = quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text(encoding="utf-8"))
    shown = [name for part in ("main", "appendix") for name in sources.captions(built / "paper", part)]
    kept = {name for name, entry in entries.items() if entry.get("place") == "repository"}
    assert sorted(shown) == sorted(set(shown)), "a figure or table is shown twice"
    assert set(shown) | kept == set(entries)
    assert not set(shown) & kept


def test_captions_of_the_main_text_open_with_their_finding(built):
    def opens(caption: str) -> bool:
        found = re.match(r"\\textbf\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})+)\}", caption)
        return bool(found) and not found[1].rstrip().endswith("?")

    captions = _captions(built)
    assert captions
    none([name for name, caption in captions.items() if not opens(caption)])
