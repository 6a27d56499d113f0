"""The command line: help, lists, and how errors leave it."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from robustpath import command_line, commands, protocols
from robustpath.core.errors import UserError
from robustpath.figures.manifest import check_names, manifest
from robustpath.protocols.experiments import Experiments

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
    program = f"import sys; from robustpath.command_line import main; {calls}; print('torch' in sys.modules)"
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
    monkeypatch.setattr(command_line.seals, "check", lambda files, expected: seen.update(checked=files, keys=expected))
    monkeypatch.setattr(command_line.seals, "seal", lambda files, key, of: seen.update(sealed=list(files)))
    monkeypatch.setitem(
        sys.modules,
        "robustpath.protocols.supervised.score",
        type("Stub", (), {"evaluate": lambda *got: seen.update(got=got)}),
    )
    files = "--data a=x/a.st b=y/b=2.st --weights w1 w2 --runs r1 r2 --scores s.parquet --threads 3 --keys k1 k2"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.parquet").touch()
    command_line.main(["evaluate", "--settings", '{"seeds": 2}', *files.split()])
    settings, data, weights, runs, scores, threads = seen["got"]
    assert settings == {"seeds": 2}
    assert {name: str(file) for name, file in data.items()} == {"a": "x/a.st", "b": "y/b=2.st"}
    assert [str(file) for file in [*weights, *runs, scores]] == ["w1", "w2", "r1", "r2", "s.parquet"]
    assert threads == 3
    assert [str(file) for file in seen["checked"]] == ["x/a.st", "y/b=2.st", "w1", "w2", "r1", "r2"]
    assert seen["keys"] == {"w1": "k1", "r1": "k1", "w2": "k2", "r2": "k2"}
    assert seen["sealed"] == [scores]


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("inputs: [claims]", "inputs: [clams]", "minima_comparison.inputs[0] = 'clams': did you mean claims? input sh"),
        ("inputs: [claims]", "input: [claims]", "minima_comparison.input is not a known key; did you mean inputs?"),
        ("question: Why", "questoin: Why", "minima_comparison.questoin is not a known key; did you mean question?"),
        ("category: Minima", "category: Minma", "minima_comparison.category = 'Minma': did you mean Minima? input"),
        ("[minima]", "[minimas]", "minima_comparison reads the unknown experiment minimas; did you mean minima?"),
        ("[minima]", "[minima, minima]", "minima_comparison.experiments = [\"minima\", \"minima\"]: 'minima' stands t"),
        ("[minima]", "minima", "minima_comparison.experiments = 'minima': input should be a valid list"),
        ("  experiments: [minima]\n", "", "minima_comparison.experiments is missing"),
        ("describes: all", "describes: al", "minima_comparison.describes = 'al': did you mean all? input should be 'a"),
        ("describes: all", "describes: all\n  kind: table", "line 8, column 3: minima_comparison.kind = table is give"),
        ("minima_comparison", "../minima", "manifest.yaml: ../minima is no name of a file; take lower-case letters"),
        ("Why", "\udce9", "manifest.yaml line 6: cannot be read as a UTF-8 text file; save it as UTF-8"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_manifest_is_one_sentence(tmp_path, old, new, said):
    text = """minima_comparison:
  kind: table
  category: Minima
  experiments: [minima]
  inputs: [claims]
  question: Why
  describes: all
  shows: All
"""
    (tmp_path / "minima_comparison.py").touch()
    file = tmp_path / "manifest.yaml"
    file.write_bytes(text.replace(old, new).encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError) as error:
        check_names(manifest(file), Experiments.model_fields)
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    file.write_text(text)
    assert list(manifest(file)) == ["minima_comparison"]


def test_what_a_training_cannot_do_with_the_config_names_the_experiment(monkeypatch):
    def train(*given):
        raise UserError("a budget of 1 gradient evaluations is too small for sam; raise `budget` in config.yaml.")

    settings = {"experiment": "minima", "method": "sam", "protocol": "supervised"}
    monkeypatch.setattr(protocols, "job", lambda settings, module: SimpleNamespace(train=train))
    with pytest.raises(UserError) as error:
        commands.train(settings, *[None] * 6, None, 1)
    assert str(error.value).startswith("experiment minima, method sam: a budget of 1 gradient evaluations")
