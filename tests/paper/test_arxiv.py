"""The archive for arXiv: it compiles alone, is the same for the same paper, and is refused where there is none."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from robustpath.core.errors import UserError
from robustpath.paper import arxiv, build

MAIN = r"""\documentclass{article}
\usepackage{natbib,graphicx}
\begin{document}
\input{numbers.tex}\input{sections/body}
\bibliographystyle{plainnat}
\bibliography{references}
\end{document}
"""
BODY = r"""After \citet{key}, \Best{}, see Table~\ref{tab:it}.
\begin{table}\input{it.tex}\caption{C}\label{tab:it}\end{table}
"""
ENTRY = "@misc{key,\n  title = {A title},\n  author = {An Author},\n  year = {2000},\n}\n"
FILES = ["it.tex", "main.bbl", "main.tex", "numbers.tex", "sections/body.tex"]

pytestmark = pytest.mark.skipif(
    not (shutil.which("latexmk") and shutil.which("pdflatex")), reason=f"LaTeX is missing: install {build.PACKAGES}"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with a small finished paper: paper/ and results/. Tests edit copies."""
    folder = tmp_path_factory.mktemp("clone") / "Doe, Jane ~a%b;c$d#e&f{g} h"
    written = {
        "paper/main.tex": MAIN,
        "paper/references.bib": ENTRY,
        "paper/sections/body.tex": BODY,
        "paper/sections/draft.tex": "Not of the paper.",
        "paper/numbers.tex": r"\stale",
        "results/generated/numbers.tex": r"\newcommand{\Best}{0.5}%",
        "results/generated/it.tex": "Words.",
        "results/generated/unused.tex": "Not of the paper.",
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    build.build("smoke", folder / "paper", folder / "results/generated", folder / "results/paper.pdf")
    return folder


@pytest.fixture
def finished(tmp_path, built) -> Path:
    return Path(shutil.copytree(built, tmp_path / "clone"))


def written(folder: Path) -> Path:
    out = folder / "results/arxiv.tar.gz"
    arxiv.pack(folder / "results/paper.pdf", folder / "paper", folder / "results/generated", out)
    return out


def test_it_compiles_alone_in_an_empty_folder(finished, tmp_path):
    archive = shutil.move(written(finished), tmp_path)
    shutil.rmtree(finished)
    empty = tmp_path / "empty"
    with tarfile.open(archive) as packed:
        packed.extractall(empty)
    assert sorted(file.relative_to(empty).as_posix() for file in empty.rglob("*") if file.is_file()) == FILES
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TEX")}
    for _ in range(2):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, errors="replace")
        assert done.returncode == 0, done.stdout[-2000:]
    assert (empty / "main.pdf").read_bytes().startswith(b"%PDF")
    assert "undefined" not in (empty / "main.log").read_text(errors="replace")


def test_the_same_paper_gives_the_same_bytes_wherever_the_clone_was_moved(finished, tmp_path):
    first = written(finished).read_bytes()
    moved = finished.rename(tmp_path / "moved")
    for file in moved.rglob("*"):
        os.utime(file, (0, 0))
    assert written(moved).read_bytes() == first
    assert first[4:8] == bytes(4)  # gzip's time
    with tarfile.open(moved / "results/arxiv.tar.gz") as packed:
        assert packed.getnames() == FILES
        assert {(entry.mtime, entry.uid, entry.uname) for entry in packed} == {(0, 0, "")}


def test_without_a_finished_paper_it_says_what_to_run(finished):
    (finished / "results/paper.pdf").write_bytes(b"%PDF of another build")
    with pytest.raises(UserError, match=r"no finished paper, .* run `make paper`"):
        written(finished)
    shutil.rmtree(finished / "results")
    with pytest.raises(UserError, match=r"no finished paper, .* run `make paper`"):
        written(finished)


@pytest.mark.parametrize("name", ["paper/sections/body.tex", "results/generated/it.tex"])
def test_a_source_edited_since_is_named(finished, name):
    (finished / name).write_text("Other words.")
    with pytest.raises(UserError, match=f"{name}: is not what the paper was made of"):
        written(finished)
    assert not (finished / "results/arxiv.tar.gz").exists()
