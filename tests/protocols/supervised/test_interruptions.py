"""Training that is killed, stopped, or cannot write: what is run again ends with the same bytes."""

import json
import os
import resource
import signal
from contextlib import contextmanager

import pytest
import torch
from cell import SETTINGS, each_step, same
from safetensors.torch import save_file
from sealed import sealed

from robustpath import command_line
from robustpath.core.errors import Stopped
from robustpath.protocols.supervised import training


def arguments(data, out) -> list[str]:
    """The command line that trains the cell."""
    files = (
        ("weights", "w.safetensors"),
        ("path", "p.safetensors"),
        ("runs", "r.parquet"),
        ("seconds", "s.parquet"),
        ("scores", "o.parquet"),
    )
    given = [part for option, name in files for part in (f"--{option}", str(out / name))]
    return ["train", "--settings", json.dumps(SETTINGS), "--data", str(sealed(data)), *given]


def signal_after(monkeypatch, number: int, steps: list | None = None) -> None:
    """SIGTERM in step `number`; `steps` holds the rows of every step done."""
    steps = [] if steps is None else steps

    def before(rows):
        steps.append(rows)
        if len(steps) == number:
            os.kill(os.getpid(), signal.SIGTERM)

    each_step(monkeypatch, before)


@contextmanager
def files_of_at_most(size: int | None):
    """Let no file grow beyond so many bytes: to write more fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_job_killed_between_checkpoints_goes_on_and_ends_with_the_same_bytes(train, tmp_path, monkeypatch, capsys):
    undisturbed = train("a")
    monkeypatch.setenv("ROBUSTPATH_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(training.keeping, "REPORT_SECONDS", 0)
    save, calls = training.checkpoint.save, []

    def save_then_die(path, snapshot, key, members):
        save(path, snapshot, key, members)
        calls.append(snapshot.step)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.checkpoint, "save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train("b")
    assert [path.suffixes for path in (tmp_path / "b").iterdir()] == [[".part0", ".resume", ".safetensors"]]
    resumed = train("b")
    assert "going on from step 100" in capsys.readouterr().out
    for one, other in zip(undisturbed[:3], resumed[:3], strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("damage", ["truncated", "other settings"])
def test_a_checkpoint_that_does_not_fit_is_not_used(damage, train, tmp_path, monkeypatch, capsys):
    undisturbed = train("a")
    folder = tmp_path / "b"
    folder.mkdir()
    leftover = folder / ".sgd.part0.resume.safetensors"
    if damage == "truncated":
        leftover.write_bytes(b"\x10\x00\x00")
    else:
        save_file({"leaf.0": torch.ones(2)}, leftover, {"key": "of another run", "stage": "0", "step": "50"})
    again = train("b")
    said = capsys.readouterr().out
    assert "going on" not in said
    assert f"the checkpoint {leftover.name} is damaged: set aside, training starts from the beginning" in said
    assert undisturbed[0].read_bytes() == again[0].read_bytes()


def test_a_damaged_head_that_names_fewer_members_changes_no_result(train, tmp_path, monkeypatch, capsys):
    undisturbed = train("a")
    signal_after(monkeypatch, 30)
    with pytest.raises(Stopped):
        train("b")
    (saved,) = (tmp_path / "b").iterdir()
    whole = saved.read_bytes()
    saved.write_bytes(whole.replace(b'\\"members\\": 8', b'\\"members\\": 3'))
    assert saved.read_bytes() != whole
    assert same(train("b"), undisturbed)
    assert "is damaged: set aside, training starts from the beginning" in capsys.readouterr().out


def test_a_part_that_was_trained_is_not_trained_again(train, monkeypatch, capsys):
    monkeypatch.setitem(training.WIDTH, "cpu", 3)
    undisturbed, steps = train("a"), []
    signal_after(monkeypatch, 110 + 110 + 30, steps)
    with pytest.raises(Stopped, match=r"at step 30 of 110 of sgd on blobs, runs 7 to 8 of 8"):
        train("b")
    del steps[:]
    assert same(train("b"), undisturbed)
    assert len(steps) == 80
    assert "runs 4 to 6 of 8: going on from step 110" in capsys.readouterr().out


def test_the_command_ends_with_one_sentence_and_a_code_of_its_own(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)
    signal_after(monkeypatch, 10)
    assert command_line.main(arguments(data, tmp_path / "out")) == 75
    assert capsys.readouterr().err == (
        "error: stopped by SIGTERM at step 10 of 110 of sgd on blobs, runs 1 to 8 of 8; run again to go on\n"
    )


def test_training_does_not_end_because_a_checkpoint_cannot_be_written(train, tmp_path, monkeypatch, capsys):
    undisturbed, save, calls = train("a"), training.checkpoint.save, []
    capsys.readouterr()
    monkeypatch.setenv("ROBUSTPATH_CHECKPOINT_SECONDS", "0")

    def on_a_full_disk_first(*what):
        calls.append(what)
        with files_of_at_most(500 if len(calls) < 3 else None):
            save(*what)
        assert sorted(file.name[-12:] for file in (tmp_path / "b").iterdir()) == [".safetensors"]

    monkeypatch.setattr(training.checkpoint, "save", on_a_full_disk_first)
    assert same(train("b"), undisturbed)
    warnings = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert [line.split(": warning: ")[1].split(":")[0] for line in warnings] == [
        "no checkpoint at step 50",
        "no checkpoint at step 100",
    ]
    assert all(line.endswith("file too large; raise the limit of a file's size (ulimit -f), and run the same again")
               for line in warnings)  # fmt: skip
    assert len(calls) == 4


def test_a_result_that_cannot_be_written_is_one_sentence(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)
    command = arguments(data, tmp_path / "out")
    with files_of_at_most(500):
        assert command_line.main(command) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"error: {tmp_path / 'out' / 'w.safetensors'}: file too large; ")
    assert said.err.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []
