"""Tables with what no data set has, other counts than are registered, and when a first copy sets its checksum."""

import gzip
import json

import numpy as np
import pytest
import tiny
from hostile import refused

from robustpath.core.errors import UserError
from robustpath.data import sets

BIRDS = "waterbird_complete95_forest2water2.tar.gz"
COMMENTS = "civil_comments/all_data_with_identities.csv"
TEXTS = [f"Reply {n}" for n in range(12)]
SPLIT, MENTIONS = np.arange(12) // 4, np.arange(12) // 4 % 2
TOXIC = (np.arange(12) % 4) / 4 + 0.1


def comments(**changed):
    """CivilComments of twelve comments with what is changed of them; the counts are those of the unchanged ones."""
    columns = {"texts": TEXTS, "toxicity": TOXIC, "identity": MENTIONS, "parts": SPLIT}
    return tiny.civil_comments_csv(**columns | changed), tiny.counts((TOXIC >= 0.5).astype(int), MENTIONS, SPLIT)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"texts": ["a" * 2_000_000, *TEXTS[1:]]}, "has more than 131072 characters"),
        ({"texts": ["a\n" * 70_000, *TEXTS[1:]]}, "is one too many"),
        ({"texts": ["a" * 999 + "\n" + 200 * ("a" * 999 + "\n"), *TEXTS[1:]]}, "field larger than field limit"),
        ({"texts": ["a\0b", *TEXTS[1:]]}, "zero byte"),
        ({"toxicity": [float("nan"), *TOXIC[1:]]}, "not from 0 to 1"),
        ({"toxicity": [float("inf"), *TOXIC[1:]]}, "not from 0 to 1"),
        ({"toxicity": [-0.1, *TOXIC[1:]]}, "not from 0 to 1"),
        ({"identity": [2, *MENTIONS[1:]]}, "not from 0 to 1"),
        ({"identity": [float("nan"), *MENTIONS[1:]]}, "not from 0 to 1"),
    ],
)
def test_a_hostile_table_is_refused(fetch, changed, fault):
    files, known = comments(**changed)
    assert fault in refused(fetch, "civil_comments", files, known, None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda content: content * 2, "more than 12 rows"),
        (lambda content: content.split(b"\n")[0] + b'\n"', "row 1 of all_data_with_identities.csv has no"),
        (lambda content: content.replace(b"Reply 3", b"Reply \xff"), "UnicodeDecodeError"),
        (lambda content: bytes(200_000), "has more than"),
        (lambda content: b"\n" * 100_000, "is one too many"),
    ],
)
def test_a_damaged_table_is_refused(fetch, change, fault):
    files, known = comments()
    assert fault in refused(fetch, "civil_comments", {COMMENTS: change(files[COMMENTS])}, known, None)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (",0,0,0,", ",7,0,0,", "labels go from 0 to 7"),
        (",0,0,0,", ",-1,0,0,", "labels go from -1"),
        (",0,0,0,", ",0,0,3,", "attribute go from 0 to 3"),
        (",0,0,0,", ",0,0,-1,", "attribute go from -1"),
        (",0,0,0,", ",0,3,0,", "in a part other than 0, 1 and 2"),
        (",0,0,0,", ",0.5,0,0,", "invalid literal"),
        (",0,0,0,", ",nan,0,0,", "invalid literal"),
        (",0,0,0,", ",1,0,0,", "groups of the training part should hold"),
        (",0,0,0,", ",0,1,0,", "should hold"),
    ],
)
def test_labels_that_there_are_not_and_other_counts_are_refused(fetch, tmp_path, old, new, fault):
    labels, parts, places = np.arange(12) % 2, np.arange(12) // 4, np.arange(12) // 2 % 2
    content = gzip.decompress(tiny.waterbirds_tar(tiny.photographs(12, 40), labels, parts, places))
    first = content.index(old.encode())
    text = content[first:].replace(old.encode(), new.encode(), 1)
    # The table keeps its length: its last field is for nobody.
    text = text.replace(b", 0.jpg", b", 0.jpg"[len(new) - len(old) :] if len(new) > len(old) else b", 0.jpg", 1)
    assert len(content[:first] + text) == len(content)
    files = {BIRDS: gzip.compress(content[:first] + text)}
    assert fault in refused(fetch, "waterbirds", files, tiny.counts(labels, places, parts), 64)
    assert not list((tmp_path / "cache").glob("*.sha256"))


@pytest.mark.parametrize("error", [MemoryError, RuntimeError, TypeError, KeyboardInterrupt, SystemExit])
def test_no_error_in_reading_a_first_copy_sets_a_checksum(fetch, tmp_path, monkeypatch, error):
    def preprocess(raw, size):
        raise error

    labels, parts = np.arange(8) % 2, np.arange(8) // 2 % 3
    known, files = (
        tiny.counts(labels, labels, parts),
        {BIRDS: tiny.waterbirds_tar(tiny.photographs(8, 40), labels, parts, labels)},
    )
    with monkeypatch.context() as patch:
        patch.setattr(sets.load("waterbirds"), "preprocess", preprocess, raising=False)
        with pytest.raises(UserError if issubclass(error, Exception) else error):
            fetch("waterbirds", files, 64, known)
    lock = tmp_path / "cache" / f"{BIRDS}.sha256"
    assert not lock.exists()
    fetch("waterbirds", files, 64, known)
    assert lock.exists()
    assert "none is published" in json.loads((tmp_path / "waterbirds.json").read_text())["sources"][0]["checksum"]
