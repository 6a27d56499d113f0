"""Numbers of the text that the pipeline computes are found; those that it does not are left alone."""

from pathlib import Path

import pytest

from robustpath.core.errors import UserError
from robustpath.paper import build, retyped

ROOT = Path(__file__).parents[2]
NUMBERS = "\n".join(
    f"\\newcommand{{\\{name}}}{{\\origin{{numbers.protocol}}{{{value}}}}}% what"
    for name, value in {
        "RunCount": "2\\,880",
        "BatchSize": "32",
        "Few": "3",
        "Year": "2018",
        "Accuracy": "84.6",
        "Same": "84.6",
        "Rough": "0.3",
        "Gain": "$+1.25$",
        "Span": "[84.1, 85.1]",
        "Word": "twelve",
    }.items()
)


@pytest.fixture
def text(tmp_path):
    """text(line) -> a paper with that line in its second line."""

    def write(line):
        (tmp_path / "sections").mkdir(exist_ok=True)
        (tmp_path / "main.tex").write_text("\\input{sections/one}\n")
        (tmp_path / "sections/one.tex").write_text(f"A first line.\n{line}\n")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("line", "number", "macros"),
    [
        ("There are 2\\,880 runs.", "2\\,880", ("RunCount",)),
        ("There are 2,880 runs.", "2,880", ("RunCount",)),
        ("of 32 examples", "32", ("BatchSize",)),
        ("an accuracy of 84.6\\,\\%.", "84.6", ("Accuracy", "Same")),
        ("a gain of $+1.25$ points", "1.25", ("Gain",)),
    ],
)
def test_a_planted_number_is_found_with_its_line(line, number, macros, text):
    assert retyped.find(text(line), NUMBERS) == [retyped.Retyped("one.tex", 2, number, macros)]


@pytest.mark.parametrize(
    "line",
    [
        "\\citet{jones2018} in 2018, with 3 layers and a threshold of 0.3",
        "a bitmap of $32 \\times 32$ % typed: 32",
        "\\cref{fig:32} \\includegraphics[width=32pt]{32.pdf} \\texttt{a32} and 32in",
        "\\RunCount{} runs % once 2\\,880",
        "version 84.6.1 and x32",
    ],
)
def test_what_is_another_number_is_left_alone(line, text):
    assert retyped.find(text(line), NUMBERS) == []


def test_the_paper_is_refused_with_place_and_remedy(text, tmp_path):
    (tmp_path / "numbers.tex").write_text(NUMBERS)
    with pytest.raises(UserError, match=r"one\.tex, line 2: the number 84\.6 is computed; write \\Accuracy or \\Same"):
        build.build("smoke", text("an accuracy of 84.6"), tmp_path, tmp_path / "paper.pdf")


def test_the_papers_own_text_types_nothing_of_the_published_numbers():
    found = sorted((ROOT / "published").glob("*/generated/numbers.tex"))
    assert found, "nothing is published to hold the text against"
    for numbers in found:
        assert retyped.find(ROOT / "paper", numbers.read_text()) == []


def test_no_typed_number_of_the_paper_is_refused_when_another_config_computes_the_same():
    """With macros of every number that stands in the sources, nothing is left to refuse: all are marked as typed."""
    sources = [ROOT / "paper/main.tex", *sorted((ROOT / "paper/sections").glob("*.tex"))]
    tokens = {token for file in sources for token in retyped.NUMBER.findall(file.read_text(encoding="utf-8"))}
    computed = "\n".join(
        f"\\newcommand{{\\Computed}}{{\\origin{{numbers.protocol}}{{{token}}}}}% what" for token in sorted(tokens)
    )
    assert retyped.find(ROOT / "paper", computed) == []
