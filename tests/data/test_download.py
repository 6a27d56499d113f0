import gzip
import hashlib

import pytest

from robustpath.core.errors import UserError
from robustpath.data import download
from robustpath.data.download import digest, forget, keep, local, payload
from robustpath.data.entries import File

CONTENT = b"one digit, another digit, " * 4000
PACKED = gzip.compress(CONTENT, compresslevel=0, mtime=0)


@pytest.fixture
def server(server):
    server.body = PACKED
    return server


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


def large(server, **changes):
    """A file that is checked as it lies on the disk."""
    facts = {"name": "set/large.tar", "urls": (f"{server.address}/large.tar",), "md5": hashlib.md5(PACKED).hexdigest()}
    return File(**facts | changes)


def test_a_large_file_is_fetched_to_the_disk_as_it_is_and_not_again(server, tmp_path):
    for _ in range(2):
        path = local(large(server))
        assert path == tmp_path / "cache/set/large.tar"
        assert path.read_bytes() == PACKED
    assert server.ranges == [None]
    assert digest(large(server)) == ("md5", hashlib.md5(PACKED).hexdigest())


def test_a_large_file_goes_on_where_the_connection_dropped(server):
    server.drops = 1
    assert local(large(server)).read_bytes() == PACKED
    assert server.ranges == [None, f"bytes={len(PACKED) // 2}-"]


def test_a_redirection_is_followed_and_keeps_its_range(server):
    server.redirects["/large.tar"] = "/elsewhere.tar"
    server.drops = 1
    assert local(large(server)).read_bytes() == PACKED
    assert server.ranges[-1] == f"bytes={len(PACKED) // 2}-"
    assert server.paths == ["/large.tar", "/elsewhere.tar"] * 2


@pytest.mark.parametrize("kind", ["md5", "raw_sha256"])
def test_a_large_file_with_wrong_bytes_is_named_and_deleted(server, tmp_path, kind):
    checksums = {"md5": "", kind: hashlib.new(kind.removeprefix("raw_"), PACKED).hexdigest()}
    server.body = PACKED[:-1] + b"!"
    with pytest.raises(UserError, match=r"set/large\.tar\.part is altered .* the bad copy was deleted"):
        local(large(server, **checksums))
    assert list((tmp_path / "cache/set").iterdir()) == []
    server.body = PACKED
    (tmp_path / "cache/set/large.tar").write_bytes(PACKED[:-1])
    with pytest.raises(UserError, match=r"set/large\.tar is altered .*: delete it and run again"):
        local(large(server, **checksums))


def test_the_second_mirror_is_asked_where_the_first_is_dead_or_has_something_else(server):
    good = f"{server.address}/large.tar"
    assert local(large(server, urls=("http://127.0.0.1:9/closed", good))).read_bytes() == PACKED
    server.files["/page.html"] = b"<html>we have moved</html>"
    other = large(server, name="other.tar", urls=(f"{server.address}/page.html", f"{server.address}/gone", good))
    server.files["/gone"] = None
    assert local(other).read_bytes() == PACKED


def test_without_a_published_checksum_the_first_copy_sets_it(server, tmp_path):
    file = large(server, md5="")
    path = local(file)
    lock = tmp_path / "cache/set/large.tar.sha256"
    assert not lock.exists()  # what was not read yet may be anything
    keep(file, path)
    assert lock.read_text() == f"{hashlib.sha256(PACKED).hexdigest()}  large.tar\n"
    assert digest(file) == ("sha256", hashlib.sha256(PACKED).hexdigest())
    path.unlink()
    server.body = PACKED + b"!"
    with pytest.raises(UserError, match=r"large\.tar\.part is altered .* first copy, kept in .*large\.tar\.sha256"):
        local(file)
    assert list(lock.parent.iterdir()) == [lock]
    path.write_bytes(PACKED)
    assert local(file) == path
    forget(file)
    assert not lock.exists()


def test_a_published_checksum_is_never_forgotten_and_leaves_no_lock(server, tmp_path):
    path = local(large(server))
    keep(large(server), path)
    forget(large(server))
    assert list((tmp_path / "cache/set").iterdir()) == [path]


def test_an_empty_first_copy_sets_nothing(server, tmp_path):
    server.body = b""
    with pytest.raises(UserError, match=r"large\.tar\.part is empty"):
        local(large(server, md5=""))
    assert list((tmp_path / "cache/set").iterdir()) == []


def test_offline_a_large_file_is_named_with_its_address_and_taken_from_the_users_folder(server, tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTPATH_OFFLINE", "1")
    monkeypatch.setenv("ROBUSTPATH_DATA", str(tmp_path / "mine"))
    with pytest.raises(UserError, match=r"put it at .*mine/set/large\.tar \(fetched from http://127.*large\.tar\)"):
        local(large(server))
    assert server.ranges == []
    (tmp_path / "mine/set").mkdir(parents=True)
    (tmp_path / "mine/set/large.tar").write_bytes(PACKED)
    assert local(large(server)) == tmp_path / "mine/set/large.tar"


def test_a_long_download_tells_how_far_it_is(server, monkeypatch, capsys):
    monkeypatch.setattr(download, "REPORT_SECONDS", 0.0)
    server.body = bytes(3_000_000)
    local(large(server, md5=hashlib.md5(server.body).hexdigest()))
    assert capsys.readouterr().out.splitlines()[-1] == "set/large.tar: 3 of 3 MB"


def test_every_file_that_is_fetched_has_an_address_and_one_kind_of_check():
    from robustpath.data.by_hand import ByHand
    from robustpath.data.registry import DATASETS

    files = [file for dataset in DATASETS.values() for file in dataset.files]
    assert len({file.name for file in files}) == len({(file.name, file.sha256) for file in files})
    for file in files:
        assert file.urls or file.package or isinstance(file, ByHand)
        assert not (file.sha256 and (file.md5 or file.raw_sha256))
        assert file.sha256 or file.md5 or file.raw_sha256 or file.name.startswith(("waterbird", "civil"))
