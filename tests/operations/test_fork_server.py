"""Jobs that a fork server runs: what they are given, how they end, what ends them, and when they run by themselves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from robustpath import commands
from robustpath.core.fingerprint import SOURCE
from robustpath.figures import notebooks
from robustpath.operations import fork_client, fork_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a fork server on Linux only")

SERVING = ("fork_client", "fork_server")
PATIENCE = 60  # seconds: on a machine of CI every process waits for the others
# In place of the command line: it says what a job is given, and ends as it is asked to.
COMMANDS = """
import atexit, json, os, signal, sys, tempfile, time
from pathlib import Path


def main():
    command, *rest = sys.argv[1:]
    return globals()[command](*rest)


def given(*rest):
    atexit.register(print, "at exit")
    print("aside", file=sys.stderr)
    facts = {
        "arguments": rest, "program": sys.argv[0], "folder": os.getcwd(), "search": sys.path, "read": sys.stdin.read(),
        "environment": {k: v for k, v in os.environ.items() if k not in ("ROBUSTPATH_FORK_SERVER", "_")},
        "scratch": tempfile.gettempdir(), "served": served(), "main": __import__("__main__").__spec__.name,
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "handlers": [repr(signal.getsignal(n)).split(" at ")[0] for n in range(1, 16)],
        "open": sum(os.path.exists(f"/proc/self/fd/{n}") for n in range(3, 64)),
    }
    print(json.dumps(facts))


def served():
    return Path("/proc/self/comm").read_text().strip().startswith("job-")


def ends(code):
    return int(code)


def fails():
    raise ValueError("as asked")


def dies(number):
    os.kill(os.getpid(), int(number))
    time.sleep(100)


def waits(file):
    Path(file).write_text(str(os.getpid()))
    while Path(file).exists():
        time.sleep(0.01)


def catches(file):
    def note(number, frame):
        print(signal.Signals(number).name)
        sys.exit(75)

    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, note)
    waits(file)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package of the same name that has the client, the server and the commands above."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("__init__.py", "__main__.py", *(f"operations/{n}.py" for n in ("__init__", *SERVING))):
        (folder / "robustpath" / name).parent.mkdir(parents=True, exist_ok=True)
        text = (SOURCE / "robustpath" / name).read_text()
        (folder / "robustpath" / name).write_text(text.replace("PATIENCE = 10 ", "PATIENCE = 1 "))
    with (folder / "robustpath/__init__.py").open("a") as file:
        file.write("import tempfile\n\ntempfile.gettempdir()\n")  # as a library may do when it is imported
    (folder / "robustpath/command_line.py").write_text(COMMANDS)
    return folder


@pytest.fixture
def server(package, tmp_path, monkeypatch):
    """A running server, named in the environment of jobs."""
    for name, value in {"PYTHONPATH": str(package), **fork_server.ONE_THREAD}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(fork_client.ADDRESS, "")
    monkeypatch.chdir(tmp_path)
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    started = fork_server.start(tmp_path / "server.log")
    yield started
    signal.signal(signal.SIGINT, interrupted)
    started.kill()
    started.wait()
    started.stdin.close()


def job(*arguments, **options):
    """A job begun as Snakemake begins it."""
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-m", "robustpath", *map(str, arguments)]
    return subprocess.Popen(command, text=True, **streams | options)


def done(*arguments, read="", **options):
    """The exit code of a job, and what it said."""
    begun = job(*arguments, **options)
    out, err = begun.communicate(read, timeout=PATIENCE)
    return begun.returncode, out, err


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(command, file, **options):
    """A job that is at work, and the process that runs it."""
    begun = job(command, file, **options)
    until(lambda: file.exists() and file.read_text())
    return begun, psutil.Process(int(file.read_text()))


def test_a_served_job_is_given_what_its_own_process_would_be(server, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other, _ = waiting("waits", tmp_path / "other")
    for folder, more in {tmp_path: {}, tmp_path / "elsewhere": {"TMPDIR": str(tmp_path), "WORDS": "ä\n"}}.items():
        served = os.environ | more
        alone = {name: value for name, value in served.items() if name != fork_client.ADDRESS}
        arguments = ("given", "--settings", '{"a": "é"}')
        said = [done(*arguments, read="words", cwd=folder, env=each) for each in (served, alone)]
        here, there = (json.loads(out.splitlines()[0]) for _, out, _ in said)
        assert (here.pop("served"), there.pop("served")) == (True, False)
        assert here == there
        assert [(code, out.splitlines()[1:], err) for code, out, err in said] == [(0, ["at exit"], "aside\n")] * 2
    (tmp_path / "other").unlink()
    other.communicate(timeout=PATIENCE)


@pytest.mark.parametrize("code", [0, 1, 75])
def test_the_exit_code_is_the_jobs(server, code):
    assert done("ends", code) == (code, "", "")


def test_a_fault_has_its_traceback(server):
    code, out, err = done("fails")
    assert (code, out) == (1, "") and err.endswith("ValueError: as asked\n") and "Traceback" in err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_signal_that_ended_the_job_ends_who_waits_for_it(server, number):
    assert done("dies", int(number))[0] == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_reaches_the_job(server, tmp_path, number):
    begun, process = waiting("catches", tmp_path / "begun")
    assert process.name() == f"job-{begun.pid}"
    begun.send_signal(number)
    assert (begun.communicate(timeout=PATIENCE), begun.returncode) == ((f"{number.name}\n", ""), 75)


def test_ctrl_c_interrupts_the_job(server, tmp_path):
    begun, _ = waiting("waits", tmp_path / "begun")
    begun.send_signal(signal.SIGINT)
    _, err = begun.communicate(timeout=PATIENCE)
    assert begun.returncode == -signal.SIGINT and err.rstrip().endswith("KeyboardInterrupt")


def test_a_killed_client_takes_its_job_along_and_no_other(server, tmp_path):
    first, one = waiting("catches", tmp_path / "one")
    second, two = waiting("waits", tmp_path / "two")
    first.kill()
    until(lambda: not one.is_running())
    first.communicate()
    assert two.is_running()
    (tmp_path / "two").unlink()
    second.communicate(timeout=PATIENCE)
    assert second.returncode == 0


def test_what_libraries_read_when_imported_must_be_the_same(server):
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "LD_LIBRARY_PATH", "MPLBACKEND"):
        code, out, _ = done("given", env=os.environ | {name: "2"})
        assert code == 0 and not json.loads(out.splitlines()[0])["served"], name


def test_a_job_of_a_dead_server_runs_by_itself(server):
    server.kill()
    server.wait()
    code, out, _ = done("given")
    assert code == 0 and not json.loads(out.splitlines()[0])["served"]


def test_a_server_that_is_killed_takes_its_jobs_along(server, tmp_path):
    begun, process = waiting("waits", tmp_path / "begun")
    server.kill()
    _, err = begun.communicate(timeout=PATIENCE)
    assert begun.returncode == 1 and err.startswith("error: the process that ran this job was killed with its server")
    until(lambda: not process.is_running())


def test_a_job_that_was_accepted_is_not_run_twice(capsys):
    class Reset:
        def recv(self, size):
            raise ConnectionResetError(104, "Connection reset by peer")

    assert fork_client._ended(Reset()) == 1
    assert "was killed with its server" in capsys.readouterr().err


def test_the_server_outlives_its_parent_until_the_last_job_ends(server, tmp_path):
    begun, _ = waiting("waits", tmp_path / "begun")
    server.send_signal(signal.SIGTERM)
    server.stdin.close()
    assert done("ends", 3)[0] == 3
    assert server.poll() is None
    (tmp_path / "begun").unlink()
    assert server.wait(PATIENCE) == 0
    begun.communicate(timeout=PATIENCE)
    assert begun.returncode == 0


def connected():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"\0{os.environ[fork_client.ADDRESS]}")
    return connection


@pytest.mark.parametrize("sent", [b"", b"x", b"\0\0\0\4abcd", b"\0\0\0\2{}", b"\0\0\0\2"])
def test_nonsense_is_refused_and_the_next_job_served(server, tmp_path, sent):
    with connected() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(9) in (fork_client.REFUSED, b"")
    assert done("ends", 3)[0] == 3
    assert "no request" in (tmp_path / "server.log").read_text()


def test_a_byte_that_is_no_signal_ends_nothing(server, tmp_path):
    request = fork_server.Request(["waits", str(tmp_path / "begun")], str(tmp_path), dict(os.environ), sys.executable)
    text = json.dumps(request._asdict()).encode()
    with connected() as connection:
        socket.send_fds(connection, [fork_client.LENGTH.pack(len(text))], [0, 1, 2])
        connection.sendall(text + b"\xff")
        until(lambda: (tmp_path / "begun").exists())
        assert done("ends", 3)[0] == 3
        (tmp_path / "begun").unlink()
        assert connection.recv(1) == fork_client.ACCEPTED
        assert fork_client.STATUS.unpack(connection.recv(fork_client.STATUS.size)) == (0,)


def test_a_request_that_does_not_go_on_keeps_no_other_waiting(server):
    with connected() as connection:
        connection.sendall(b"\0\0\0\2")
        assert done("ends", 3)[0] == 3


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_another_user_is_refused(server):
    request = json.dumps(fork_server.Request(["ends", "0"], "/", dict(os.environ), sys.executable)._asdict()).encode()
    child = os.fork()
    if not child:
        os.setuid(65534)
        with connected() as connection:
            socket.send_fds(connection, [fork_client.LENGTH.pack(len(request))], [0, 1, 2])
            connection.sendall(request)
            os._exit(0 if connection.recv(9) == fork_client.REFUSED else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_the_copy_of_a_job_is_found_from_its_shell(server, tmp_path):
    file = tmp_path / "begun"
    shell = f"{sys.executable} -m robustpath waits {file}; true"
    with subprocess.Popen(["bash", "-c", shell]) as begun:
        until(lambda: file.exists() and file.read_text())
        assert fork_server.copy_for(psutil.Process(begun.pid)).pid == int(file.read_text())
        assert fork_server.copy_for(psutil.Process()) is not None
        file.unlink()
    assert fork_server.copy_for(psutil.Process()) is None


def test_a_machine_without_room_for_a_copy_lets_the_job_run_by_itself(monkeypatch, capsys):
    def full():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", full)
    assert fork_server.copied() is None
    assert "no copy can be made: [Errno 11]" in capsys.readouterr().out


def test_a_system_that_does_not_tell_the_end_of_a_process_has_no_server(monkeypatch):
    def unknown(process):
        raise OSError(38, "Function not implemented")

    assert fork_server.possible()
    monkeypatch.setattr(os, "pidfd_open", unknown)
    assert not fork_server.possible()


def asking(*arguments):
    return fork_server.Request(list(arguments), "/", dict(os.environ), sys.executable)


def test_no_copy_is_made_of_a_process_that_has_threads(monkeypatch, capsys):
    monkeypatch.setattr(fork_server.gc, "freeze", lambda: None)
    monkeypatch.setattr(fork_server, "Path", lambda place: Alone())
    assert fork_server.ready(asking("paper"))
    monkeypatch.undo()
    monkeypatch.setattr(fork_server.gc, "freeze", lambda: None)
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert not fork_server.ready(asking("paper"))
    finally:
        end.set()
        thread.join()
    assert "would lack the threads" in capsys.readouterr().out


class Alone:
    """A process of one thread, and one of jemalloc's."""

    def glob(self, pattern):
        return [Named("python"), Named(fork_server.OF_ARROW)]


class Named:
    def __init__(self, name):
        self.name = name

    def read_text(self):
        return f"{self.name}\n"


def test_a_job_whose_imports_fail_runs_by_itself(monkeypatch, capsys):
    monkeypatch.setitem(fork_server.IMPORTS, "train", ("no_such_module",))
    assert not fork_server.ready(asking("train"))
    assert "not imported: No module named 'no_such_module'" in capsys.readouterr().out


def test_every_command_that_imports_much_is_listed():
    assert set(fork_server.IMPORTS) <= set(vars(commands))
    assert {"train", "evaluate", "notebook"} <= set(fork_server.IMPORTS)


def test_all_imports_leave_one_thread_and_figures_in_the_notebook():
    program = (
        "import os; from robustpath.operations import fork_server as server; import sys\n"
        "request = lambda command: server.Request([command], '/', dict(os.environ), sys.executable)\n"
        "print(all([server.ready(request(command)) for command in server.IMPORTS]))\n"
        "import matplotlib, torch; print(matplotlib.rcParams['backend'], 'MPLBACKEND' in os.environ)\n"
        "print(torch.cuda.is_initialized())\n"  # a copy of a process that uses a GPU cannot use it
    )
    own = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment = own | fork_server.ONE_THREAD | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout == f"True\n{notebooks.ENVIRONMENT['MPLBACKEND']} False\nFalse\n", done.stderr


@pytest.mark.parametrize("asked", [False, True])
def test_there_is_none_where_it_is_not_wanted_or_the_system_has_no_fork_to_rely_on(monkeypatch, tmp_path, asked):
    if asked:
        monkeypatch.setenv(fork_client.ADDRESS, fork_client.NONE)
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    assert fork_server.start(tmp_path / "server.log") is None
    assert fork_client.run(["paper"]) is None
    assert not (tmp_path / "server.log").exists()
