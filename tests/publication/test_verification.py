"""The levels together: what is asked for, what is said, what is written, and how it ends."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from robustpath import command_line
from robustpath.core.errors import UserError
from robustpath.publication import compare, machine, retraining, verification
from robustpath.publication.verification import Scope
from robustpath.study import Cell

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path, out, monkeypatch):
    """A repository with published files, whose level 1 finds what lies in results/."""
    shutil.copy(ROOT / "config.yaml", tmp_path)

    def printed(scope, folder, threads, commits, root, skipped):
        return compare.made(folder, root / "results" / scope.scale, 1, commits)

    monkeypatch.setattr(verification, "printed", printed)
    return tmp_path


def written(file):
    return json.loads(file.with_suffix(".json").read_text())


def test_a_certificate_says_all_that_was_verified(repository, capsys):
    verification.verify(Scope("smoke", 1), root=repository)
    file = repository / "results/smoke/certificate.md"
    content = written(file)
    assert content["verdict"] == f"all {len(content['checks'])} checks passed"
    assert {check["level"] for check in content["checks"]} == {0, 1}
    assert content["scope"] == {"scale": "smoke", "level": 1, "cells": 3, "seed": 0, "minutes": 10.0}
    assert content["published"] == f"smoke, commit {'a1b2c3d4' * 5}"
    assert content["machine"] == content["published on"]
    assert [entry["what"] for entry in content["not checked"]] == ["the records themselves: no run was trained again"]
    text = file.read_text()
    assert text.startswith(f"# Certificate of verification: {content['verdict']}")
    assert all(f"| {check['what']} |" in text for check in content["checks"])
    said = capsys.readouterr().out
    assert said.splitlines()[0] == f"level 0: the files of {repository}/published/smoke"
    assert said.splitlines()[-1].startswith(content["verdict"])


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (machine.Source("abc", "abc", (), ""), "abc"),
        (machine.Source("abc", "abc", ("src/one.py",), ""), "abc with uncommitted edits of 1 file"),
        (machine.Source("unknown", "unknown", (), "git says: no"), "unknown (git says: no)"),
    ],
)
def test_a_certificate_says_at_which_commit_with_which_edits(repository, monkeypatch, here, said):
    monkeypatch.setattr(machine, "source", lambda root: here)
    verification.verify(Scope("smoke", 1), root=repository)
    assert written(repository / "results/smoke/certificate.md")["verified at commit"] == said
    assert f"- verified at commit: {said}\n" in (repository / "results/smoke/certificate.md").read_text()


def test_a_certificate_says_which_machine_trained_where_another_drew(repository):
    file = repository / "published/smoke/manifest.json"
    manifest = json.loads(file.read_text())
    run = {"commit": "f" * 40, "platform": {"cpu": "another"}, "versions": manifest["versions"]}
    file.write_text(json.dumps(manifest | {"trained": run}))
    verification.verify(Scope("smoke", 1), root=repository)
    content = written(repository / "results/smoke/certificate.md")
    assert content["published"] == f"smoke, commit {'a1b2c3d4' * 5}; its records are of commit {'f' * 40}"
    assert content["machine"] == content["published on"] != content["trained on"] == {"cpu": "another"}
    assert content["rule for retrained cells"] == retraining.CLOSE


def test_what_departs_fails_after_the_certificate_is_written(repository, tmp_path):
    (repository / "published/smoke/generated/escape.pdf").write_text("%PDF else")
    file = tmp_path / "somewhere/mine.md"
    with pytest.raises(UserError, match=r"is not verified: generated/escape\.pdf; generated/escape\.pdf; .*mine\.md"):
        verification.verify(Scope("smoke", 1), file, root=repository)
    assert written(file)["verdict"].startswith("2 of ")


def test_altered_records_end_at_level_0_and_say_so(repository):
    (repository / "published/smoke/records/measures.parquet").unlink()
    with pytest.raises(UserError, match=r"records/measures\.parquet; records: rows of"):
        verification.verify(Scope("smoke", 2), root=repository)
    content = written(repository / "results/smoke/certificate.md")
    assert {check["level"] for check in content["checks"]} == {0}
    assert content["not checked"][0]["what"] == "levels above 0"


def test_another_config_is_named(repository):
    config = repository / "config.yaml"
    config.write_text(config.read_text().replace("confidence: 0.95", "confidence: 0.9"))
    with pytest.raises(UserError, match=r"is not verified: config\.yaml;"):
        verification.verify(Scope("smoke", 1), root=repository)


def test_everything_compares_the_results(repository, results):
    found = verification.verify(Scope("smoke", 3), root=repository)
    assert {check.level for check in found.checks} == {0, 1, 3}
    assert not found.unchecked


def test_everything_on_another_machine_is_judged_by_tolerance(repository, results, monkeypatch):
    monkeypatch.setattr(verification.machine, "alike", lambda manifest, packages: packages == machine.DRAWING)
    monkeypatch.setattr(verification.study, "expand", lambda config: [Cell("minima", "optdigits", "sgd")])
    found = verification.verify(Scope("smoke", 3), root=repository)
    assert [check.what for check in found.checks if check.level == 3] == ["sgd on optdigits (minima)"]
    assert {entry.what.split(",")[0] for entry in found.unchecked} == {"measures", "figures"}
    assert written(repository / "results/smoke/certificate.md")["rule for retrained cells"].startswith("means over")


def test_nothing_published_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)
    shutil.copy(ROOT / "config.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["verify", "--scale", "smoke"]) == 1
    assert capsys.readouterr().err == (
        "error: published/smoke/manifest.json: no such file; nothing is published of the scale smoke\n"
    )


def test_the_checkout_has_the_repository_and_no_results(tmp_path):
    for name in ("config.yaml", "results"):
        (tmp_path / name).mkdir()
    with verification.checkout(tmp_path) as folder:
        assert [entry.name for entry in folder.iterdir()] == ["config.yaml"]
        assert (folder / "config.yaml").resolve() == (tmp_path / "config.yaml").resolve()
    assert not folder.exists()


def test_planning_reads_the_manifest_without_pandas():
    program = "import sys, robustpath.publication.published; print({'pandas', 'torch'} & set(sys.modules))"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "set()"
