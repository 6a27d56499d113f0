"""Writes what is derived from the config model: its JSON schema (for editors) and the reference for readers."""

import json
from pathlib import Path

from robustpath.config.errors import ConfigError, show
from robustpath.config.schema import describe, sections
from robustpath.core.files import replacing
from robustpath.study import Config

SCHEMA = Path("workflow/schemas/config.schema.json")
REFERENCE = Path("docs/config.md")
INTRODUCTION = """# Config reference

Written by `python -m robustpath schema`; do not edit. The text is that of the sections in `src/robustpath/study.py`,
`src/robustpath/protocols/section.py`, `experiments.py` beside it, `section.py` in the folder of each protocol, and
`src/robustpath/theory/section.py`. The values in use stand in [config.yaml](../config.yaml). For one run, override them
on the command line: `snakemake --config scale=smoke`, or deeper,
`snakemake --config 'scales={smoke: {batch_size: 16}}'`. All values stand behind one `--config` and are read as the file
is: `0120` is refused, and `'0.9'` in quotes is text. A key with dots, such as `scales.smoke.batch_size=16`, is refused
by Snakemake itself, with a traceback that ends in "Invalid config definition"."""
LONG = 200  # characters of a cell: keys of a mapping take more, and its own section has them
UNDER = {"experiments": "scales.<name>.experiments.", "further": "scales.<name>.further.<name>"}
HEADER = "| Key | Allowed | Default | Meaning |\n| --- | --- | --- | --- |"


def write(check: bool = False, root: str | Path = ".") -> list[Path]:
    """Write schema and reference under `root`, or only `check` that they are in step; returns their paths.

    ConfigError names the first file out of step.
    """
    texts = {Path(root) / SCHEMA: schema_text(), Path(root) / REFERENCE: reference_text()}
    for path, text in texts.items():
        if not check:
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise ConfigError(f"{path} is out of step with the config model: run python -m robustpath schema")
    return list(texts)


def schema_text() -> str:
    """The JSON schema of config.yaml. Names of methods and data sets are left free: the folders are their register."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """The config reference in Markdown: a table of keys for each level."""
    schema = Config.model_json_schema()
    parts = [INTRODUCTION]
    for places, node in _alike(schema):
        required = node.get("required", [])
        rows = [
            f"| `{key}` | {_allowed(schema, value)} | {_default(value, key in required)} | {value['description']} |"
            for key, value in node["properties"].items()
        ]
        parts += [f"## {_title(places, node)}\n\n{_found_at(places)}{node['description']}", "\n".join([HEADER, *rows])]
    return "\n\n".join(parts) + "\n"


def _alike(schema: dict) -> list[tuple[list[str], dict]]:
    """The sections, those of one form together: [a.b, a.c]."""
    forms: dict[int, tuple[list[str], dict]] = {}
    for place, node in sections(schema):
        forms.setdefault(id(node), ([], node))[0].append(place)
    return [(list(dict.fromkeys(places)), node) for places, node in forms.values()]


def _title(places: list[str], node: dict) -> str:
    """The heading of a section; of one at many places what all of them are, since their names would fill a page."""
    if len(places) == 1:
        return f"`{places[0]}`" if places[0] else "Top level"
    protocol = node["properties"].get("protocol")
    if protocol:
        return f"An experiment of the protocol `{protocol.get('const') or protocol['default']}`"
    return f"`{places[0].rpartition('.')[2]}` of an experiment"


def _found_at(places: list[str]) -> str:
    """Where a section of many places stands; "" for one whose heading says so."""
    if len(places) == 1:
        return ""
    if not places[0].removeprefix(UNDER["experiments"]).isidentifier():
        return "In any experiment. "
    names = [place.removeprefix(UNDER["experiments"]) for place in places if place.startswith(UNDER["experiments"])]
    listed = ", ".join(f"`{name}`" for name in names)
    return f"Under `experiments`: {listed}; any name under `further`.\n\n"


def _allowed(schema: dict, node: dict) -> str:
    """What a key allows, in words; of a mapping with many keys where they stand."""
    text = describe(schema, node)
    if len(text) <= LONG or not text.startswith("a mapping"):
        return text
    return (
        f"{text.split(' to a mapping')[0]} to mappings, see below"
        if " to a mapping" in text
        else "a mapping, see below"
    )


def _default(node: dict, required: bool) -> str:
    return "none" if required else f"`{show(node['default'])}`"
