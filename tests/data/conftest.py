"""A local server in place of the network."""

import hashlib
import json
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from robustpath.data import download, sets
from robustpath.data.prepare import prepare
from robustpath.data.prepared import load

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
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
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


@pytest.fixture
def fetch(server, tmp_path, monkeypatch):
    """fetch(name, files, size) -> the prepared data set and its card, its files being what the server has.

    `known` are the counts of these files, as tiny.known and tiny.counts give them.
    """

    def call(name, files, size, known=None):
        module = sets.load(name)
        assert {file.name for file in module.ENTRY.files} == set(files)
        served = []
        for file in module.ENTRY.files:
            path = f"/{name}/{file.name}"
            server.files[path] = content = files[file.name]
            own = {kind: hashlib.new(kind.removeprefix("raw_"), content).hexdigest() for kind in ("md5", "raw_sha256")}
            own = {kind: found if getattr(file, kind) else "" for kind, found in own.items()}
            served.append(replace(file, urls=(server.address + path,), **own))
        groups, validation = known or ({}, None)
        monkeypatch.setattr(module, "ENTRY", replace(module.ENTRY, files=tuple(served), **groups))
        if validation is not None:
            monkeypatch.setattr(module, "VALIDATION", validation)
        out, card = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.json"
        prepare({"dataset": name, "image_size": size}, out, card)
        return load(out), json.loads(card.read_text())

    return call
