"""The whole pipeline at smoke scale: to the PDF, twice the same, even through SLURM, and without LaTeX."""

import csv
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from checkouts import duplicate, snakemake
from node import possible

from robustpath.core import seals
from robustpath.paper.arxiv import pack

TEX = ("latexmk", "pdflatex", "bibtex", "tectonic", "lualatex", "xelatex")
COMPUTED = {"data", "train", "evaluate", "measure", "trace", "theory"}
needs_latex = pytest.mark.skipif(not shutil.which("latexmk"), reason="latexmk is not installed")


def hashes(results: Path) -> dict[str, str]:
    """The sha256 of every result that must not depend on when and how fast it was made."""
    kinds = (
        "data/*",
        "train/**/*.safetensors",
        "train/**/*.parquet",
        "evaluate/**/*",
        "measure/**/*",
        "trace/**/*",
        "theory/*",
        "claims.json",
        "records.parquet",
        "generated/*",
        "*.pdf",
    )
    files = {file for kind in kinds for file in results.glob(kind) if file.is_file() and ".seconds." not in file.name}
    return {str(file.relative_to(results)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def progress(stderr: str) -> list[tuple[str, str, str, str]]:
    """The lines of progress: n/m, name, time, and what follows it."""
    return re.findall(r"^ *(\d+/\d+)  (\S+(?: \S+)?) +(\d+ s|\d+ min \d\d s)(?:  (.*))?$", stderr, re.M)


def steps(stderr: str) -> int:
    """The number of jobs that a run finished."""
    return len(progress(stderr))


@needs_latex
def test_a_benchmark_is_of_the_process_that_ran_the_job(smoke_run):
    """And not of the one that waited for its end."""
    files = (smoke_run / "results/smoke/benchmarks/train").rglob("*.tsv")
    rows = [next(csv.DictReader(file.open(), delimiter="\t")) for file in files]
    longest = sorted(rows, key=lambda row: float(row["s"]))[-5:]
    assert all(float(row["max_rss"]) > 150 and float(row["cpu_time"]) > 0 for row in longest), longest


@needs_latex
def test_every_job_left_its_key_metric_in_its_log(smoke_run):
    logs = sorted((smoke_run / "results/smoke/logs").rglob("*.log"))
    last = {str(log): (log.read_text().splitlines() or [""])[-1] for log in logs}
    assert len(last) > 50
    assert [log for log, line in last.items() if not line.startswith("result: ") or "unread" in line] == []


@needs_latex
def test_two_runs_give_the_same_bytes(smoke_run, computed_again):
    """Every method and data set; the next test has what follows from what is computed."""
    first, second = hashes(smoke_run / "results/smoke"), hashes(computed_again / "results/smoke")
    assert {name.partition("/")[0] for name in second} == COMPUTED
    for part in (-1, -2):  # the method, the data set
        trained = [{name.split("/")[part] for name in run if name.startswith("train/")} for run in (first, second)]
        assert trained[0] == trained[1]
    assert {name for name in first if name.startswith("data/")} == {name for name in second if name.startswith("data/")}
    assert {name for name in second if first.get(name) != second[name]} == set()


@needs_latex
def test_what_is_made_anew_has_the_same_bytes_even_through_slurm(smoke_run, made_anew):
    first, second = smoke_run / "results/smoke", made_anew.folder / "results/smoke"
    before, after = hashes(first), hashes(second)
    anew = {name for name in before if (first / name).stat().st_mtime_ns != (second / name).stat().st_mtime_ns}
    assert {*made_anew.asked, "records.parquet", "claims.json"} <= anew
    assert {name.partition("/")[0] for name in anew} >= COMPUTED
    assert {name for name in before | after if before.get(name) != after.get(name)} == set()


@pytest.mark.skipif(bool(possible()), reason=possible())
def test_every_rule_went_through_slurm(made_anew):
    jobs = [job for job in made_anew.jobs if job[0].startswith("rule_")]
    assert {state for _, state, _, _ in jobs} == {"CD"}
    assert {name.split("_")[1] for name, *_ in jobs} == {"prepare", "train", "evaluate", "measure", "trace", "theory"}
    trained = [job for job in jobs if job[0].startswith("rule_train_")]
    made = {name.removeprefix("rule_prepare_wildcards_") for name, *_ in jobs if name.startswith("rule_prepare_")}
    known = [*(made_anew.folder / "results/smoke/train").glob("*/*/*.seconds.parquet")]
    known = [file for file in known if file.parent.name in made]
    assert len(trained) == len(known) > 0
    assert {(partition, gpus) for _, _, partition, gpus in trained} == {("gpu", "gres:gpu:1")}
    theory = [job for job in jobs if job[0].startswith("rule_theory_")]
    assert {(partition, gpus) for _, _, partition, gpus in theory} == {("cpu", "N/A")}
    assert "has been submitted" not in made_anew.said
    assert "trying to guess" not in made_anew.said


@needs_latex
def test_the_archive_for_arxiv_alone_gives_the_same_paper(tmp_path, smoke_run):
    results = smoke_run / "results/smoke"
    pack(results / "paper.pdf", smoke_run / "paper", results / "generated", tmp_path / "arxiv.tar.gz")
    alone = tmp_path / "alone"
    with tarfile.open(tmp_path / "arxiv.tar.gz") as archive:
        archive.extractall(alone)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    for _ in range(3):  # as often as references need
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
        done = subprocess.run(command, cwd=alone, env=environment, capture_output=True)
        assert done.returncode == 0, done.stdout[-2000:]
    assert (alone / "main.pdf").read_bytes() == seals.content(results / "paper.pdf")


@needs_latex
def test_a_figure_is_drawn_again_by_its_name_alone(tmp_path, smoke_run):
    folder = duplicate(smoke_run, tmp_path / "repository")
    figure = folder / "results/smoke/generated/learning_curves.pdf"
    before = figure.read_bytes()
    figure.unlink()
    done = snakemake(folder, "learning_curves")
    assert done.returncode == 0, done.stderr
    assert steps(done.stderr) == 1
    ((count, name, _, metric),) = progress(done.stderr)
    assert (count, name) == ("1/1", "learning_curves")
    assert re.fullmatch(r"learning_curves\.pdf, \d+ kB", metric)
    assert "Finished jobid" not in done.stderr
    assert done.stderr.strip().splitlines()[-1] == "Made results/smoke/generated/learning_curves.pdf."
    assert figure.read_bytes() == before


@needs_latex
def test_without_latex_all_but_the_paper_is_made_and_the_last_line_says_so(tmp_path, smoke_run):
    folder = duplicate(smoke_run, tmp_path / "repository")
    results = folder / "results/smoke"
    (results / "paper.pdf").unlink()
    (results / "generated/search_spaces.tex").unlink()
    programs = tmp_path / "programs"
    programs.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(directory).glob("*"):
            if program.name not in TEX:
                (programs / program.name).unlink(missing_ok=True)
                (programs / program.name).symlink_to(program)
    done = snakemake(folder, PATH=str(programs))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "latexmk" in last
    assert (results / "generated/search_spaces.tex").is_file()
    assert not (results / "paper.pdf").exists()


def test_a_damaged_file_is_named_once_in_the_last_line(tmp_path, smoke_run):
    folder = duplicate(smoke_run, tmp_path / "repository")
    data = folder / "results/smoke/data/mnist1d.safetensors"
    data.write_bytes(data.read_bytes()[:-1000])
    done = snakemake(folder)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: results/smoke/data/mnist1d.safetensors")
    assert done.stderr.count(last) == 1
