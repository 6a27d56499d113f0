"""Hands a job over to the fork server of its run (fork_server.py), which has imported already what the job imports.

It imports little itself: it stands before everything else in a job. The process that asks stays for as long as the job
runs, passes on the signals that it gets, and ends as the job ends.
"""

import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress

ADDRESS = "ROBUSTPATH_FORK_SERVER"  # the variable of the environment that names the server
NONE = "none"  # its value where there is to be no server
LENGTH = struct.Struct("!I")  # how many bytes a request has
STATUS = struct.Struct("!i")  # an exit code; below 0, the signal that ended the job
ACCEPTED, REFUSED = b"+", b"-"
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
CREDENTIALS = struct.Struct("3i")  # process, user and group of the other end


def run(arguments: Sequence[str]) -> int | None:
    """The exit code of `python -m robustpath ARGUMENTS`, run by the server; None where this process is to run it:
    there is no server, it has died, or its environment is another one."""
    address = os.environ.get(ADDRESS, NONE)
    if address == NONE or not hasattr(signal, "pthread_sigmask"):
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(f"\0{address}")
            if peer(connection)[1] != os.getuid():
                return None
            return _handed_over(connection, arguments)
        except OSError:
            return None


def peer(connection: socket.socket) -> tuple[int, int]:
    """The process at the other end of a connection, and its user, by their numbers."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    process, user, _ = CREDENTIALS.unpack(found)
    return process, user


def _handed_over(connection: socket.socket, arguments: Sequence[str]) -> int | None:
    """Send the request, pass on signals, and wait for the end; OSError as long as the server has not accepted."""
    request = {
        "arguments": list(arguments),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "python": sys.executable,
    }
    text = json.dumps(request).encode()
    got: list[int] = []

    def pass_on(number: int, frame: object) -> None:
        got.append(number)
        with suppress(OSError):  # the job has ended
            connection.send(bytes([number]))

    # A signal that came while the request is sent would be sent in the middle of it.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    before = {number: signal.getsignal(number) for number in PASSED_ON}
    try:
        socket.send_fds(connection, [LENGTH.pack(len(text))], [0, 1, 2])
        connection.sendall(text)
        for number, handler in before.items():
            if handler != signal.SIG_IGN:  # as under nohup
                signal.signal(number, pass_on)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    try:
        accepted = connection.recv(1) == ACCEPTED
    except OSError:
        accepted = False
    if not accepted:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in got:
            os.kill(os.getpid(), number)
        return None
    return _ended(connection)


def _ended(connection: socket.socket) -> int:
    """The exit code of an accepted job; where a signal ended it, the same signal ends this process."""
    answer = b""
    while len(answer) < STATUS.size:
        try:
            part = connection.recv(STATUS.size - len(answer))
        except OSError:  # the job was accepted: this process must not run it, too
            part = b""
        if not part:
            print("error: the process that ran this job was killed with its server; run again", file=sys.stderr)
            return 1
        answer += part
    (status,) = STATUS.unpack(answer)
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status if status >= 0 else 128 - status
