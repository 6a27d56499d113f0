"""Files are written whole or not at all, and what cannot be written is reported."""

import errno
import os
import platform
import resource
import subprocess
import sys

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from robustpath import command_line
from robustpath.core.files import explain, replacing


def by_hand(path):
    path.write_bytes(bytes(10_000))


def by_arrow(path):
    pd.DataFrame({"a": torch.rand(10_000).numpy()}).to_parquet(path)


def by_safetensors(path):
    save_file({"a": torch.ones(10_000)}, path)


@pytest.mark.parametrize("write", [by_hand, by_arrow, by_safetensors])
def test_what_cannot_be_written_names_its_file_and_leaves_what_was_there(write, tmp_path):
    path = tmp_path / "results.x"
    path.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as raised, replacing(path) as temporary:
            write(temporary)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(path))
    assert [file.read_text() for file in tmp_path.iterdir()] == ["before"]


NOBODY = 2**22 + 1  # more than any process's number
KILLED = """
import os, signal, sys, torch
from pathlib import Path
from robustpath.core.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.with_name(".tmpAb12Cd").write_bytes(bytes(1000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_the_next_one_of_the_same_file_removes(tmp_path):
    path, other = tmp_path / "results[1].x", tmp_path / "results.x"
    for file in (path, other):
        subprocess.run([sys.executable, "-c", KILLED, file])
    assert len(list(tmp_path.rglob(".tmp*"))) == 2
    with replacing(path) as temporary:
        temporary.write_text("whole")
    (left,) = tmp_path.rglob(".tmp*")
    assert left.parent.name.startswith(".results.x.")
    assert path.read_text() == "whole"


def test_a_writer_that_lives_and_one_of_another_machine_are_left_alone_until_they_are_old(tmp_path):
    mine = f"{os.getppid()}@{platform.node()}"
    alive, elsewhere, old = (
        tmp_path / f".a.x.{writer}.writing" for writer in (mine, f"{NOBODY}@other", f"{NOBODY}@another")
    )
    for folder in (alive, elsewhere, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    with replacing(tmp_path / "a.x") as temporary, replacing(tmp_path / "b.x") as second:
        temporary.write_text("a")
        second.write_text("b")
    assert {each.name for each in tmp_path.iterdir()} == {"a.x", "b.x", alive.name, elsewhere.name}


def test_where_there_can_be_no_folder_the_error_names_the_file(tmp_path):
    path = tmp_path / ("x" * 250)
    with pytest.raises(OSError, match="File name too long") as raised, replacing(path):
        pass
    assert (raised.value.errno, raised.value.filename) == (errno.ENAMETOOLONG, str(path))


def test_another_files_error_is_its_own(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, replacing(tmp_path / "out"):
        (tmp_path / "input").read_text()
    assert raised.value.filename == str(tmp_path / "input")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "out"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "results/a.x: no space left on device; make room on that disk, and run the same again"),
        (
            errno.EACCES,
            "results/a.x: permission denied; allow it (chmod), or use another folder, and run the same again",
        ),
        (
            errno.EROFS,
            "results/a.x: read-only file system; use a folder that can be written to, and run the same again",
        ),
        (errno.ENOENT, None),
    ],
)
def test_a_machine_that_refuses_is_a_sentence_and_a_fault_of_the_program_is_not(number, said, monkeypatch, capsys):
    error = OSError(number, "as the system says it", "results/a.x")
    assert explain(error) == said

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)
    monkeypatch.setitem(sys.modules, "robustpath.operations.listing", type("Stub", (), {"show": fail}))
    assert command_line.main(["list", "data"]) == 1
    printed = capsys.readouterr().err
    assert printed == f"error: {said}\n" if said else "Traceback" in printed
