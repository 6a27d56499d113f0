"""Programs that start without their imports: a process that has imported what they import makes a copy of itself for
each.

Most of the time of a small job, and a third of that of a dry run, is the import of other people's packages. A copy has
the arguments, the folder, the environment and the standard files of the program that it stands for, and imports each of
our own modules itself, from where that program would.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

LENGTH = 8  # bytes of the number that says how long a request is
# What Snakemake imports before and while it reads the Snakefile; what notebooks import.
PLANNING = (
    "snakemake.cli",
    "snakemake.profiles",
    "snakemake.report.html_reporter",
    "snakemake.storage",
    "snakemake_logger_plugin_rich.handler",
    "snakemake_executor_plugin_slurm",
    "pydantic",
    "smart_open",
    "yte",
)
DRAWING = (
    "jupytext",
    "papermill",
    "IPython.core.interactiveshell",
    "pandas",
    "pyarrow.parquet",
    "matplotlib.figure",  # pyplot looks for the shell when it is imported
    "matplotlib.backends.backend_pdf",
    "scipy.stats",
)
OF_ARROW = "jemalloc_bg_thd"  # a thread that jemalloc ends and does without in a copy


@cache
def lasting(*modules: str, **environment: str) -> Path:
    """The socket of a server that ends with this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(server(*modules, **environment))


@contextmanager
def server(*modules: str, **environment: str) -> Iterator[Path]:
    """The socket of a process that has imported `modules`, in a folder of a short name: the kernel takes no long."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    with tempfile.TemporaryDirectory(prefix="warm") as folder:
        place = Path(folder) / "socket"
        command = [sys.executable, __file__, str(place), *modules]
        with subprocess.Popen(command, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n", f"{' '.join(command)} has ended"
            yield place
            process.stdin.close()


def run(
    place: Path, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess:
    """`python ARGUMENTS` by the server at `place`, and what it said."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, open(os.devnull) as nothing:
        files = [nothing.fileno(), out.fileno(), err.fileno()]
        code = ask(str(place), list(arguments), str(folder), dict(environment), files)
        said = [file.seek(0) or file.read() for file in (out, err)]
    return subprocess.CompletedProcess(arguments, code, *said)


def ask(place: str, arguments: list[str], folder: str, environment: dict[str, str], files: list[int]) -> int:
    """The exit code of `python ARGUMENTS` with this folder, environment and standard files; below 0, the signal that
    ended it."""
    request = json.dumps({"arguments": arguments, "folder": folder, "environment": environment}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [len(request).to_bytes(LENGTH, "big")], files)
        connection.sendall(request)
        answer = connection.makefile().read()
    if not answer:
        raise ConnectionError(f"the server died: {arguments}")
    return int(answer)


def serve(place: str, modules: Sequence[str]) -> socket.socket:
    """Import the modules, then wait for requests until the standard input ends; returns in a copy, with its request."""
    for module in modules:
        importlib.import_module(module)
    threads = [file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")]
    assert len([name for name in threads if name != OF_ARROW]) <= 1, f"a copy would lack {threads[1:]}"
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the copies
    print("ready", flush=True)
    while listener in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        if not os.fork():
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return connection
        connection.close()
    os._exit(0)


def become(connection: socket.socket) -> list[str]:
    """Read a request, and in a copy be the program that it asks for, whose end is answered; its arguments."""
    length, files, *_ = socket.recv_fds(connection, LENGTH, 3)
    request = json.loads(connection.makefile("rb").read(int.from_bytes(length, "big")))
    if program := os.fork():
        _, status = os.waitpid(program, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    below = filter(None, request["environment"].get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:1] = [request["folder"], *below]
    return request["arguments"]


if __name__ == "__main__":
    option, module, *rest = become(serve(sys.argv[1], sys.argv[2:]))
    assert option == "-m"
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
