"""What is given beside config.yaml: `snakemake --config KEY=VALUE …` and `--configfile FILE …`."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from robustpath.config.errors import ConfigError, dotted
from robustpath.config.yaml import merge, parsed, read


def overrides(given: Iterable[str], files: Iterable[Path] = (), command: Iterable[str] = ()) -> dict:
    """The values `given` as KEY=VALUE over those of config `files`, all read by the rules of config.yaml.

    Snakemake's own reading of them has lost what was written: 0120 is 120 there, and 80 within a mapping. `command`:
    the words of the command line, since of several --config Snakemake gives the last alone. ConfigError names what is
    wrong, or is given twice.
    """
    if sum(word in ("--config", "-C") or word.startswith("--config=") for word in command) > 1:
        raise ConfigError(
            "--config is given twice, of which Snakemake reads the last; put all values behind one --config"
        )
    below: dict = {}
    for file in files:
        found = read(os.path.relpath(file)) or {}
        if not isinstance(found, Mapping):
            raise ConfigError(f"{os.path.relpath(file)}: is not a mapping of keys to values; write `key: value` lines")
        below = merge(below, found)
    above: dict = {}
    for entry in given:
        key, _, text = entry.partition("=")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):  # bytes of another encoding
            raise ConfigError(f"--config {key}: is no UTF-8 text; type it again in a terminal that writes UTF-8")
        value = {key: parsed(text, f"--config {key}")}
        _refuse_twice(above, value, ())
        above = merge(above, value)
    return merge(below, above)


def _refuse_twice(one: Mapping, other: Mapping, path: tuple) -> None:
    for key in one.keys() & other.keys():
        if not (isinstance(one[key], Mapping) and isinstance(other[key], Mapping)):
            raise ConfigError(f"--config: {dotted((*path, key))} is given twice; keep one")
        _refuse_twice(one[key], other[key], (*path, key))
