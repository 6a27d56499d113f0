"""Whose a lock is: lifted where its owner has died on this machine, and nowhere else."""

import os
import platform

import psutil
import pytest

from robustpath.operations import locks

HERE, ME = platform.node(), os.getpid()
START = int(psutil.Process().create_time())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0.output.lock").write_text("results/smoke/paper.pdf\n")
    return tmp_path


@pytest.mark.parametrize(
    ("owners", "lifted"),
    [
        ([(HERE, ME, START - 100)], True),  # its number is another process's now
        ([(HERE, 2**22 + 1, START)], True),  # above what Linux gives
        ([(HERE, ME, START)], False),
        ([(HERE, 2**22 + 1, START), (HERE, ME, START)], False),
        ([("another machine", 2**22 + 1, START)], False),
        ([], False),
    ],
)
def test_only_a_dead_owner_of_this_machine_loses_its_lock(folder, owners, lifted):
    for owner in owners:
        (folder / f"{' '.join(map(str, owner))}.run").touch()
    said = locks.lift_dead(folder)
    assert locks.locked(folder) != lifted
    assert (
        said.startswith(f"The lock of a run that was cut off (process {owners[0][1]}, " if lifted else "\0") == lifted
    )
    assert (folder / f"{HERE} {ME} {START}.run").is_file()


def test_without_a_lock_nothing_is_lifted(tmp_path):
    (tmp_path / f"{HERE} {2**22 + 1} {START}.run").touch()
    assert locks.lift_dead(tmp_path) == ""
