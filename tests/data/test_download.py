import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from robustpath.data import download
from robustpath.data.download import payload
from robustpath.data.registry import File
from robustpath.errors import UserError

CONTENT = b"one digit, another digit, " * 4000
PACKED = gzip.compress(CONTENT, compresslevel=0, mtime=0)


class Server(BaseHTTPRequestHandler):
    """Serves `body`; drops the connection of the first `drops` requests half-way; notes every Range header."""

    body = PACKED
    drops = 0
    resumable = True

    def do_GET(self):
        self.server.ranges.append(self.headers.get("Range"))
        start = 0
        if self.headers.get("Range") and self.server.resumable:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.server.body):
                return self.send_error(416)
        rest = self.server.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.server.drops:
            self.server.drops -= 1
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
    server.body, server.drops, server.resumable, server.ranges = PACKED, 0, True, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def entry(server, **changes):
    facts = {
        "name": "digits.gz",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": len(CONTENT),
        "urls": (f"http://127.0.0.1:{server.server_address[1]}/digits.gz",),
    }
    return File(**facts | changes)


def test_a_download_is_kept_and_not_repeated(server, tmp_path):
    assert payload(entry(server)) == payload(entry(server)) == CONTENT
    assert server.ranges == [None]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["digits.gz"]


def test_a_dropped_connection_is_resumed(server):
    server.drops = 2
    assert payload(entry(server)) == CONTENT
    half = len(PACKED) // 2
    assert server.ranges == [None, f"bytes={half}-", f"bytes={half + (len(PACKED) - half) // 2}-"]


def test_a_later_run_goes_on_from_the_part_file(server, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/digits.gz.part").write_bytes(PACKED[:1000])
    assert payload(entry(server)) == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_a_part_file_that_is_already_whole_is_taken(server, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/digits.gz.part").write_bytes(PACKED)
    assert payload(entry(server)) == CONTENT


def test_a_server_that_cannot_resume_starts_again(server):
    server.drops, server.resumable = 1, False
    assert payload(entry(server)) == CONTENT


def test_wrong_bytes_are_refused_and_leave_nothing(server, tmp_path):
    server.body = gzip.compress(CONTENT[:-1] + b"!", mtime=0)
    with pytest.raises(UserError, match=r"digits\.gz\.part is altered or truncated .* the bad copy was deleted"):
        payload(entry(server))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_connection_that_always_drops_keeps_the_part_and_says_where_to_put_the_file(server, tmp_path):
    server.drops = 99
    with pytest.raises(UserError, match=r"digits\.gz could not be downloaded .* or put it at .*cache/digits\.gz"):
        payload(entry(server))
    assert (tmp_path / "cache/digits.gz.part").stat().st_size > len(PACKED) // 2


def test_the_second_address_is_tried(server):
    good = entry(server).urls[0]
    assert payload(entry(server, urls=("http://127.0.0.1:9/closed", good))) == CONTENT


def test_offline_says_which_file_and_where_to_put_it(server, tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTPATH_OFFLINE", "1")
    monkeypatch.setenv("ROBUSTPATH_DATA", str(tmp_path / "mine"))
    with pytest.raises(UserError, match=r"digits\.gz is missing and ROBUSTPATH_OFFLINE .* put it at .*mine/digits\.gz"):
        payload(entry(server))
    assert server.ranges == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/digits.gz").write_bytes(PACKED)
    assert payload(entry(server)) == CONTENT


def test_the_system_folder_is_used_before_the_network(server, tmp_path):
    (tmp_path / "digits.gz").write_bytes(PACKED)
    assert payload(entry(server, folder=str(tmp_path), system_package="dataset-digits")) == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize("bad", [PACKED[:-500], PACKED[:50] + b"X" + PACKED[51:], CONTENT[:-1], b""])
def test_an_altered_or_truncated_file_is_refused_with_the_remedy(server, tmp_path, bad):
    (tmp_path / "digits.gz").write_bytes(bad)
    with pytest.raises(UserError) as refused:
        payload(entry(server, folder=str(tmp_path), system_package="dataset-digits"))
    assert str(tmp_path / "digits.gz") in str(refused.value)
    assert str(refused.value).endswith("reinstall the system package dataset-digits")
    assert server.ranges == []


def test_a_missing_python_package_is_named(server):
    with pytest.raises(UserError, match="install the Python package no_such_package"):
        payload(entry(server, urls=(), package="no_such_package", inside="digits.gz"))
