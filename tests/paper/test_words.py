"""The words of captions, tables and sentences that code writes, and the references' fields."""

import re
from pathlib import Path

import pytest
import quick_yaml
import wording

ROOT = Path(__file__).parents[2]
PRINTING = ("claims", "figures", "numbers", "theory")  # folders of src/robustpath whose texts the paper prints
MODULES = sorted(
    [*(ROOT / "notebooks").glob("*.py"), *(p for f in PRINTING for p in (ROOT / "src/robustpath" / f).rglob("*.py"))]
)
LISTS = [ROOT / "notebooks/manifest.yaml", *sorted((ROOT / "paper").glob("claims*.yaml"))]


def _texts(value) -> list[str]:
    """All texts in a document of YAML, with its keys and the sources of hypotheses, which are not printed, left out."""
    if isinstance(value, dict):
        return [text for key, each in value.items() if key != "source" for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def test_texts_that_code_prints_have_no_banned_words():
    assert len(MODULES) > 100
    texts = {f"{file.parent.name}/{place}": text for file in MODULES for place, text in wording.literals(file).items()}
    assert [fault for place, text in texts.items() for fault in wording.faults(place, text)] == []


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_lists_that_the_paper_prints_have_no_banned_words(file):
    texts = _texts(quick_yaml.loaded(file.read_text(encoding="utf-8")))
    assert len(texts) > 20
    assert [fault for text in texts for fault in wording.faults(file.name, text)] == []


FOLDERS = ("benchmarks", "docs", "notebooks", "src", "tests", "workflow")
KINDS = ("md", "py", "sh", "smk")
BANNED = re.compile(r"(?<![a-z])(?:told|foretold|foretells?|mates|whatever)(?![a-z])", re.IGNORECASE)
BANNING = {"tests/paper/wording.py", "tests/paper/test_form_checks.py", "tests/paper/test_words.py"}


def test_code_and_pages_use_plain_words():
    files = [file for folder in FOLDERS for kind in KINDS for file in (ROOT / folder).rglob(f"*.{kind}")]
    assert len(files) > 1000
    found = {file.relative_to(ROOT).as_posix() for file in files if BANNED.search(file.read_text(encoding="utf-8"))}
    assert found == BANNING, "say it in plain words"


def _entries(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Key -> kind and fields of every entry of a BibTeX file with a field a line."""
    found = {}
    for part in re.split(r"^(?=@\w+\{)", text, flags=re.MULTILINE)[1:]:
        head = re.match(r"@(\w+)\{(\w+),", part)
        found[head[2]] = (head[1].lower(), dict(re.findall(r"^  (\w+) = \{(.*)\},?$", part, re.MULTILINE)))
    return found


# Printed as the proposal of the study gives it, since the publication was not at hand to confirm it.
AS_PROPOSED = "chen2022episodic has neither doi nor url"


def _unreachable(text: str) -> list[str]:
    """Entries that say neither DOI nor address, or say one in a form that leads nowhere."""
    said = []
    for key, (_, fields) in _entries(text).items():
        doi, url = fields.get("doi"), fields.get("url")
        if not doi and not url:
            said.append(f"{key} has neither doi nor url")
        if doi and not re.fullmatch(r"10\.\d{4,9}/\S+", doi):
            said.append(f"{key} has no doi in {doi}")
        if url and not re.fullmatch(r"https?://[\w.-]+/\S*", url):
            said.append(f"{key} has no address in {url}")
    return said


def test_every_reference_can_be_reached():
    assert _unreachable((ROOT / "paper/references.bib").read_text(encoding="utf-8")) == [AS_PROPOSED]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("", ["doe has neither doi nor url"]),
        ("  doi = {doi.org/10.1/2}\n", ["doe has no doi in doi.org/10.1/2"]),
        ("  url = {proceedings.org/doe}\n", ["doe has no address in proceedings.org/doe"]),
        ("  doi = {10.1000/x.1(2)}\n", []),
        ("  url = {https://arxiv.org/abs/1234.56789}\n", []),
    ],
)
def test_references_without_a_way_to_them_are_found(field, said):
    assert _unreachable(f"@article{{doe,\n  title = {{A Title}},\n{field}}}\n") == said


def test_no_reference_prints_a_doubt_or_a_second_venue():
    text = (ROOT / "paper/references.bib").read_text(encoding="utf-8")
    notes = {key: fields.get("note", "") for key, (_, fields) in _entries(text).items()}
    assert [key for key, note in notes.items() if re.search(r"not confirmed|[Pp]ublished (?:at|in)", note)] == []
