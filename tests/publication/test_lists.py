"""What is made from the table of origins: in step with it, complete, and as its specification asks."""

import shutil
from pathlib import Path

import jsonschema
import pytest
import quick_yaml

from robustpath.core.errors import UserError
from robustpath.figures.manifest import manifest
from robustpath.publication import findings, lists, published

ROOT = Path(__file__).parents[2]
PARTS = (
    "config.yaml",
    "CITATION.cff",
    "README.md",
    "codecheck.yml",
    "docs/results.md",
    "paper/findings.md",
    "paper/claims.yaml",
    "paper/claims_batches.yaml",
    "paper/claims_shortcuts.yaml",
    "paper/claims_together.yaml",
)
SECONDS = published.folder(lists.SCALE, Path()) / "seconds.parquet"
DRAWN = published.folder(lists.SCALE, Path()) / "generated"
PUBLISHED = {file.name.split(".")[0] for file in (ROOT / DRAWN).glob("*")}
TEXT = {"type": "string", "minLength": 1}
# What CODECHECK's configuration 2.0 asks of authors; codechecker and report are filled in by who checks.
SPECIFIED = {
    "type": "object",
    "required": ["version", "paper", "manifest"],
    "properties": {
        "version": {"const": "https://codecheck.org.uk/spec/config/2.0/"},
        "paper": {
            "type": "object",
            "required": ["title", "authors"],
            "properties": {
                "title": TEXT,
                "authors": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": TEXT, "ORCID": {"pattern": r"^(\d{4}-){3}\d{3}[\dX]$"}},
                        "additionalProperties": False,
                    },
                },
                "reference": {"pattern": "^https?://"},
            },
        },
        "manifest": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["file", "comment"],
                "properties": {"file": {"pattern": "^[^/]"}, "comment": TEXT},
                "additionalProperties": False,
            },
        },
        "repository": {"pattern": "^https?://"},
    },
    "additionalProperties": False,
}


@pytest.fixture
def clone(tmp_path):
    """What the lists are made from, to edit."""
    for part in [*PARTS, *([SECONDS] if (ROOT / SECONDS).is_file() else [])]:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    if PUBLISHED:
        shutil.copytree(ROOT / DRAWN, tmp_path / DRAWN)
    return tmp_path


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_committed_files_are_in_step():
    assert [path.name for path in lists.write(check=True, root=ROOT)] == ["codecheck.yml", "results.md", "README.md"]


def test_codecheck_is_as_specified_and_lists_every_figure_and_table():
    document = quick_yaml.loaded((ROOT / "codecheck.yml").read_text())
    jsonschema.validate(document, SPECIFIED)
    entries = manifest(ROOT / "notebooks/manifest.yaml")
    assert [(Path(each["file"]).stem, each["comment"]) for each in document["manifest"]] == [
        (name, f"{entry['kind']}: {entry['question']}") for name, entry in entries.items() if name in PUBLISHED
    ]


@pytest.mark.skipif(not (ROOT / SECONDS).is_file(), reason=f"nothing is published of the scale {lists.SCALE}")
def test_what_codecheck_lists_is_published():
    document = quick_yaml.loaded((ROOT / "codecheck.yml").read_text())
    assert [each["file"] for each in document["manifest"] if not (ROOT / each["file"]).is_file()] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("codecheck.yml", "learning_curves", "learning_curve", "codecheck.yml"),
        ("docs/results.md", "`notebooks/walks.py` | ", "`notebooks/walks.py` | 1", "results.md"),
        ("README.md", "**Minima.**", "**Minima!**", "README.md"),
        ("notebooks/manifest.yaml", "How does accuracy grow", "How fast does accuracy grow", "codecheck.yml"),
    ],
)
def test_what_is_out_of_step_is_named_and_mended(clone, file, old, new, named):
    edit(clone / file, old, new)
    with pytest.raises(UserError, match=f"^{named} is out of step"):
        lists.write(check=True, root=clone)
    lists.write(root=clone)
    lists.write(check=True, root=clone)


def test_orcid_and_repository_of_the_citation_are_taken_over(clone):
    edit(
        clone / "CITATION.cff",
        "  - name: The robustpath authors\n",
        "  - given-names: A\n    family-names: B\n    orcid: https://orcid.org/0000-0002-1825-0097\n"
        "repository-code: https://example.org/code\n",
    )
    lists.write(root=clone)
    document = quick_yaml.loaded((clone / "codecheck.yml").read_text())
    jsonschema.validate(document, SPECIFIED)
    assert document["paper"]["authors"] == [{"name": "A B", "ORCID": "0000-0002-1825-0097"}]
    assert document["repository"] == "https://example.org/code"


def test_readme_without_its_marks_is_refused(clone):
    edit(clone / "README.md", lists.MARKS[1], "")
    with pytest.raises(UserError, match="lacks the marks"):
        lists.write(root=clone)


def test_findings_have_the_published_numbers_in_plain_text(tmp_path):
    drawn = tmp_path / DRAWN
    drawn.mkdir(parents=True)
    (tmp_path / "paper").mkdir()
    (tmp_path / findings.TEMPLATE).write_text("Gains {Gain} points {GainInterval}, {Noise} of labels.\n")
    assert findings.lines(lists.SCALE, tmp_path) == "Nothing is published yet."
    numbers = {"Gain": "$-0.2$", "GainInterval": "[$-0.4$, $0.0$]", "Noise": r"20\,\%"}
    lines = [
        rf"\newcommand{{\{name}}}{{\origin{{minima.gains}}{{{value}}}}}% a gain" for name, value in numbers.items()
    ]
    (drawn / "numbers.tex").write_text("\n".join(lines) + "\n")
    assert (
        findings.lines(lists.SCALE, tmp_path)
        == "Gains \N{MINUS SIGN}0.2 points [\N{MINUS SIGN}0.4, 0.0], 20% of labels."
    )
    (tmp_path / findings.TEMPLATE).write_text("{Gian} points")
    with pytest.raises(UserError, match="there is no number Gian"):
        findings.lines(lists.SCALE, tmp_path)
