"""The command line: help, lists, and how errors leave it."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from robustpath import __main__ as command_line
from robustpath import commands, protocols
from robustpath.core.errors import UserError
from robustpath.figures.manifest import manifest

COMMANDS = (
    "prepare",
    "train",
    "evaluate",
    "collate",
    "notebook",
    "numbers",
    "paper",
    "publish",
    "unpack",
    "verify",
    "check",
    "diff",
    "list",
    "schema",
    "cost",
)


@pytest.fixture(autouse=True)
def _streams_as_they_are(monkeypatch):
    """pytest's captured streams cannot be reconfigured."""
    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main([command, "--help"])
    assert stopped.value.code == 0
    assert f"python -m robustpath {command}" in capsys.readouterr().out


@pytest.mark.parametrize("what", command_line.LISTS)
def test_a_list_is_a_table_or_json_of_the_same_rows(what, capsys):
    assert command_line.main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert command_line.main(["list", what, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(lines) == len(rows) + 2  # header and rule
    for line, row in zip(lines[2:], rows, strict=True):
        assert line.split()[0] == str(next(iter(row.values())))


def test_cells_follow_the_scale(capsys):
    command_line.main(["list", "cells", "--scale", "smoke", "--json"])
    smoke = json.loads(capsys.readouterr().out)
    command_line.main(["list", "cells", "--scale", "laptop", "--json"])
    laptop = json.loads(capsys.readouterr().out)
    assert sum(cell["runs"] for cell in smoke) < sum(cell["runs"] for cell in laptop)


def test_listing_needs_no_torch():
    calls = "; ".join(f"main(['list', '{what}'])" for what in command_line.LISTS)
    program = f"import sys; from robustpath.__main__ import main; {calls}; print('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": "src"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_users_error_is_one_sentence(capsys):
    assert command_line.main(["list", "cells", "--scale", "smokey"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert "did you mean 'smoke'" in said.err
    assert said.err.count("\n") == 1


def test_a_fault_leaves_its_traceback_and_a_last_line(monkeypatch, capsys):
    def fail(*_, **__):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("robustpath.operations.listing.show", fail)
    assert command_line.main(["list", "data"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1].startswith("error: a fault of the program")
    assert "ZeroDivisionError: by nought" in said.splitlines()[-1]


@pytest.mark.parametrize("settings", ["{", "[1]", "3"])
def test_settings_must_be_a_json_object(settings, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["prepare", "--settings", settings, "--out", "a", "--card", "b"])
    assert "--settings" in capsys.readouterr().err


def test_arguments_reach_the_step(monkeypatch, tmp_path):
    seen = {}
    monkeypatch.setitem(
        sys.modules,
        "robustpath.protocols.supervised.score",
        type("Stub", (), {"evaluate": lambda *got: seen.update(got=got)}),
    )
    files = "--data a=x/a.st b=y/b=2.st --weights w1 w2 --runs r1 r2 --scores s --threads 3"
    command_line.main(["evaluate", "--settings", '{"seeds": 2}', *files.split()])
    settings, data, weights, runs, scores, threads = seen["got"]
    assert settings == {"seeds": 2}
    assert {name: str(file) for name, file in data.items()} == {"a": "x/a.st", "b": "y/b=2.st"}
    assert [str(file) for file in [*weights, *runs, scores]] == ["w1", "w2", "r1", "r2", "s"]
    assert threads == 3


def test_the_manifest_names_what_is_wrong(tmp_path):
    file = tmp_path / "manifest.yaml"
    with pytest.raises(UserError, match="no such file"):
        manifest(file)
    file.write_text("- curves")
    with pytest.raises(UserError, match="is not a mapping"):
        manifest(file)
    file.write_text("curves: {kind: picture, question: why}")
    with pytest.raises(UserError, match="curves needs a kind"):
        manifest(file)
    file.write_text("curves: {kind: figure, question: why, shows: curves}")
    with pytest.raises(UserError, match=r"curves needs .* a category"):
        manifest(file)
    file.write_text("curves: {kind: figure, category: all, question: why, shows: curves}")
    with pytest.raises(UserError, match="curves has no notebook"):
        manifest(file)


def test_what_a_training_cannot_do_with_the_config_names_the_experiment(monkeypatch):
    def train(*given):
        raise UserError("a budget of 1 gradient evaluations is too small for sam; raise `budget` in config.yaml.")

    told = {"experiment": "minima", "method": "sam", "protocol": "supervised"}
    monkeypatch.setattr(protocols, "job", lambda settings, module: SimpleNamespace(train=train))
    with pytest.raises(UserError) as error:
        commands.train(told, *[None] * 6, None, 1)
    assert str(error.value).startswith("experiment minima, method sam: a budget of 1 gradient evaluations")
