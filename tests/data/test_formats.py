import hashlib
import struct

import numpy as np
import pytest

from robustpath.data import formats, sets
from robustpath.data.download import payload


def test_idx_reads_ranks_one_and_three():
    images = struct.pack(">4B3I", 0, 0, 8, 3, 2, 2, 3) + bytes(range(12))
    assert formats.idx(images).tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert formats.idx(struct.pack(">4BI", 0, 0, 8, 1, 3) + b"\x07\x00\x09").tolist() == [7, 0, 9]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "not an IDX"),
        (struct.pack(">4BI", 0, 0, 9, 1, 1) + b"1", "not an IDX"),
        (struct.pack(">4B", 0, 0, 8, 3), "header cut short"),
        (struct.pack(">4BI", 0, 0, 8, 1, 3) + b"12", "do not fill"),
    ],
)
def test_idx_refuses_what_is_no_idx(content, fault):
    with pytest.raises(ValueError, match=fault):
        formats.idx(content)


def test_table_puts_the_label_last():
    images, labels = formats.table(b"1,2,3,4,7\n5.0e+00,6,7,8,0\n", 2)
    assert images.tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert labels.tolist() == [7, 0]


def test_optdigits_are_scikit_learns_digits():
    from sklearn.datasets import load_digits

    optdigits = sets.load("optdigits")
    images, labels, official_test = optdigits.read({file.name: payload(file) for file in optdigits.ENTRY.files})
    digits = load_digits()
    assert np.array_equal(images, digits.images)
    assert np.array_equal(labels, digits.target)
    assert not official_test.any()
    digest = hashlib.sha256(images.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
    assert digest == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


@pytest.mark.parametrize("pixel", ["-1", "256", "1.5", "nan", "1e30", "x", ""])
def test_table_refuses_what_is_no_pixel_and_what_is_no_label(pixel):
    for row in (f"1,{pixel},3,4,7", f"1,2,3,4,{pixel.replace('256', 'inf').replace('-1', '2.5')}"):
        with pytest.raises(ValueError, match=r"no whole number|could not convert"):
            formats.table(f"5,6,7,8,0\n{row}\n".encode(), 2)
