"""The paper's references, and its build: same inputs, same bytes; every failure reported in one sentence."""

import re
import shutil
from pathlib import Path

import pytest

from robustpath.core.errors import UserError
from robustpath.paper import build

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "paper"
PROPOSAL = [
    "anandkumar2016escaping",
    "ba2016fast",
    "chaudhari2016entropysgd",
    "chen2022episodic",
    "elhage2022toy",
    "finn2017maml",
    "izmailov2018swa",
    "jiang2019fantastic",
    "keskar2017large",
    "korakakis2024alvin",
    "lan2024universal",
    "li2018landscape",
    "liu2019radam",
    "maass1997spiking",
    "mackay2003information",
    "mindermann2022rho",
    "mukhoti2023ldifs",
    "nagarajan2019uniform",
    "neyshabur2017exploring",
    "velickovic2021reasoning",
    "wang2021causal",
    "yun2018small",
    "zhang2021rethinking",
]
SHARES = {0.25: "quarter", 0.5: "half"}
ODD = "Doe, Jane ~a%b;c$d#e&f{g} h"  # a name of a folder that shells and TeX read otherwise than it is written
TINY = r"\documentclass{article}\usepackage{natbib}\begin{document}%s\end{document}"

latex = pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdflatex")), reason=f"LaTeX is missing: install {build.PACKAGES}"
)


def _text() -> str:
    return "\n".join(path.read_text() for path in [PAPER / "main.tex", *sorted(PAPER.glob("sections/*.tex"))])


def _entries() -> dict[str, str]:
    """Key -> fields of every entry of references.bib."""
    parts = re.split(r"^@\w+\{", (PAPER / "references.bib").read_text(), flags=re.MULTILINE)[1:]
    return dict(part.split(",", 1) for part in parts)


def _cited() -> set[str]:
    """Keys cited in the text, by methods and by data sets."""
    lists = re.findall(r"\\cite\w*\*?(?:\[[^]]*\])*\{([^}]+)\}", _text())
    code = "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.py")))
    return {key.strip() for keys in lists for key in keys.split(",")} | set(
        re.findall(r"\bcit(?:e|ation)=\"(\w+)\"", code)
    )


def test_what_is_cited_is_what_the_references_hold():
    assert _cited() == set(_entries())


def test_no_key_stands_twice():
    assert len(_entries()) == len(re.findall(r"^@\w+\{", (PAPER / "references.bib").read_text(), re.MULTILINE))


@pytest.mark.parametrize("field", ["title", "author", "year"])
def test_every_reference_has_its_fields(field):
    lacking = [key for key, fields in _entries().items() if not re.search(rf"^  {field} = \{{.+\}}", fields, re.M)]
    assert not lacking


def test_all_references_of_the_proposal_are_cited_in_the_text():
    assert len(PROPOSAL) == 23
    assert not [key for key in PROPOSAL if key not in _entries() or not re.search(rf"\b{key}\b", _text())]


def test_the_constants_of_the_walk_are_those_of_the_code():
    from robustpath.methods import walk  # here, since it needs torch and the other tests do not

    text = (PAPER / "sections/appendix_methods.tex").read_text()
    assert f"spends a {SHARES[walk.SHARE]} of the budget" in (PAPER / "sections/minima.tex").read_text()
    assert f"${walk.PROBE}$ training examples" in text
    assert rf"\le {walk.TOLERANCE}\, c$" in text


def _figure() -> bytes:
    """A blank page as a PDF."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 396 200]/Resources<<>>>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(body))
        body += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(places)
    return body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def _generated(folder: Path) -> Path:
    """Stand-ins for what the pipeline writes: every macro that the text uses, every file that it inputs."""
    folder.mkdir(parents=True)
    numbers = sorted(set(re.findall(r"\\([A-Z][A-Za-z]+)", _text())))
    (folder / "numbers.tex").write_text("".join(f"\\providecommand{{\\{name}}}{{1}}\n" for name in numbers))
    for name in re.findall(r"\\input\{(\w+(?:\.caption)?\.tex)\}", _text()):
        if name != "numbers.tex":
            (folder / name).write_text("Words.\n")
    for name in re.findall(r"\\includegraphics\[[^]]*\]\{([^}]+)\}", _text()):
        (folder / name).write_bytes(_figure())
    return folder


def _tiny(folder: Path, body: str) -> tuple[Path, Path]:
    """A paper that says `body`, and an empty folder of generated files."""
    source, generated = folder / "paper", folder / "generated"
    source.mkdir()
    generated.mkdir()
    (source / "main.tex").write_text(TINY % body)
    return source, generated


@latex
def test_same_inputs_give_the_same_bytes_in_any_folder(tmp_path):
    before = sorted(PAPER.rglob("*"))
    here, there = tmp_path / "here/paper.pdf", tmp_path / ODD / "far/document.pdf"
    build.build("smoke", PAPER, _generated(tmp_path / "generated"), here)
    copy = shutil.copytree(PAPER, tmp_path / ODD / "of the paper")
    build.build("smoke", copy, _generated(tmp_path / ODD / "{generated}"), there)
    assert here.read_bytes() == there.read_bytes()
    assert here.read_bytes().startswith(b"%PDF")
    assert sorted(PAPER.rglob("*")) == before


@latex
def test_no_line_of_the_paper_sticks_out(tmp_path):
    build.build("smoke", PAPER, _generated(tmp_path / "generated"), tmp_path / "paper.pdf")
    assert "Overfull" not in (tmp_path / "paper.build/main.log").read_text(errors="replace")


@latex
def test_generated_files_hide_those_of_the_paper(tmp_path):
    source, generated = _tiny(tmp_path, r"\input{numbers.tex}")
    (source / "numbers.tex").write_text(r"\stale")
    (generated / "numbers.tex").write_text("fresh")
    build.build("smoke", source, generated, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").exists()


@latex
@pytest.mark.parametrize(
    ("body", "named"),
    [
        (r"\citep{nobody1900nothing}", ["citation nobody1900nothing"]),
        (r"See \ref{fig:nowhere}.", ["reference fig:nowhere"]),
        ("Words.\n\n$1 + \\AccuracyOfNothing$", [r"sequence \AccuracyOfNothing", "main.tex", "line 3"]),
        (r"\ref{fig:later}\input{missing.tex}", ["missing.tex", "line 1"]),
    ],
)
def test_a_failure_names_its_cause_and_leaves_no_pdf(tmp_path, body, named):
    with pytest.raises(UserError) as error:
        build.build("smoke", *_tiny(tmp_path, body), tmp_path / "paper.pdf")
    message = str(error.value)
    assert all(part in message for part in [*named, str(tmp_path / "paper.build/main.log")])
    assert "\n" not in message
    assert not (tmp_path / "paper.pdf").exists()


def test_without_latex_the_message_says_what_is_made_and_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError) as error:
        build.build("smoke", PAPER, tmp_path / "generated", tmp_path / "paper.pdf")
    message = str(error.value)
    parts = ["every figure and table", str(tmp_path / "generated"), "texlive-latex-recommended", "make paper"]
    assert all(part in message for part in parts)
    assert "\n" not in message


@latex
def test_a_link_to_an_origin_that_is_not_there_is_refused(tmp_path):
    (tmp_path / "paper").mkdir()
    text = TINY.replace("natbib", "natbib,hyperref") % r"\hypertarget{origin.here}{}\hyperlink{origin.%s}{3}"
    for name in ("here", "nowhere"):
        (tmp_path / "paper/main.tex").write_text(text % name if "%s" in text else text)
        if name == "here":
            build.build("smoke", tmp_path / "paper", tmp_path, tmp_path / "paper.pdf")
        else:
            with pytest.raises(UserError, match=r"links to origins that origin\.tex does not hold: nowhere"):
                build.build("smoke", tmp_path / "paper", tmp_path, tmp_path / "paper.pdf")


def test_a_verdict_is_never_typed_beside_its_hypothesis():
    for file in sorted((PAPER / "sections").glob("*.tex")):
        for sentence in re.split(r"(?<=[.:])\s", file.read_text()):
            if re.search(r"\bH[0-8]\b", sentence):
                typed = re.search(r"\b(is|are|was) (supported|refuted|undecided|void)\b", sentence)
                assert not typed, f"{file.name}: {sentence}"
