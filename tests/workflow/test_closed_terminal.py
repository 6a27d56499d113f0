"""A run whose terminal is closed leaves no worker and no lock; the same command goes on."""

import os
import pty
import signal
import subprocess
import sys
import time

import psutil
import pytest
from checkouts import duplicate, edit, planning

DATA = "results/smoke/data/optdigits.safetensors"
PATIENCE = 120  # seconds: on a machine of CI every process waits for the others


@pytest.fixture
def slow(tmp_path, sources):
    """A clone whose first job begins, says so, and would take minutes."""
    folder = duplicate(sources, tmp_path / "repository")
    start = "def prepare(settings: dict, out: Path, card: Path) -> None:\n"
    wait = "    import time\n    Path('begun').touch()\n    time.sleep(300)\n"
    edit(folder / "src/robustpath/data/prepare.py", start, start + wait)
    return folder


def begin(folder):
    """Snakemake in a terminal of its own; its number and the terminal's other end."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(sys.executable, [sys.executable, "-m", "snakemake", DATA])
    return child, terminal


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def at_work(folder):
    """The processes in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.mark.parametrize("whole_group", [True, False])
def test_a_closed_terminal_ends_workers_and_lifts_the_lock(slow, whole_group):
    """The kernel tells all processes of the terminal; a shell that ends tells Snakemake alone."""
    child, terminal = begin(slow)
    try:
        until((slow / "begun").exists, "no job began")
        if not whole_group:
            os.kill(child, signal.SIGHUP)
            until(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT), "Snakemake did not end")
        os.close(terminal)
        until(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT), "Snakemake did not end")
        until(lambda: not at_work(slow), "a worker is left")
    finally:
        for process in at_work(slow):
            process.kill()
        os.waitpid(child, 0)
    assert not list((slow / ".snakemake/locks").glob("*"))
    again = planning(slow, "-n", DATA)
    assert again.returncode == 0 and "Prepare optdigits" in again.stdout, again.stderr


def test_a_run_under_nohup_outlives_its_terminal(slow):
    command = ["nohup", sys.executable, "-m", "snakemake", DATA]
    run = subprocess.Popen(command, cwd=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until((slow / "begun").exists, "no job began")
        run.send_signal(signal.SIGHUP)
        time.sleep(2)
        assert run.poll() is None
    finally:
        for process in at_work(slow):
            process.kill()
        run.wait(PATIENCE)
