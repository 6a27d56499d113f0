"""A process that imports once what the jobs of a run import, and makes a copy of itself for each job (fork).

The import of PyTorch takes longer than most small jobs. Each job is still a process of its own, with the arguments, the
environment, the folder and the standard files of the one that asked (fork_client.py), and imports our own modules
itself. A job that cannot be such a copy runs as it would without a server: slower, with the same results.

Only on Linux: elsewhere libraries do not survive being copied.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import secrets
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from robustpath.operations.fork_client import ACCEPTED, ADDRESS, LENGTH, NONE, PASSED_ON, REFUSED, STATUS, peer

TABLES = ("numpy", "pandas", "pyarrow.parquet", "scipy.stats")
# The first sum of losses that PyTorch checks imports symbolic shapes, and with them sympy.
COMPUTING = ("torch", "torch.fx.experimental.symbolic_shapes", "safetensors.torch", "pandas", "pyarrow.dataset")
COMPUTING += ("pyarrow.parquet",)
# Not pyplot: when it is imported, it looks for the shell of the notebook.
DRAWING = ("jupytext", "papermill", "IPython.core.interactiveshell", "matplotlib.figure")
DRAWING += ("matplotlib.backends.backend_pdf", *TABLES)
# What is imported before the first job of a command; nothing for other commands.
IMPORTS = dict.fromkeys(("prepare", "train", "evaluate", "theory", "measure", "trace"), COMPUTING)
IMPORTS |= dict.fromkeys(("collate", "claims", "calibrate", "numbers"), TABLES) | {"notebook": DRAWING}

# Variables that libraries read when they are imported: a job in which they differ cannot be a copy.
READ_AT_IMPORT = ("PYTHON", "LD_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "NUMEXPR_", "VECLIB_")
READ_AT_IMPORT += ("TORCH", "PYTORCH", "ATEN_", "CUDA_", "NVIDIA_", "ARROW_", "NPY_", "MALLOC_", "MPL", "LC_", "LANG")
# As Snakemake sets them for a job of one thread.
COUNTS = ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
ONE_THREAD = {f"{count}_THREADS": "1" for count in COUNTS}
OF_ARROW = "jemalloc_bg_thd"  # a thread that jemalloc ends before a copy is made
PATIENCE = 10  # seconds for a request to arrive whole
SIGNAL_AT_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl


class Request(NamedTuple):
    """A job as it was asked for."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    python: str


class Job(NamedTuple):
    """A copy at work: its process, a descriptor that becomes readable at its end, and who waits for it."""

    process: int
    end: int
    client: socket.socket


def start(log: Path) -> subprocess.Popen | None:
    """Start a server for the jobs of this process, and name it in the environment; None where there can be none, or the
    environment asks for none.

    It ends when what is returned is deleted, or this process ends, and no job is left. What it has to say of itself
    goes to `log`.
    """
    if os.environ.get(ADDRESS) == NONE or not possible():
        return None
    address = f"robustpath-{secrets.token_hex(8)}"
    log.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listening, log.open("wb") as said:
        listening.bind(f"\0{address}")  # in the abstract name space: there is no file to remove
        listening.listen(128)
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listening.fileno())],
            env=os.environ | ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # a signal of the terminal reaches a job by its client alone
        )
    os.environ[ADDRESS] = address
    return server


def possible() -> bool:
    """Whether this system can be relied on: Linux from 5.3 on, and what runs it tells the end of a process."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return sys.platform == "linux"


def copy_for(job: psutil.Process) -> psutil.Process | None:
    """The copy that a server of this process has made for a job, which is a process or its children; None where there
    is none."""
    with suppress(psutil.Error):
        names = {_name(process.pid) for process in [job, *job.children(recursive=True)]}
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if process.name() in names:
                    return process
    return None


def serve(listening: socket.socket, parent: int) -> Request | None:
    """Run each job that is asked for in a copy of this process, until the descriptor `parent` is closed and no job is
    left; returns None. In a copy it returns at once, with the job to run."""
    jobs: dict[int, Job] = {}  # by both descriptors that are watched of them
    with selectors.DefaultSelector() as events:
        events.register(listening, selectors.EVENT_READ)
        events.register(parent, selectors.EVENT_READ)
        while jobs or parent in events.get_map():
            for key, _ in events.select():
                if key.fd in jobs:
                    attend(jobs, key.fd, events)
                elif key.fd == parent and not os.read(parent, 1):
                    events.unregister(parent)
                elif key.fd == listening.fileno() and (request := begin(listening.accept()[0], jobs, events)):
                    listening.close()
                    return request
    return None


def begin(client: socket.socket, jobs: dict[int, Job], events: selectors.BaseSelector) -> Request | None:
    """Begin the job that a client asks for, or answer that it is not served; returns None. In the copy that is to run
    the job, returns what was asked for."""
    request, files = asked(client)
    number = peer(client)[0]
    process = copied() if request and ready(request) else None
    if process == 0:
        for job in set(jobs.values()):
            job.client.close()
            os.close(job.end)
        client.close()
        become(request, files, number)
        return request
    if process:
        job = Job(process, os.pidfd_open(process), client)
        jobs[client.fileno()] = jobs[job.end] = job
        for each in (client.fileno(), job.end):
            events.register(each, selectors.EVENT_READ)
    for file in files:
        os.close(file)
    with suppress(OSError):  # a client that has gone is noticed as the end of its connection
        client.sendall(ACCEPTED if client.fileno() in jobs else REFUSED)
    if client.fileno() not in jobs:
        client.close()
    return None


def asked(client: socket.socket) -> tuple[Request | None, list[int]]:
    """What a client asks for, None where that does not arrive whole, and the client's standard files."""
    files: list[int] = []
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
    try:
        head, files, *_ = socket.recv_fds(client, LENGTH.size, 3)
        (length,) = LENGTH.unpack(head)
        request = Request(**json.loads(client.recv(length, socket.MSG_WAITALL)))
    except (OSError, struct.error, ValueError, TypeError) as error:
        print(f"no request: {error}", flush=True)
        return None, files
    return (request if peer(client)[1] == os.getuid() else None), files


def ready(request: Request) -> bool:
    """Whether a copy of this process is what the job's own process would be after its imports, which are made here."""
    if request.python != sys.executable or read_at_import(request.environment) != read_at_import(os.environ):
        return False
    try:
        imported(IMPORTS.get(next(iter(request.arguments), ""), ()))
    except Exception as error:  # the job itself ends with it, and its log says so
        print(f"not imported: {error}", flush=True)
        return False
    gc.freeze()  # a copy shares the memory that it does not write to
    threads = [file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")]
    others = [name for name in threads if name != OF_ARROW][1:]
    if others:
        print(f"no copy can be made: it would lack the threads {', '.join(others)}", flush=True)
    return not others


def imported(modules: Sequence[str]) -> None:
    """Import modules; those that draw, in the environment that notebooks have."""
    before = dict(os.environ)
    try:
        if modules == DRAWING:
            from robustpath.figures.notebooks import ENVIRONMENT

            os.environ.update(ENVIRONMENT)
        for module in modules:
            importlib.import_module(module)
    finally:
        os.environ.clear()
        os.environ.update(before)


def read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment libraries read when they are imported."""
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_IMPORT)}


def copied() -> int | None:
    """The number of a copy of this process, 0 in the copy itself; None where the machine has no room for one."""
    try:
        return os.fork()
    except OSError as error:
        print(f"no copy can be made: {error}", flush=True)
        return None


def become(request: Request, files: list[int], client: int) -> None:
    """Make of this copy the process that the client would have been."""
    ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_DEATH, signal.SIGKILL)  # or nobody would know its end
    Path("/proc/self/comm").write_text(_name(client))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update({name: value for name, value in request.environment.items() if name != ADDRESS})
    tempfile.tempdir = None  # it follows from the environment
    sys.path[0] = request.folder
    sys.argv[1:] = request.arguments


def attend(jobs: dict[int, Job], descriptor: int, events: selectors.BaseSelector) -> None:
    """Pass a client's signals on to its job; end the job of a client that was killed; answer how a job has ended."""
    job = jobs[descriptor]
    if descriptor == job.client.fileno():
        try:
            numbers = job.client.recv(64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            numbers = b""
        if not numbers:
            events.unregister(job.client)
        for number in numbers or [signal.SIGKILL]:
            with suppress(OSError):  # no signal, or the job has just ended
                signal.pidfd_send_signal(job.end, number)
    elif os.waitid(os.P_PIDFD, job.end, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        code = os.waitstatus_to_exitcode(os.waitpid(job.process, 0)[1])
        with suppress(OSError):
            job.client.sendall(STATUS.pack(code))
        for each in (job.client.fileno(), job.end):
            del jobs[each]
            if each in events.get_map():
                events.unregister(each)
        job.client.close()
        os.close(job.end)


def leave(code: int) -> None:
    """End this copy without the clearing of memory, which would first have to copy all that it shares."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _name(client: int) -> str:
    """How the process of a job is called: the kernel keeps 15 letters."""
    return f"job-{client}"


if __name__ == "__main__":
    # They wait for the copies: the server itself ends after its parent and the last job.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        asked_for = serve(listening, sys.stdin.fileno())
    if asked_for:
        try:
            runpy.run_module("robustpath", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if isinstance(end.code, str):
                raise
            leave(end.code or 0)
