"""Writing files so that nothing half-written ever looks whole, and what is to be said where one cannot be written."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within your quota",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EACCES: "allow it (chmod), or use another folder",
    errno.EPERM: "allow it, or use another folder",
    errno.EROFS: "use a folder that can be written to",
    errno.EIO: "look after that disk",
}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffix, renamed to `path` when the block ends without an error.

    Where it cannot be written, an OSError names `path`, whatever the writer raises.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # some writers leave files that only their owner can read
        os.replace(temporary, path)
    except Exception as error:
        code = _cause(error, temporary)
        if code is None:
            raise
        raise OSError(code, os.strerror(code), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def explain(error: OSError) -> str | None:
    """A sentence on a file that the machine does not let be read or written; None for any other error."""
    if error.errno not in REMEDIES:
        return None
    file = error.filename or "a file"
    return f"{file}: {os.strerror(error.errno).lower()}; {REMEDIES[error.errno]}, and run the same again"


def _cause(error: Exception, temporary: Path) -> int | None:
    """The error number where writing `temporary` failed: writers give the file's name, or none, or (safetensors) only a
    text."""
    if isinstance(error, OSError):
        return error.errno if error.filename in (None, str(temporary)) else None
    told = re.search(r"\(os error (\d+)\)$", str(error))
    return int(told[1]) if told else None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
