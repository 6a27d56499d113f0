"""Servers that break the protocol, never end or send on to elsewhere: each is given up in one sentence and in time."""

import contextlib
import hashlib
import itertools
import shutil
import socket
import threading
import time

import pytest

from robustpath.core.errors import UserError
from robustpath.data import download, transfer
from robustpath.data.download import local
from robustpath.data.entries import File

CONTENT = bytes(range(256)) * 40
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(CONTENT)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def pieces(content, size=1000):
    """A content in chunks, and the end of it."""
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def again(first, rest, pause=0.0):
    """What never ends: `first`, and then `rest` again and again."""
    yield first
    for part in itertools.repeat(rest):
        time.sleep(pause)
        yield part


@pytest.fixture
def server(tmp_path, monkeypatch):
    """server(answers) -> a file at an address that gives one after the other, the last one again and again; what was
    asked for is in server.asked. An answer is bytes, or a function that makes parts of them."""
    monkeypatch.delenv("ROBUSTPATH_DATA", raising=False)
    monkeypatch.delenv("ROBUSTPATH_OFFLINE", raising=False)
    monkeypatch.setattr(download, "CACHE", tmp_path / "cache")
    listening = socket.create_server(("127.0.0.1", 0))
    stop, threads, answers = threading.Event(), [], []

    def serve(connection, answer):
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(4096)
            ranges = [line[6:].strip() for line in request.split(b"\r\n") if line[:6] == b"Range:"]
            call.asked.append(ranges[0] if ranges else None)
            for part in [answer] if isinstance(answer, bytes) else answer():
                if stop.is_set():
                    break
                connection.sendall(part)

    def accept():
        for number in itertools.count():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection, answers[min(number, len(answers) - 1)])))
            threads[-1].start()

    def call(*given, **facts):
        answers.extend(given)
        usual = {"urls": (call.address,), "md5": hashlib.md5(CONTENT).hexdigest(), "raw_size": len(CONTENT)}
        return File("set/large.bin", **usual | facts)

    call.asked, call.address = [], f"http://127.0.0.1:{listening.getsockname()[1]}/large.bin"
    accepting = threading.Thread(target=accept)
    accepting.start()
    yield call
    stop.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for thread in (accepting, *threads):
        thread.join(10)


@pytest.fixture
def impatient(monkeypatch):
    """Bounds of time that a test can wait for, and one attempt."""
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    bounds = {"TIMEOUT_SECONDS": 0.4, "ANSWER_SECONDS": 0.8, "WINDOW_SECONDS": 0.4}
    for name, seconds in bounds.items():
        monkeypatch.setattr(transfer, name, seconds)


def refused(file):
    with pytest.raises(UserError) as error:
        local(file)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_whole_answer_is_taken_however_it_is_cut(server):
    assert local(server(OK + CHUNKED + pieces(CONTENT))).read_bytes() == CONTENT
    assert server.asked == [None]


def test_an_answer_without_a_length_is_taken(server):
    assert local(server(OK + b"\r\n" + CONTENT)).read_bytes() == CONTENT


def test_what_goes_on_behind_its_length_is_left(server):
    assert local(server(OK + LENGTH + b"\r\n" + CONTENT + b"more" * 1000)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (OK + b"Content-Length: abc\r\n\r\n", "its Content-Length is 'abc'"),
        (OK + b"Content-Length: -1\r\n\r\n", "its Content-Length is '-1'"),
        (OK + b"Content-Length: 1e3\r\n\r\n", "its Content-Length is '1e3'"),
        (OK + b"Content-Length: \r\n\r\n", "its Content-Length is ''"),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", "its Content-Length is '999"),
        (OK + LENGTH + b"Content-Length: 5\r\n\r\n", "its Content-Length is '10240, 5'"),
        (OK + LENGTH + b"\r\n" + CONTENT[:100], "connection ended after 100 of 10240 bytes"),
        (OK + CHUNKED + b"zz\r\n", "IncompleteRead"),
        (OK + CHUNKED + b"-5\r\n", "IncompleteRead"),
        (OK + CHUNKED + b"1" * 70_000, "LineTooLong"),
        (OK + CHUNKED + pieces(CONTENT)[:-500], "IncompleteRead"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "its status is 204"),
        (b"HTTP/1.1 206 Partial Content\r\n" + LENGTH + b"\r\n" + CONTENT, "what follows byte 0, it sent None"),
        (b"HTTP/1.1 999\r\n\r\n", "HTTP Error 999"),
        (b"nonsense\r\n\r\n", "BadStatusLine"),
        (OK + b"a: b\r\n" * 200 + b"\r\n", "got more than 100 headers"),
        (OK + b"a: " + b"b" * 70_000, "LineTooLong"),
        (b"", "closed connection without response"),
    ],
)
def test_a_broken_answer_is_given_up(server, head, fault):
    said = refused(server(head))
    assert said.startswith(f"set/large.bin could not be downloaded from {server.address} (") and fault in said
    assert len(server.asked) == 3


ELSEWHERE = ("file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://x", "http://[bad", "http://h:x/", "//")


@pytest.mark.parametrize("target", ["/large.bin", *ELSEWHERE])
def test_to_be_sent_round_or_to_elsewhere_is_given_up(server, tmp_path, target):
    said = refused(server(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target.encode() + b"\r\n\r\n"))
    assert "could not be downloaded" in said and "root:" not in said
    assert not list((tmp_path / "cache/set").iterdir())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_an_address_that_is_none_of_the_web_is_given_up(server, url):
    assert "unknown url type" in refused(server(b"", urls=(url,)))


@pytest.mark.parametrize(
    "answer",
    [
        lambda: again(OK + b"\r\n", bytes(65536)),
        lambda: again(OK + CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n"),
        lambda: again(OK + CHUNKED + b"7fffffffffff\r\n", bytes(65536)),
        lambda: again(OK + b"Content-Length: 999999999999\r\n\r\n", bytes(65536)),
    ],
)
def test_an_answer_without_end_is_cut_where_the_file_must_end(server, tmp_path, answer):
    said = refused(server(answer))
    assert said.startswith(
        f"{server.address} sends more than 20,480 bytes, the most that set/large.bin can have: fetch it"
    )
    assert not list((tmp_path / "cache/set").iterdir())
    assert len(server.asked) == 1  # it is not asked again


def test_a_file_of_which_nothing_is_known_ends_at_a_ceiling(server, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 100_000)
    assert "more than 100,000 bytes" in refused(server(lambda: again(OK + b"\r\n", bytes(65536)), raw_size=0))


def test_an_answer_without_end_leaves_the_next_mirror_to_be_asked(server):
    endless, good = (lambda: again(OK + b"\r\n", bytes(65536))), OK + LENGTH + b"\r\n" + CONTENT
    file = server(endless, good, urls=(server.address, server.address + "?2"))
    assert local(file).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda: again(b"", b"", 0.1), "nothing came for|timed out"),
        (lambda: again(OK, b"a", 0.1), "nothing came for 0.8 s"),
        (lambda: again(OK + b"a: b\r\n", b"", 0.1), "nothing came for|timed out"),
        (lambda: again(OK + LENGTH + b"\r\n", b"a", 0.1), "bytes came in 0.4 s"),
        (lambda: again(OK + LENGTH + b"\r\n", b"", 0.1), "nothing came for|timed out"),
        (lambda: again(OK + CHUNKED, b"1\r\na\r\n", 0.1), "bytes came in 0.4 s"),
        (lambda: again(OK + CHUNKED + b"1;", b"a", 0.1), "nothing came for 0.4 s"),
        (lambda: again(OK + CHUNKED + pieces(CONTENT)[:-2], b"a: b\r\n", 0.01), "nothing came for 0.4 s"),
    ],
)
def test_a_slow_answer_is_given_up(server, impatient, answer, fault):
    said = refused(server(answer))
    assert any(each in said for each in fault.split("|")), said


def partial(start, content):
    return b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\nContent-Range: %s\r\n\r\n%s" % (
        len(content), start, content)  # fmt: skip


OTHERS = (b"bytes 0-99/10240", b"bytes 500-10239/10240", b"bytes */10240", b"items 100-10239/10240", b"nonsense")


@pytest.mark.parametrize("said", OTHERS)
def test_another_part_than_was_asked_for_starts_the_file_anew(server, tmp_path, said):
    (tmp_path / "cache/set").mkdir(parents=True)
    (tmp_path / "cache/set/large.bin.part").write_bytes(CONTENT[:100])
    file = server(partial(said, CONTENT[100:]), OK + LENGTH + b"\r\n" + CONTENT)
    assert local(file).read_bytes() == CONTENT
    assert server.asked == [b"bytes=100-", None]


def test_the_part_that_was_asked_for_is_taken(server, tmp_path):
    (tmp_path / "cache/set").mkdir(parents=True)
    (tmp_path / "cache/set/large.bin.part").write_bytes(CONTENT[:100])
    assert local(server(partial(b"bytes 100-10239/10240", CONTENT[100:]))).read_bytes() == CONTENT
    assert server.asked == [b"bytes=100-"]


def test_a_part_longer_than_the_file_can_be_is_deleted(server, tmp_path):
    (tmp_path / "cache/set").mkdir(parents=True)
    (tmp_path / "cache/set/large.bin.part").write_bytes(bytes(20_000))
    assert "more than 20,480 bytes" in refused(server(partial(b"bytes 20000-29999/30000", bytes(10_000))))
    assert not list((tmp_path / "cache/set").iterdir())


@pytest.mark.parametrize("answer", [OK + LENGTH + b"\r\n" + CONTENT, OK + b"\r\n" + CONTENT])
def test_a_disk_without_room_is_not_filled(server, tmp_path, monkeypatch, answer):
    free = transfer.SPARE_BYTES + 5000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1 << 40, 1 << 40, free))
    said = refused(server(answer))
    assert "has room for 5,000 bytes" in said and "run again to go on where it stopped" in said


def test_a_checksum_of_a_first_copy_that_is_damaged_is_named(server, tmp_path):
    file = server(OK + LENGTH + b"\r\n" + CONTENT, md5="")
    download.keep(file, local(file))
    lock = tmp_path / "cache/set/large.bin.sha256"
    for damaged in (b"", b"\xff\xfe", b"abc  large.bin\n"):
        lock.write_bytes(damaged)
        assert f"{lock} holds no checksum: delete it and prepare the data set again" in refused(file)
