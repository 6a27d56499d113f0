"""Where compiled programs lie: one shared library a program, with a note beside it that says what it is.

A library is machine code for one processor, compiler and version of PyTorch: run on another processor it can end the
process without a word. So each of them has a folder of its own, and a library is loaded only where its note names this
folder and program and has the checksum of its bytes.
"""

import fcntl
import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import torch

from robustpath.core.files import replacing

FOLDER = Path(".cache/programs")
DESCRIBING = ("vendor_id", "model name", "cpu family", "model", "stepping", "flags", "CPU part", "Features")


class Found(NamedTuple):
    """A library that may be loaded, and what its note says of the program beside its identity."""

    library: Path
    about: dict


def compiler() -> str:
    """The C++ compiler that programs are compiled with."""
    return os.environ.get("CXX", "g++")


@functools.cache
def machine() -> str:
    """The name of this processor's folder: architecture, vector instructions, and a hash of the processor's whole
    description, of the compiler's version and of PyTorch's: what `-march=native` looks at, and what it is done with."""
    parts = [torch.__version__, compiler(), _version(compiler()), platform.machine(), platform.processor()]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
        parts += [line for line in lines if line.split(":")[0].strip() in DESCRIBING]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{platform.machine()}-{torch.backends.cpu.get_cpu_capability().lower()}-{digest[:12]}"


def lasting() -> Path:
    """The folder of this processor in the project's cache."""
    return FOLDER.absolute() / machine()


def folders() -> Iterator[Path]:
    """Where a program is looked for and, if it is not there, compiled to: the project's cache and, where that cannot be
    used, a folder that is removed after the caller has loaded from it."""
    yield lasting()
    with tempfile.TemporaryDirectory(prefix="robustpath-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def find(folder: Path, program: str) -> Found | None:
    """The program of this name; None where there is none, or what is there is damaged or of another processor."""
    library, note = _library(folder, program), _note(folder, program)
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        whole = said["machine"] == machine() and said["program"] == program and said["sha256"] == _checksum(library)
        return Found(library, said["about"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def add(folder: Path, program: str, compiled: Path, about: dict) -> Found:
    """Put a library into the cache under the program's name: first the library, then the note without which it is not
    one. OSError where it cannot be written."""
    library = _library(folder, program)
    said = {"machine": machine(), "program": program, "sha256": _checksum(compiled), "about": about}
    with replacing(library) as temporary:
        shutil.copyfile(compiled, temporary)
    with replacing(_note(folder, program)) as temporary:
        temporary.write_text(json.dumps(said), encoding="utf-8")
    return Found(library, about)


@contextmanager
def compiling(folder: Path, program: str) -> Iterator[Path]:
    """An empty folder to compile a program in, removed afterwards; another process that wants the same program waits
    meanwhile, where the file system has locks. OSError where `folder` cannot be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lock = stack.enter_context((folder / f".{program}.lock").open("w"))
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(dir=folder, prefix=f".{program}.", ignore_cleanup_errors=True)
            )
        )


def _library(folder: Path, program: str) -> Path:
    return folder / f"{program}.so"


def _note(folder: Path, program: str) -> Path:
    return folder / f"{program}.json"


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _version(command: str) -> str:
    """A compiler's version; empty where there is no such compiler."""
    try:
        return subprocess.run([command, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
