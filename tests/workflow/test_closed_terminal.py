"""A run whose terminal is closed leaves no worker and no lock; the same command goes on."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest
from checkouts import duplicate, edit, planning

DATA = "results/smoke/data/optdigits.safetensors"
PATIENCE = 240  # seconds: on a machine of CI every process waits for the others


@pytest.fixture
def slow(tmp_path, sources):
    """A clone whose first job begins, says so, and would take minutes."""
    folder = duplicate(sources, tmp_path / "repository")
    start = "def prepare(settings: dict, out: Path, card: Path) -> None:\n"
    wait = "    import time\n    Path('begun').touch()\n    time.sleep(300)\n"
    edit(folder / "src/robustpath/data/prepare.py", start, start + wait)
    return folder


GONE = """def _gone():
    import subprocess

    begun = subprocess.Popen(["sleep", "1"])
    process = psutil.Process(begun.pid)
    begun.wait()
    return process


"""


ELSEWHERE = """def _elsewhere():
    import threading
    import time

    def signalled():
        while not Path("begun").exists():
            time.sleep(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGHUP)
        time.sleep(300)

    threading.Thread(target=signalled, daemon=True).start()


"""


def begin(folder):
    """Snakemake in a terminal of its own; its number and the terminal's other end."""
    child, terminal = pty.fork()
    if child == 0:
        for each in (signal.SIGHUP, signal.SIGQUIT):
            signal.signal(each, signal.SIG_DFL)  # a shell's background jobs, such as these tests may be, ignore them
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


def ended(child):
    """Wait until Snakemake has ended; its process stays known until it is waited for."""
    until(lambda: os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT), "Snakemake did not end")


@contextmanager
def cleared(folder, child):
    """Leave no process of a run behind, and afterwards look for its lock."""
    try:
        until((folder / "begun").exists, "no job began")
        yield
        until(lambda: not at_work(folder), "a worker is left")
    finally:
        for process in at_work(folder):
            process.kill()
        os.waitpid(child, 0)
    assert not list((folder / ".snakemake/locks").glob("*"))


@pytest.mark.parametrize("whole_group", [True, False])
def test_a_closed_terminal_ends_workers_and_lifts_the_lock(slow, whole_group):
    """The kernel tells all processes of the terminal; a shell that ends tells Snakemake alone."""
    child, terminal = begin(slow)
    with cleared(slow, child):
        if not whole_group:
            os.kill(child, signal.SIGHUP)
            ended(child)
        os.close(terminal)
        ended(child)
    again = planning(slow, "-n", DATA)
    assert again.returncode == 0 and "Prepare optdigits" in again.stdout, again.stderr


def test_a_worker_that_has_ended_meanwhile_keeps_none_from_ending(slow):
    """Workers that end with others are gone when it is their turn."""
    listing = "psutil.Process().children(recursive=True)"
    edit(slow / "workflow/rules/session.smk", f"in {listing}:", f"in [_gone(), *{listing}]:")
    edit(slow / "workflow/rules/session.smk", "def use_all_cores", GONE + "def use_all_cores")
    child, _ = begin(slow)
    with cleared(slow, child):
        os.kill(child, signal.SIGHUP)
        ended(child)


def test_a_signal_that_does_not_wake_the_scheduler_ends_the_run(slow):
    """The system may hand a signal to any thread, and one that comes just before a wait does not interrupt it."""
    edit(slow / "workflow/rules/session.smk", "def use_all_cores", ELSEWHERE + "def use_all_cores")
    edit(slow / "Snakefile", "onstart:\n", "onstart:\n    _elsewhere()\n")
    child, _ = begin(slow)
    with cleared(slow, child):
        ended(child)


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


def test_ctrl_backslash_ends_a_run_as_ctrl_c_does(slow):
    child, _ = begin(slow)
    with cleared(slow, child):
        os.kill(child, signal.SIGQUIT)
        ended(child)


def test_the_lock_of_a_killed_run_is_lifted_by_the_same_command(slow):
    command = [sys.executable, "-m", "snakemake", DATA]
    killed = subprocess.Popen(command, cwd=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    again = None
    try:
        until((slow / "begun").exists, "no job began")
        second = subprocess.run(command, cwd=slow, capture_output=True, text=True)
        assert second.returncode and "cannot be locked" in second.stderr  # its owner lives
        killed.kill()
        killed.wait(PATIENCE)
        assert list((slow / ".snakemake/locks").glob("*.lock"))
        (slow / "begun").unlink()
        again = subprocess.Popen(command, cwd=slow, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until((slow / "begun").exists, "the same command did not go on")
    finally:
        for process in at_work(slow):
            process.kill()
        for run in filter(None, (killed, again)):
            run.wait(PATIENCE)
    assert f"The lock of a run that was cut off (process {killed.pid}, begun " in again.stderr.read()
