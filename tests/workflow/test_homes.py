"""A plan is made where the home cannot be written to or is not known, where the user has no name, and where PYTHONPATH
brings packages of its own."""

import os
import shutil
import subprocess
import sys

import pytest
from checkouts import REPOSITORY, duplicate, snakemake

# A user without a name: the same rights on files less those of root.
NAMELESS = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
POSSIBLE = bool(shutil.which("unshare")) and not subprocess.run([*NAMELESS, "true"], capture_output=True).returncode
DATA = "results/smoke/data/optdigits.safetensors"


@pytest.fixture
def nameless():
    if not POSSIBLE:
        pytest.skip("this machine lets nobody map users (unshare --user)")
    return NAMELESS


@pytest.fixture
def folder(tmp_path, sources):
    """A clone with a Makefile and a set-up that this interpreter stands in for."""
    folder = duplicate(sources, tmp_path / "clone")
    shutil.copy2(REPOSITORY / "Makefile", folder)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/snakemake").write_text(f'#!/bin/sh\nexec {sys.executable} -m snakemake "$@"\n')
    (folder / ".venv/bin/snakemake").chmod(0o755)
    return folder


def make(folder, *command, **environment):
    """A recipe of the Makefile that calls Snakemake, in this environment alone."""
    return subprocess.run(
        [*command, "make", "--eval", f"plan: ; @.venv/bin/snakemake -n {DATA}", "plan"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
    )


def planned(done):
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Prepare optdigits" in done.stdout
    return True


@pytest.fixture
def unwritable(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    yield home
    home.chmod(0o755)


@pytest.mark.parametrize("below", ["", "nobody", "nobody/at all"])
def test_make_plans_with_a_home_that_cannot_be_written_to(folder, nameless, unwritable, below):
    assert planned(make(folder, *nameless, HOME=str(unwritable / below)))
    assert (folder / ".cache/home/snakemake").is_dir()
    assert list(unwritable.iterdir()) == []


def test_make_plans_with_a_full_home(folder, nameless):
    """A file system of no size, which a user's own name space may mount."""
    home = folder.parent / "home"
    home.mkdir()
    mount = 'mount -t tmpfs -o size=4k,nr_inodes=3 tmpfs "$0" && mkdir "$0/.cache" && touch "$0/full" && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, str(home)]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a file system of their own (unshare --user --mount)")
    assert planned(make(folder, *inside, HOME=str(home)))


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}])
def test_make_plans_with_path_alone(folder, nameless, environment):
    assert planned(make(folder, **environment))
    assert planned(make(folder, *nameless, XDG_CACHE_HOME=str(folder / ".cache"), **environment))
    assert not (folder / "~").exists()


def test_make_leaves_a_home_that_can_be_written_to(folder, tmp_path):
    (tmp_path / "home").mkdir()
    assert planned(make(folder, HOME=str(tmp_path / "home")))
    assert (tmp_path / "home/.cache/snakemake").is_dir()
    assert not (folder / ".cache/home").exists()


def test_make_leaves_out_packages_of_pythonpath(folder, tmp_path):
    (tmp_path / "other/seaborn").mkdir(parents=True)
    (tmp_path / "other/seaborn/__init__.py").touch()
    assert planned(make(folder, HOME=str(tmp_path), PYTHONPATH=str(tmp_path / "other")))


def test_a_user_without_a_name_plans_by_snakemake_itself(folder, nameless):
    command = [*nameless, sys.executable, "-m", "snakemake", "-n", DATA]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
    assert planned(subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True))


def test_other_packages_in_pythonpath_are_refused_by_snakemake_in_a_sentence(folder, tmp_path):
    (tmp_path / "other/seaborn").mkdir(parents=True)
    (tmp_path / "other/seaborn/__init__.py").touch()
    done = snakemake(folder, "-n", PYTHONPATH=str(tmp_path / "other"))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(
        f"error: PYTHONPATH: {tmp_path}/other has seaborn of unknown version in place of the "
    )
    assert len(done.stderr.strip().splitlines()) == 1


def test_make_lets_python_keep_what_it_compiles(folder):
    """As many containers forbid; hundreds of jobs would compile the same sources."""
    given = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"}
    shown = subprocess.run(
        ["make", "--eval", "shown: ; @env", "shown"], cwd=folder, env=given, capture_output=True, text=True
    )
    names = {line.partition("=")[0] for line in shown.stdout.splitlines()}
    assert "KEPT" in names and "PYTHONDONTWRITEBYTECODE" not in names
