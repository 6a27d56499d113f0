"""A local server in place of the network."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from robustpath.data import download

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen


class Server(BaseHTTPRequestHandler):
    """Serves `files` by path (None: 404), `body` at any other, and sends `redirects` on.

    Drops the connection of the first `drops` answers half-way; notes every path, and the Range of what is answered.
    """

    def do_GET(self):
        server = self.server
        server.paths.append(self.path)
        if self.path in server.redirects:
            self.send_response(302)
            self.send_header("Location", server.redirects[self.path])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        server.ranges.append(self.headers.get("Range"))
        body = server.files.get(self.path, server.body)
        if body is None:
            return self.send_error(404)
        start = 0
        if self.headers.get("Range") and server.resumable:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return self.send_error(416)
        rest = body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if server.drops:
            server.drops -= 1
            rest = rest[: len(rest) // 2]
            self.close_connection = True
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.delenv("ROBUSTPATH_DATA", raising=False)
    monkeypatch.delenv("ROBUSTPATH_OFFLINE", raising=False)
    monkeypatch.setattr(download, "CACHE", tmp_path / "cache")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.body, server.drops, server.resumable, server.ranges = b"", 0, True, []
    server.files, server.redirects, server.paths = {}, {}, []
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
