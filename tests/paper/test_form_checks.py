"""The checks of the paper's form find what they are there to find, and nothing else."""

import re

import layout
import numpy as np
import pytest
import sources
import symbols
import wording

LOG = r"""* \textwidth=469.75pt
* \textheight=650.43pt
* \oddsidemargin=0.0pt
* \topmargin=-37.0pt
* \headheight=12.0pt
* \headsep=25.0pt
"""
MAIN = r"""\newcommand{\loss}{L}
\input{numbers.tex}
\begin{document}
\input{sections/first}
\input{sections/second}
\appendix
\input{sections/last}
\end{document}
"""
FIRST = r"""Let $\theta$ be the parameters, and $\loss(\theta)$ the loss. % $z$
\begin{figure}\includegraphics[width=\linewidth]{curves.pdf}\caption{\input{curves.caption.tex}}\end{figure}
"""
SECOND = r"""A step is $\theta' = \theta - \eta\, \hat g$, where $\eta$ is the rate and $\hat g$ a mean gradient.
%\begin{figure}\end{figure}
\begin{table}\caption{\input{methods.caption.tex}}\input{methods.tex}\end{table}
"""
LAST = r"\captionof{table}{\input{cases.caption.tex}} \begin{longtable}{l}a\end{longtable}" + "\n"
TABLE = [
    symbols.Row(r"\theta", "first", r"Let $\theta$ be the parameters"),
    symbols.Row(r"\loss", "first", r"$\loss(\theta)$ the loss"),
    symbols.Row(r"\eta", "second", r"where $\eta$ is the rate"),
    symbols.Row(r"\hat g", "second", r"$\hat g$ a mean gradient"),
]


@pytest.fixture
def paper(tmp_path):
    (tmp_path / "sections").mkdir()
    (tmp_path / "main.tex").write_text(MAIN)
    for name, text in (("first", FIRST), ("second", SECOND), ("last", LAST)):
        (tmp_path / f"sections/{name}.tex").write_text(text)
    return tmp_path


def test_floats_are_counted_in_their_part_and_not_in_comments(paper):
    assert sources.floats(paper, "main") == {"figure": 1, "table": 1}
    assert sources.floats(paper, "appendix") == {"figure": 0, "table": 1}
    assert sources.captions(paper, "main") == ["curves", "methods"]
    assert sources.captions(paper, "appendix") == ["cases"]
    assert sources.generated(paper) == {
        *("numbers.tex", "curves.pdf", "curves.caption.tex", "methods.caption.tex", "methods.tex", "cases.caption.tex"),
    }


def _pdf(pages: list[str], places: dict[str, int]) -> bytes:
    """A PDF whose pages say the given words, with named places on pages counted from 1."""
    objects = {1: b"", 2: b"", 3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
    for number, words in enumerate(pages):
        shown = b"BT /F 12 Tf 72 700 Td (%s) Tj ET" % words.encode()
        objects[4 + 2 * number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (5 + 2 * number)
        )
        objects[5 + 2 * number] = b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages))
    named = b"".join(b"/%s[%d 0 R/Fit]" % (name.encode(), 2 + 2 * page) for name, page in places.items())
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/Dests<<%s>>>>" % named
    body, table = b"%PDF-1.4\n", b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number in sorted(objects):
        table += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + table + trailer


@pytest.mark.parametrize(
    ("third", "label", "main"),
    [
        ("References Doe", "", 2),
        ("A last sentence. References", "", 3),
        ("References Doe", r"\newlabel{end-of-main}{{9}{1}{End}{section.9}{}}", 1),
    ],
)
def test_the_parts_of_a_paper_end_where_its_entries_and_its_label_say(tmp_path, third, label, main):
    places = {"cite.doe": 3, "cite.poe": 4, "section.1": 1}
    (tmp_path / "main.pdf").write_bytes(_pdf(["One", "Two", third, "Poe", "Appendix"], places))
    (tmp_path / "main.aux").write_text(label)
    last = layout.ends(tmp_path)
    assert last == layout.Ends(main, 4, 5)
    assert set(layout.exempt(last)) == {main, 4, 5}


def test_the_block_is_where_geometry_puts_it():
    place = layout.block(LOG)
    dots = layout.SCALE * 72 / layout.INCH
    assert place.top == place.left == round(layout.INCH * dots) == 36
    assert (place.bottom - place.top, place.right - place.left) == (324, 234)
    with pytest.raises(AssertionError, match="topmargin"):
        layout.block(LOG.replace("topmargin", "topskip"))


def test_white_is_the_share_of_wide_empty_bands_of_the_text_block():
    place = layout.Block(10, 110, 5, 95)
    page = np.zeros((120, 100), bool)
    page[[2, 115], 50] = True  # a heading above the block and a number below it
    assert layout.white(page, place) == 1
    page[10:60, 20] = True
    assert layout.white(page, place) == 0.5
    page[60:110:10, 20] = True  # the lines of a paragraph, too near each other to be white
    assert layout.white(page, place) == 0
    page[70:100] = False
    assert layout.white(page, place) == 0.39
    page[:, 2] = True  # beside the block
    assert layout.white(page, place) == 0.39


def test_numbers_of_floats_are_read_in_the_order_of_the_pages():
    lines = [
        r"\newlabel{tab:runs}{{1}{3}{Runs}{table.caption.4}{}}",
        r"\newlabel{tab:runs@cref}{{[table][1][]1}{[1][3][]3}}",
        r"\newlabel{fig:curves}{{1}{4}{Curves}{figure.caption.5}{}}",
        r"\newlabel{tab:spaces}{{18}{51}{Spaces}{table.18}{}}",
        r"\newlabel{sec:end}{{B.2}{52}{End}{subsection.B.2}{}}",
        r"\newlabel{tab:factors}{{16}{55}{Factors}{table.caption.112}{}}",
    ]
    assert layout.numbers("\n".join(lines)) == {"fig": [1], "tab": [1, 18, 16]}


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        (r"Overfull \hbox (8.2001pt too wide) in paragraph at lines 2--145", True),
        (r"Overfull \vbox (1.5pt too high) has occurred while \output is active", True),
        (r"Overfull \hbox (0.9pt too wide) in alignment at lines 2--5", False),
        (r"Underfull \hbox (badness 10000) in paragraph at lines 3--4", False),
        ("LaTeX Warning: Float too large for page by 14.92429pt on input line 80.", True),
        ("LaTeX Warning: Reference `fig:nowhere' on page 3 undefined on input line 7.", True),
        ("Package natbib Warning: Citation `nobody' on page 1 undefined on input line 9.", True),
        ("LaTeX Warning: Label `sec:one' multiply defined.", True),
        ("LaTeX Warning: Label(s) may have changed. Rerun to get cross-references right.", True),
        ("LaTeX Font Warning: Some font shapes were not available, defaults substituted.", False),
    ],
)
def test_complaints_of_latex_are_found(line, bad):
    assert bool(layout.complaints(f"{LOG}\n{line}\n")) == bad


def _symbols(first=FIRST, second=SECOND, rows=TABLE):
    texts = {"first": sources.plain(first), "second": sources.plain(second)}
    return symbols.faults(texts, list(rows), symbols.macros(MAIN))


def test_symbols_that_are_defined_once_and_in_time_pass():
    assert _symbols() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"second": SECOND + "The gap is $\\gamma_t$."}, r"\gamma is not in the table; first in second"),
        ({"second": SECOND + "The gap is $\\mathcal{G}$."}, r"\mathcal{G} is not in the table"),
        ({"second": SECOND + "\\begin{align} x &= 1 \\end{align}"}, "x is not in the table"),
        ({"first": "The rate $\\eta$ is small.\n\n" + FIRST}, r"\eta is used before its definition, in first"),
        ({"second": SECOND + "Here $\\theta$ is the angle."}, r"\theta is defined once more in second"),
        ({"second": SECOND + "Let $\\theta = 1$."}, r"\theta is defined once more in second"),
        ({"second": SECOND + "For a rate, $\\eta$ a number, it holds."}, r"\eta is defined once more in second"),
        ({"rows": [*TABLE, symbols.Row(r"\eta", "first", "the loss")]}, r"\eta is defined twice in the table"),
        ({"rows": TABLE[:-1]}, r"\hat g is not in the table"),
        ({"second": SECOND.replace("the rate", "a rate")}, r"\eta: second has no words 'where $\eta$ is the rate'"),
        (
            {"rows": [*TABLE[:-1], symbols.Row(r"\hat g", "second", "a mean")]},
            r"\hat g is not in the words that define",
        ),
        ({"rows": [*TABLE, symbols.Row("q", "first", "the loss")]}, "q is in the table and not in the text"),
    ],
)
def test_faults_of_symbols_are_found(changed, said):
    assert any(fault.startswith(said) for fault in _symbols(**changed)), _symbols(**changed)


def test_what_is_no_symbol_is_none():
    formula = r"$\mathbb{R}$ \[ \min_{\theta} \frac{\loss(\theta)}{2\pi} \text{ for all runs} \RunCount{} \quad \log \]"
    assert _symbols(second=SECOND + formula) == []


@pytest.mark.parametrize("rule", wording.RULES, ids=lambda rule: rule.name)
def test_each_rule_finds_its_bad_sentence_alone(rule):
    found = wording.faults("file", f"A first line.\n{rule.bad}")
    assert len(found) == 1
    assert found[0].startswith(f"file, line 2: {rule.name} (write: ")
    assert wording.faults("file", rule.good) == []


@pytest.mark.parametrize(
    ("word", "explained", "used"),
    [
        ("void", "Such a walk counts as void.", "No walk is void."),
        ("probe", r"The loss is that of the \emph{probe set}.", "The gradient of the probe."),
        ("draw", r"\emph{Draws} of the hyperparameters are random.", "The best of three draws counts."),
    ],
)
def test_a_word_of_the_study_is_explained_before_it_is_used(word, explained, used):
    assert wording.unexplained({"one": explained, "two": used}, {"caption": used}) == []
    late = wording.unexplained({"one": f"{used} {'More words. ' * 30}", "two": explained}, {"caption": used})
    assert len(late) == 1
    assert late[0].startswith(f"one: '{word}' before")
    never = wording.unexplained({"one": "Words.", "two": "Words."}, {"caption": used})
    assert never == [f"caption: '{word}', which no text explains"]


def test_only_printed_words_are_read():
    latex = r"\cref{fig:whatever} \texttt{elsewhere} \origin{numbers.mates}{two} \input{apart.tex} % as many"
    assert wording.faults("file", wording.words(latex)) == []
    assert wording.words("a % b\n\\label{c}\nd").count("\n") == 2


def test_the_texts_of_a_module_are_read_without_docstrings_and_keys(tmp_path):
    file = tmp_path / "module.py"
    file.write_text('"""Told elsewhere."""\nKEY = "elsewhere"\nTEXT = f"the {KEY} of runs"\nSAID = "not told"\n')
    assert list(wording.literals(file).values()) == ["the 0 of runs", "not told"]
    assert len(re.findall("told", str(wording.literals(file)))) == 1
