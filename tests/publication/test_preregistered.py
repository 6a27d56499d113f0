"""The commit of the hypotheses on streams against that of the run, in small repositories."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from robustpath.claims.files import CONTRASTS
from robustpath.publication import preregistered
from robustpath.publication.compare import DIFFERS, MISSING, SAME

FILE = Path(__file__).parents[2] / CONTRASTS
IDENTITY = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *IDENTITY, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root, text):
    (root / "config.yaml").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", text)
    return git(root, "rev-parse", "HEAD")


def published(root, commit, measured=True):
    folder = root / "published" / "laptop"
    folder.mkdir(parents=True, exist_ok=True)
    verdict = {"id": "B1", "entries": [{"conditions": [{"effect": 1.0}] if measured else []}]}
    (folder / "claims.json").write_text(
        json.dumps({"families": {"batches": {"experiments": {}, "verdicts": [verdict]}}})
    )
    (folder / "manifest.json").write_text(json.dumps({"commit": commit, "files": {}}))
    return folder


@pytest.fixture
def repository(tmp_path):
    """A repository whose first commit has the hypotheses, and whose second has something else."""
    (tmp_path / "paper").mkdir()
    shutil.copy(FILE, tmp_path / CONTRASTS)
    git(tmp_path, "init", "-q")
    return tmp_path, commit(tmp_path, "first"), commit(tmp_path, "second")


@pytest.mark.parametrize("place", [1, 2])
def test_hypotheses_before_the_run_or_with_it_are_sound(repository, place):
    root = repository[0]
    (check,) = preregistered.check(published(root, repository[place]), root).checks
    assert check.verdict == SAME


def test_hypotheses_changed_between_the_run_and_what_is_printed_are_noticed(repository):
    root, first, _ = repository
    changed(root)
    folder = published(root, commit(root, "third"))
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"trained": {"commit": first}}))
    (check,) = preregistered.check(folder, root).checks
    assert check.verdict == DIFFERS


def changed(root):
    (root / CONTRASTS).write_text((root / CONTRASTS).read_text() + "# later\n")


def test_hypotheses_after_the_run_are_not(repository):
    root, _, second = repository
    changed(root)
    commit(root, "third")
    (check,) = preregistered.check(published(root, second), root).checks
    assert check.verdict == DIFFERS and "is none of commit" in check.found


def test_hypotheses_that_are_not_committed_are_not(repository):
    root, _, second = repository
    changed(root)
    (check,) = preregistered.check(published(root, second), root).checks
    assert check.verdict == DIFFERS and check.found == "edited since and not committed"


def test_a_run_that_git_does_not_know_is_said(repository):
    found = preregistered.check(published(repository[0], "0" * 40), repository[0])
    assert not found.checks
    assert found.unchecked[0].why == "git has no commit 000000000000 of the run here; fetch the whole history"


def test_nothing_is_said_of_hypotheses_that_were_not_measured(repository):
    root, _, second = repository
    changed(root)
    assert preregistered.check(published(root, second, measured=False), root) == ([], [])


def test_a_lost_file_is_said(repository):
    root, _, second = repository
    (root / CONTRASTS).unlink()
    (check,) = preregistered.check(published(root, second), root).checks
    assert check.verdict == MISSING


def test_a_folder_without_history_is_said(tmp_path):
    (tmp_path / "paper").mkdir()
    shutil.copy(FILE, tmp_path / CONTRASTS)
    found = preregistered.check(published(tmp_path, "1" * 40), tmp_path)
    assert not found.checks and found.unchecked
