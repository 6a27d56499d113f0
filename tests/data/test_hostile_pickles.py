"""Pickles as an attacker writes them: each is refused in one sentence, within bounds, by a process that lives on."""

import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
import tiny

from robustpath.data import pickled

RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
PLAIN = b"K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"


def kind(code=b"u1", state=PLAIN):
    return b"cnumpy\ndtype\nU" + bytes([len(code)]) + code + b"K\x00K\x01\x87R(" + state + b"tb"


def array(shape=b"K\x04\x85", of=None, fortran=b"\x89", data=b"U\x04abcd", version=b"K\x01"):
    return RECONSTRUCT + b"(" + version + shape + (of or kind()) + fortran + data + b"tb"


def batch(of_data, labels=b"](K\x00K\x01e"):
    """A batch of CIFAR: its data and its labels, in the steps of a pickle."""
    return b"\x80\x02}(U\x04data" + of_data + b"U\x06labels" + labels + b"u."


def huge_itemsize():
    return kind(state=b"K\x03U\x01|NNNJ\xff\xff\xff\x7fJ\xff\xff\xff\xffK\x00")


def parts(offset):
    """A type of one field that lies `offset` bytes from where its array begins."""
    fields = b"}U\x01a" + kind(b"i8", b"K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00")
    fields += b"J" + struct.pack("<i", offset) + b"\x86s"
    return kind(b"V8", b"K\x03U\x01|NU\x01a\x85" + fields + b"K\x08K\x01K\x00")


def subarray():
    return kind(b"V4", b"K\x03U\x01|" + kind() + b"J\xff\xff\xff\x7f\x85\x86NNK\x04K\x01K\x00")


GOOD = array(shape=b"K\x02M\x00\x0c\x86", data=b"T" + struct.pack("<i", 6144) + bytes(6144))
LADDER = b"](" * 12 + b"K\x00" + b"".join(b"eq" + bytes([n]) + (b"h" + bytes([n])) * 8 for n in range(11))
LADDER += b"e"  # each list holds nine times the one before: 9^12 numbers
HOSTILE = {
    "a type of huge size": batch(array(of=huge_itemsize())),
    "a field outside of its array": batch(array(shape=b"K\x01\x85", of=parts(1 << 30), data=b"U\x08" + bytes(8))),
    "a field before its array": batch(array(shape=b"K\x01\x85", of=parts(-(1 << 30)), data=b"U\x08" + bytes(8))),
    "a subarray beyond its type": batch(array(shape=b"K\x01\x85", of=subarray())),
    "objects": batch(array(of=kind(b"O8", b"K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?"))),
    "objects by their flag": batch(array(of=kind(b"u1", b"K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?"))),
    "text": batch(array(of=kind(b"S4"))),
    "a negative length": batch(array(shape=b"J\xff\xff\xff\xff\x85")),
    "two negative lengths": batch(array(shape=b"J\xfe\xff\xff\xffJ\xfe\xff\xff\xff\x86")),
    "a longer shape": batch(array(shape=b"K\x05\x85")),
    "a shorter shape": batch(array(shape=b"K\x03\x85")),
    "a shape that wraps round": batch(array(shape=b"\x8a\x08" + struct.pack("<q", 1 << 62) + b"K\x10K\x10\x87")),
    "a shape of many axes": batch(array(shape=b"(" + b"K\x01" * 100 + b"t", data=b"U\x01a")),
    "a shape of fractions": batch(array(shape=b"G" + struct.pack(">d", 4.0) + b"\x85")),
    "a list of bytes": batch(array(data=b"]K\x01a")),
    "an array without content": batch(RECONSTRUCT),
    "an array without a type": batch(array(of=b"N")),
    "a type without its state": batch(array(of=b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R")),
    "a class for an array": batch(b"cnumpy\nndarray\n"),
    "a class that is changed": batch(b"cnumpy\nndarray\nN}U\x01aK\x01s\x86b"),
    "an array of another class": batch(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R"),
    "a new object": batch(b"cnumpy\nndarray\n(K\x04t\x81"),
    "an old class": batch(b"(inumpy\nndarray\n"),
    "a place in memory that is far": batch(b"U\x01ar\xff\xff\xff\x7f"),
    "a place that is empty": batch(b"h\x07"),
    "bytes without end": batch(b"\x8e" + struct.pack("<Q", (1 << 63) - 1) + b"a"),
    "text without end": batch(b"T" + struct.pack("<i", (1 << 31) - 1) + b"a"),
    "text of negative length": batch(b"T" + struct.pack("<i", -5) + b"a"),
    "a number of 100000 digits": batch(b"L" + b"9" * 100_000 + b"L\n"),
    "nested keys": b"\x80\x02}" + b"(" * 200_000 + b"t" * 200_000 + b"K\x01s.",
    "nested lists": batch(GOOD, b"]" * 200_000 + b"a" * 199_999),
    "a ladder of lists": batch(GOOD, LADDER),
    "steps without end": batch(b"(" + b"N" * 1_100_000 + b"t"),
    "a file that is too long": batch(b"T" + struct.pack("<i", 1 << 21) + bytes(1 << 21)),
    "a mark that is missing": batch(b"t"),
    "nothing to take": b"\x80\x02.",
    "no mapping": b"\x80\x02].",
    "steps after the end of the content": b"\x80\x02}(U\x04data",
    "an extension": batch(b"\x82\x01"),
    "a person's own reference": batch(b"Pabc\n"),
    "a buffer from elsewhere": batch(b"\x97"),
    "another number of labels": batch(GOOD, b"](K\x00e"),
    "labels with fractions": batch(GOOD, b"](G" + struct.pack(">d", 1.5) + b"e"),
    "labels that are text": batch(GOOD, b"](U\x011e"),
    "labels that are true": batch(GOOD, b"](\x88\x89e"),
    "labels without end": batch(GOOD, b"](\x8a\x09" + b"\xff" * 8 + b"\x7fe"),
}  # fmt: skip

READS = """
import resource, sys
from pathlib import Path
from robustpath.data import cifar
from robustpath.data.entries import DataSet

entry = DataSet("cifar10", "CIFAR-10", "image", 10, 20, 4, 2, (), "", "")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(Path(sys.argv[1]).iterdir(), key=lambda path: int(path.name)):
    try:
        cifar.read(path, [], "test_batch", "labels", entry)
        print("read")
    except ValueError as error:
        print("refused:", " ".join(str(error).split())[:120])
    except Exception as error:
        print("a fault:", type(error).__name__)
    sys.stdout.flush()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_each_is_refused_in_a_process_that_lives_on_within_its_memory(tmp_path):
    for number, content in enumerate(HOSTILE.values()):
        (tmp_path / str(number)).write_bytes(tiny.tar([("cifar/test_batch", content)], "w:gz"))
    command = [sys.executable, "-c", READS, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    lines = ran.stdout.splitlines()
    answers = dict(zip(HOSTILE, lines, strict=False))
    assert ran.returncode == 0, (ran.returncode, list(answers.items())[-1:], ran.stderr)
    assert {name: said for name, said in answers.items() if not said.startswith("refused: ")} == {}
    assert int(lines[-1]) < 300


def test_what_a_batch_holds_is_read_where_nothing_is_wrong_with_it():
    assert pickled.read(batch(GOOD))["data"].shape == (2, 3072)
    assert pickled.read(batch(GOOD))["labels"] == [0, 1]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("code", ["u1", "<i8", ">i2", "<f4"])
@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_of_python_3_are_read_as_pickle_reads_them(protocol, code, order):
    array = np.array([[1, 2, 3], [4, 5, 6]], np.dtype(code), order=order)
    found = pickled.read(pickle.dumps({"data": array, "name": "x", "labels": [1, -2, 1 << 40]}, protocol))
    assert found["data"].dtype == array.dtype and np.array_equal(found["data"], array)
    assert found["name"] == "x" and found["labels"] == [1, -2, 1 << 40]


FAULTS = {
    "a type of huge size": "a type u1 that is not one of plain numbers",
    "objects by their flag": "a type u1 that is not one of plain numbers",
    "objects": "calls dtype for another type than plain numbers",
    "text": "calls dtype for another type than plain numbers",
    "a field before its array": "calls dtype for another type than plain numbers",
    "an array of another class": "calls _reconstruct for another type than plain numbers",
    "a longer shape": "has 4 bytes for an array u1 of shape",
    "a shape that wraps round": "has 4 bytes for an array u1 of shape",
    "a shape of many axes": "an array without a plain shape",
    "two negative lengths": "an array without a plain shape",
    "nested keys": "a tuple where a str is due",
    "steps without end": "more than 1,000,000 steps",
    "a new object": "a step NEWOBJ, which no array takes",
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_said(name):
    with pytest.raises(ValueError, match=FAULTS[name]):
        pickled.read(HOSTILE[name])
