"""What tests of hostile files share: how one is refused, and the usual bomb."""

import gzip
import io
import tracemalloc

import pytest

from robustpath.core.errors import UserError

MEGABYTE = 1 << 20


def refused(fetch, name, files, known=None, size=32, most=64 * MEGABYTE):
    """The sentence with which a data set of these files is refused, before `most` bytes of memory were taken."""
    tracemalloc.start()
    try:
        with pytest.raises(UserError) as error:
            fetch(name, files, size, known)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    said = str(error.value)
    assert taken < most
    assert "\n" not in said and said.endswith("): replace it by the file of its authors") and len(said) < 1500
    return said


def zeros(count):
    """A gzip of `count` zero bytes."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        for _ in range(count // MEGABYTE):
            packed.write(bytes(MEGABYTE))
    return out.getvalue()
