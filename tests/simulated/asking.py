"""Asking a server of warm.py for a program; as a program: `asking.py SOCKET ARGUMENTS…` for `python ARGUMENTS…`."""

import json
import os
import socket
import sys

LENGTH = 8  # bytes of the number that says how long a request is


def ask(place: str, arguments: list[str], folder: str, environment: dict[str, str], files: list[int], **more) -> int:
    """The exit code of `python ARGUMENTS` with this folder, environment and standard files; below 0, the signal that
    ended it."""
    request = json.dumps({"arguments": arguments, "folder": folder, "environment": environment, **more}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [len(request).to_bytes(LENGTH, "big")], files)
        connection.sendall(request)
        answer = connection.makefile().read()
    if not answer:
        raise ConnectionError(f"the server died: {arguments}")
    return int(answer)


if __name__ == "__main__":
    code = ask(sys.argv[1], sys.argv[2:], os.getcwd(), dict(os.environ), [0, 1, 2])
    sys.exit(code if code >= 0 else 128 - code)
