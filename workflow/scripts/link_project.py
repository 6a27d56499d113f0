#!/usr/bin/env python3
"""Put the project's sources into .venv, and mend there what venv and pip write of the folder's name.

Both set the name between double quotes, where a shell replaces what follows a `$`. `pip install -e .` would link the
sources too, by a build that fails below such a folder. Run by .venv's own interpreter: link_project.py ROOT.
"""

import re
import shlex
import sys
import sysconfig
from pathlib import Path

REPLACED = re.compile(r'[$`"\\]')  # by a shell, between double quotes


def quoted(content: bytes, venv: Path) -> bytes:
    """The text of a program with every name below the virtual environment as a shell leaves it alone."""
    names = re.compile(b'"' + re.escape(bytes(venv)) + rb'([^"\n]*)"')
    return names.sub(lambda found: shlex.quote(f"{venv}{found[1].decode()}").encode(), content)


def main(root: Path) -> None:
    """Link the sources of `root` and mend the programs of its virtual environment."""
    Path(sysconfig.get_path("purelib"), "robustpath.pth").write_text(f"{root / 'src'}\n")
    if REPLACED.search(str(root)):
        for program in (root / ".venv/bin").iterdir():
            if program.is_file() and not program.is_symlink():
                program.write_bytes(quoted(program.read_bytes(), root / ".venv"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
