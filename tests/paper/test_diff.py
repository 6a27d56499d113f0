"""The paper with its changes marked: what latexdiff is given, what it makes, and the sentences where it cannot."""

import os
import re
import shutil
import subprocess
import tempfile

import pytest

from robustpath.core.errors import UserError
from robustpath.paper import diff

ODD = "Doe, Jane ~a%b;c$d#e&f{g} h"  # a name of a folder that shells and TeX read otherwise than it is written
TINY = r"""\documentclass{article}
\usepackage{natbib}
\newcommand{\loss}{L}
\input{numbers.tex}
\begin{document}
\input{sections/body}
\bibliographystyle{plainnat}
\bibliography{references}
\end{document}
"""
ENTRY = "@misc{%s,\n  title = {A title},\n  author = {An Author},\n  year = {2000},\n}\n"
THEN = (
    r"It reaches \BestLoss{} after \OldSteps{} steps, down from \WorstLoss{}, $\cost$, as \citet{old} says; \ref{old}."
)
NOW = r"It reaches \BestLoss{} at once, $\loss$, as \citet{new} says. \label{sec:new}" + "\n"

whole = pytest.mark.skipif(
    not (diff.available() and shutil.which("latexmk")),
    reason=f"latexdiff is missing: install {diff.PACKAGES}",
)


def git(folder, *arguments):
    author = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = ["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, env=os.environ | author)


def write(folder, body, key, commands=r"\newcommand{\loss}{L}"):
    (folder / "paper/sections").mkdir(parents=True, exist_ok=True)
    (folder / "paper/main.tex").write_text(TINY.replace(r"\newcommand{\loss}{L}", commands))
    (folder / "paper/sections/body.tex").write_text(body)
    (folder / "paper/references.bib").write_text(ENTRY % key)


@pytest.fixture
def clone(tmp_path):
    """A repository of three revisions (without a paper, the paper then, the paper now) and a finished scale."""
    folder = tmp_path / ODD
    folder.mkdir()
    git(folder, "init")
    (folder / "config.yaml").write_text("scale: smoke\n")
    for tag in ("empty", "then", "now"):
        if tag != "empty":
            now = tag == "now"
            commands = r"\newcommand{\loss}{L}" if now else r"\newcommand{\cost}{C}"
            write(folder, NOW if now else THEN, "new" if now else "old", commands)
        git(folder, "add", ".")
        git(folder, "commit", "-m", tag)
        git(folder, "tag", tag)
    (folder / "results/smoke/generated").mkdir(parents=True)
    (folder / "results/smoke/generated/numbers.tex").write_text(
        "\\newcommand{\\BestLoss}{0.125}% the lowest loss\n\\newcommand{\\WorstLoss}{0.75}% the highest\n"
    )
    return folder


@pytest.fixture
def equipped(monkeypatch):
    monkeypatch.setattr(diff, "available", lambda: True)


def refused(clone, rev="then", scale="smoke"):
    with pytest.raises(UserError) as stopped:
        diff.build(rev, scale, clone)
    return str(stopped.value)


@pytest.mark.parametrize("rev", ["nope", "--output=x", ""])
def test_a_revision_that_is_none_is_named(clone, equipped, rev):
    assert refused(clone, rev).startswith(f"There is no revision '{rev}': `git log --oneline -- paper`")


def test_a_revision_without_a_paper_is_named(clone, equipped):
    assert refused(clone, "empty").startswith("Revision empty has no paper/main.tex: ")


def test_outside_a_repository_there_is_no_revision(clone, equipped, monkeypatch):
    shutil.rmtree(clone / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(clone.parent))
    assert "is no git repository" in refused(clone)


def test_without_results_it_says_how_to_make_them(clone, equipped):
    assert refused(clone, scale="laptop").endswith("run `make paper SCALE=laptop`.")


def test_without_latexdiff_it_says_what_to_install(clone, monkeypatch):
    monkeypatch.setenv("PATH", str(clone))
    assert refused(clone).startswith(f"latexdiff is missing: install the Debian packages {diff.PACKAGES}")


def test_inputs_of_the_paper_are_put_in_and_generated_ones_stay(clone):
    text = diff.flatten("main.tex", clone / "paper")
    assert NOW.strip() in text
    assert re.findall(r"\\input\{(.+)\}", text) == ["numbers.tex"]


def test_numbers_take_the_place_of_their_macros():
    numbers = {"Best": "0.5", "BestLoss": "12"}
    text = r"\Best{} and \BestLoss\,s, $x^\BestLoss$, \Best of \Unknown{} \best"
    assert diff.quoted(text, numbers) == r"0.5 and 12\,s, $x^{12}$, 0.5of \Unknown{} \best"


def test_references_that_are_gone_are_kept(tmp_path):
    (tmp_path / "then").write_text(ENTRY % "old" + "\n" + ENTRY % "both")
    (tmp_path / "now").write_text(ENTRY % "both")
    assert re.findall(r"@misc\{(\w+)", diff.joined(tmp_path / "then", tmp_path / "now")) == ["both", "old"]


@whole
def test_the_changes_are_marked_in_a_pdf(clone, tmp_path, monkeypatch):
    (tmp_path / "temporary ~a, b$c").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary ~a, b$c"))
    out = diff.build("then", "smoke", clone)
    assert out == clone / "results/smoke/diff-then.pdf"
    assert out.read_bytes().startswith(b"%PDF")
    log = (clone / "results/smoke/diff-then.build/main.log").read_text(errors="replace")
    assert "Citation `old'" not in log
    assert sorted(path.name for path in (clone / "paper").rglob("*.*")) == ["body.tex", "main.tex", "references.bib"]
    again = out.read_bytes()
    assert diff.build("then", "smoke", clone).read_bytes() == again


@whole
def test_what_was_written_is_marked_and_the_numbers_are_not():
    body = r"\input{sections/body}"
    then = TINY.replace(body, THEN).replace(r"\loss}", r"\cost}")
    text = diff.marked(then, TINY.replace(body, NOW), {"BestLoss": "0.125", "WorstLoss": "0.75"})
    assert r"\DIFadd{at once" in text
    assert re.search(r"\\DIFdel\{after \\OldSteps\{\} steps, down from 0.75", text)
    assert "reaches 0.125 " in text
    assert not re.search(r"\\DIF(add|del)\{[^}]*reaches", text)
    assert text.index(r"\providecommand{\OldSteps}{[OldSteps]}") < text.index(r"\begin{document}")
    assert r"\providecommand{\cost}{L}" in text
