"""The project as it reaches other machines: with other line ends, without links or git, below folders of odd names."""

import io
import shutil
import subprocess
import tarfile

import pytest
from checkouts import ODD, checkout, equip, make, plan
from repositories import commit, git

from robustpath import records, study
from robustpath.core import seals
from robustpath.publication import published, publishing

LATEX = pytest.mark.skipif(not shutil.which("latexmk"), reason="latexmk is not installed")


@pytest.fixture(scope="module")
def origin(tmp_path_factory, smoke_run):
    """A repository of the project with a published smoke run."""
    folder = checkout(tmp_path_factory.mktemp("origin") / "repository")
    results, out = smoke_run / "results/smoke", published.folder("smoke", folder)
    config = study.load(folder / "config.yaml")
    publishing.fill(out, results, records.load(results / "records.parquet"), config, "unknown", folder)
    commit(folder)
    return folder


def clone(origin, folder):
    """A clone on a machine that has other line ends and no links."""
    git(origin.parent, "-c", "core.autocrlf=true", "-c", "core.symlinks=false", "clone", str(origin), str(folder))
    return folder


def archive(origin, folder):
    """An archive of a machine with other line ends, unpacked: without git, links and the right to execute."""
    command = ["git", "-c", "core.autocrlf=true", "archive", "--format=tar", "HEAD"]
    packed = subprocess.run(command, cwd=origin, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    for file in folder.rglob("*"):
        if file.is_symlink():
            target = file.readlink()
            file.unlink()
            file.write_text(str(target))
        if file.is_file():
            file.chmod(0o644)
    return folder


@pytest.fixture(scope="module", params=[clone, archive])
def brought(request, tmp_path_factory, origin):
    """The project as it reached another machine, set up there."""
    folder = request.param(origin, tmp_path_factory.mktemp("brought") / ODD / "repository")
    equip(folder)
    return folder


def test_every_file_has_the_bytes_of_the_repository(brought, origin):
    for name in git(origin, "ls-files").splitlines():
        assert (brought / name).read_bytes() == (origin / name).read_bytes(), name


def test_the_set_up_has_nothing_to_do(brought):
    done = make(brought, "setup")
    assert (done.returncode, done.stderr) == (0, "")
    assert "packages into .venv" not in done.stdout


def test_the_cluster_profile_is_found(brought):
    assert plan(brought, "--profile", "slurm", "--config", "scale=smoke").rules["train"] > 0


def test_what_is_published_is_verified(brought):
    done = make(brought, "verify", "LEVEL=0")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "checks passed" in done.stdout + done.stderr


@LATEX
def test_the_paper_of_the_published_text_has_the_same_bytes(brought, smoke_run):
    done = make(brought, "paper-text")
    assert done.returncode == 0, done.stderr[-3000:]
    paper = brought / "results/smoke-text/paper.pdf"
    assert seals.content(paper) == seals.content(smoke_run / "results/smoke/paper.pdf")
    assert done.stdout.splitlines()[-1] == f"The paper: {paper}"
