"""Whose the lock of Snakemake is: a note beside it names the process, so that the lock of one that died is lifted.

Snakemake's lock says which files a run works on and not who does. It removes the whole folder when a run ends.
"""

import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

LOCKS = Path(".snakemake/locks")


class Owner(NamedTuple):
    """A process that a note is of: its machine, number and start (seconds since 1970)."""

    machine: str
    number: int
    start: int


def take(folder: Path = LOCKS) -> Owner | None:
    """Lift the lock where every run that could hold it has died on this machine, and leave a note of this process;
    the owner of the lock that was lifted, None where none was."""
    lifted = left(folder)
    if lifted:
        shutil.rmtree(folder)
    with suppress(OSError):  # where nothing can be written, Snakemake says so better
        folder.mkdir(parents=True, exist_ok=True)
        own = psutil.Process()
        (folder / f"{platform.node()} {own.pid} {int(own.create_time())}.run").touch()
    return lifted


def lift_dead(folder: Path = LOCKS) -> str:
    """Take the lock as `take` does, and what to say of one that was lifted; "" where none was."""
    owner = take(folder)
    if owner is None:
        return ""
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(owner.start))
    return f"The lock of a run that was cut off (process {owner.number}, begun {begun}) is lifted."


def locked(folder: Path = LOCKS) -> bool:
    """Whether a run has locked its files, or left such a lock."""
    return any(folder.glob("*.lock"))


def left(folder: Path = LOCKS) -> Owner | None:
    """The owner of a lock that a dead run has left on this machine: the next run lifts it."""
    owners = list(_owners(folder))
    return owners[0] if locked(folder) and owners and not any(map(alive, owners)) else None


def alive(owner: Owner) -> bool:
    """Whether a process may still run: one of another machine may."""
    if owner.machine != platform.node():
        return True
    try:
        return int(psutil.Process(owner.number).create_time()) == owner.start
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _owners(folder: Path) -> Iterator[Owner]:
    for note in sorted(folder.glob("*.run")):
        machine, number, start = note.stem.rsplit(" ", 2)
        yield Owner(machine, int(number), int(start))
