"""Writing files so that nothing half-written ever looks whole, and what is to be said where one cannot be written."""

import errno
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
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


ABANDONED_SECONDS = 3600.0  # after which what another machine has begun to write is taken for abandoned


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path of the same name in a hidden folder beside `path`, moved to `path` when the block ends without an
    error.

    The folder is this writer's alone: safetensors keeps a file of its own beside the one it writes, with a name that
    tells nothing. What a writer leaves that was killed, the next one of the same file removes.
    Where it cannot be written, an OSError names `path`, for any error of the writer.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.{os.getpid()}@{platform.node()}.writing")
    temporary = folder / path.name
    try:
        folder.mkdir(exist_ok=True)
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # some writers leave files that only their owner can read
        os.replace(temporary, path)
    except Exception as error:
        code = _cause(error, (str(temporary), str(folder)))
        if code is None:
            raise
        raise OSError(code, os.strerror(code), str(path)) from error
    finally:
        for each in (folder, *_abandoned(path)):
            shutil.rmtree(each, ignore_errors=True)


def explain(error: OSError) -> str | None:
    """A sentence on a file that the machine does not let be read or written; None for any other error."""
    if error.errno not in REMEDIES:
        return None
    file = error.filename or "a file"
    return f"{file}: {os.strerror(error.errno).lower()}; {REMEDIES[error.errno]}, and run the same again"


def _abandoned(path: Path) -> Iterator[Path]:
    """The folders of writers of `path` that have ended; those of other machines once they are old."""
    for folder in path.parent.glob(f".{escape(path.name)}.*@*.writing"):
        pid, _, machine = folder.name.removeprefix(f".{path.name}.").removesuffix(".writing").partition("@")
        with suppress(OSError, ValueError):  # another may be removing it
            old = time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
            if old if machine != platform.node() else _ended(int(pid)):
                yield folder


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _cause(error: Exception, own: tuple[str, ...]) -> int | None:
    """The error number where writing one of the `own` files failed: writers give the file's name, or none, or
    (safetensors) only a text."""
    if isinstance(error, OSError):
        return error.errno if error.filename in (None, *own) else None
    number = re.search(r"\(os error (\d+)\)$", str(error))
    return int(number[1]) if number else None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
