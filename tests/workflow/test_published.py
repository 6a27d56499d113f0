"""The workflow from what is published: nothing trained, the same paper, and its verification."""

import json
import shutil

import pytest
from checkouts import ODD, REPOSITORY, duplicate, edit, plan, planning, snakemake

from robustpath import records, study
from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.figures.manifest import manifest
from robustpath.publication import published, publishing
from robustpath.publication.verification import Scope, verify

KEPT = {"learning_curves", "hypotheses"}


def fill(folder):
    """Publish the smoke run of a checkout, as publishing.publish does in a repository with commits."""
    results, out = folder / "results/smoke", published.folder("smoke", folder)
    config = study.load(folder / "config.yaml")
    publishing.fill(out, results, records.load(results / "records.parquet"), config, "unknown")
    return out


@pytest.fixture
def listed(finished):
    """The pretended run, published: every file is empty and the records are as good as there."""
    out = published.folder("smoke", finished)
    for pattern in publishing.COPIED:
        for file in (finished / "results/smoke").glob(pattern):
            target = out / file.relative_to(finished / "results/smoke")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    (out / "records").mkdir()
    (out / "records/accuracy.parquet").touch()
    published.write_manifest(out, {"settings": publishing.settings(study.load(finished / "config.yaml"))})
    shutil.rmtree(finished / "results")
    return finished


def test_from_the_text_one_job_unpacks_and_one_compiles(listed):
    assert plan(listed, "--config", "start=text").rules == {"unpack": 1, "paper": 1, "all": 1}


def test_from_the_records_nothing_is_trained_and_all_is_drawn(listed):
    drawn = dict.fromkeys(manifest(listed / "notebooks/manifest.yaml"), 1)
    others = dict.fromkeys(("unpack", "claims", "calibrate", "numbers", "origin", "paper", "all"), 1)
    assert plan(listed, "--config", "start=records").rules == drawn | others


def test_from_raw_data_what_is_published_has_no_part(listed):
    planned = plan(listed)
    assert planned.rules["train"] == len(study.expand(study.load(listed / "config.yaml")))
    assert "unpack" not in planned.rules


def test_verification_needs_nothing_made_but_at_level_3(listed):
    assert plan(listed, "verify", "--config", "verify={level: 2}").rules == {"verify": 1}
    assert plan(listed, "verify", "--config", "verify={level: 3}").rules["train"] > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--config", "start=txt"], "start"),
        (["--config", "start=text", "scale=laptop"], "nothing is published of the scale 'laptop'"),
        (["verify", "--config", "start=text", "verify={level: 3}"], "allowed: 0 to 2, or start: raw"),
        (["verify", "--config", "verify={level: 4}"], "verify.level"),
    ],
)
def test_a_wrong_start_is_refused_in_a_sentence(listed, arguments, sentence):
    shutil.rmtree(listed / "published/laptop", ignore_errors=True)
    done = planning(listed, "-n", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_a_figure_that_is_not_published_is_named(listed):
    (listed / "published/smoke/generated/escape.pdf").unlink()
    published.write_manifest(listed / "published/smoke", {})
    done = planning(listed, "-n", "--config", "start=text")
    assert done.stderr == (
        "error: published/smoke lacks generated/escape.pdf; start from raw data, or publish the scale again\n"
    )


def test_experiments_that_the_published_records_lack_are_named(listed):
    out = listed / "published/smoke"
    settings = published.manifest(out)["settings"]
    for name in ("radii", "distances"):
        del settings["experiments"][name]
    published.write_manifest(out, {"settings": settings})
    done = planning(listed, "-n", "--config", "start=records")
    assert done.stderr == (
        "error: published/smoke has no records of the experiments distances, radii; start from raw data, or publish "
        "the scale again\n"
    )


def test_a_run_with_jobs_to_do_is_stale(finished):
    assert publishing.to_do("smoke", finished) == ""
    edit(finished / "notebooks/manifest.yaml", "How does accuracy grow", "How fast does accuracy grow")
    assert publishing.to_do("smoke", finished) == "3 jobs are to do"


@pytest.fixture
def small(tmp_path, smoke_run):
    """A finished smoke run with but two figures and tables, published, in a folder of an odd name."""
    folder = duplicate(smoke_run, tmp_path / ODD / "repository")
    file = folder / "notebooks/manifest.yaml"
    entries = manifest(file)
    file.write_text(json.dumps({name: entry for name, entry in entries.items() if name in KEPT}))
    for name in entries.keys() - KEPT:
        for result in (folder / "results/smoke/generated").glob(f"{name}.*"):
            result.unlink()
    fill(folder)
    return folder


def test_level_1_draws_anew_and_names_what_a_careful_cheat_edited(small):
    out = published.folder("smoke", small)
    edit(out / "generated/numbers.tex", r"\newcommand{\RunCount}{", r"\newcommand{\RunCount}{1")
    edit(out / "claims.json", '"verdict": "', '"verdict": "not ')
    shutil.copy(REPOSITORY / "README.md", out / "generated/learning_curves.pdf")
    about = published.manifest(out)
    published.write_manifest(out, about | {"files": {}})
    with pytest.raises(UserError) as error:
        verify(Scope("smoke", 1), threads=2, root=small)
    found = json.loads((small / "results/smoke/certificate.json").read_text())["checks"]
    bad = [check["what"] for check in found if check["verdict"] != "same"]
    first = json.loads((out / "claims.json").read_text())["families"]["minima"]["verdicts"][0]["id"]
    assert len(bad) == 3
    assert bad[0].startswith(f"claims.json: minima, {first}")
    assert bad[1:] == ["generated/learning_curves.pdf", r"generated/numbers.tex: \RunCount"]
    assert all(what in str(error.value) for what in bad)


@pytest.mark.skipif(not shutil.which("latexmk"), reason="latexmk is not installed")
def test_the_paper_of_the_published_text_is_the_paper(tmp_path, smoke_run):
    folder = duplicate(smoke_run, tmp_path / "repository")
    fill(folder)
    done = snakemake(folder, "--config", "start=text")
    assert done.returncode == 0, done.stderr
    papers = [seals.content(folder / f"results/{name}/paper.pdf") for name in ("smoke-text", "smoke")]
    assert papers[0] == papers[1]
