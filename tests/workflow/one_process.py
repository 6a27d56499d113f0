"""The commands of a file, one a line as Snakemake prints them, one after the other in this process: most of the time of
a small job is its start."""

import shlex
import sys
from pathlib import Path

from robustpath.command_line import main

for line in Path(sys.argv[1]).read_text().splitlines():
    words = shlex.split(line)
    given = words[words.index("robustpath") + 1 : words.index(">")]
    for file in (Path(word) for word in given if word.startswith("results/")):
        file.parent.mkdir(parents=True, exist_ok=True)
    if main(given):
        sys.exit(f"failed: {line}")
