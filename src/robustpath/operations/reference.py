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

Written by `python -m robustpath schema` from `src/robustpath/study.py`; do not edit. The values in use stand in
[config.yaml](../config.yaml). For one run, override them on the command line: `snakemake --config scale=smoke`, or
deeper, `snakemake --config 'scales={smoke: {batch_size: 16}}'`. All values stand behind one `--config` and are read as
the file is: `0120` is refused, and `'0.9'` in quotes is text. A key with dots, such as `scales.smoke.batch_size=16`, is
refused by Snakemake itself, with a traceback that ends in "Invalid config definition"."""
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
            f"| `{key}` | {describe(schema, value)} | {_default(value, key in required)} | {value['description']} |"
            for key, value in node["properties"].items()
        ]
        title = f"## {places}" if places else "## Top level"
        parts += [f"{title}\n\n{node['description']}", "\n".join([HEADER, *rows])]
    return "\n\n".join(parts) + "\n"


def _alike(schema: dict) -> list[tuple[str, dict]]:
    """The sections, those of one form together: `a.b`, `a.c`."""
    forms: dict[int, tuple[list[str], dict]] = {}
    for place, node in sections(schema):
        forms.setdefault(id(node), ([], node))[0].append(f"`{place}`" if place else "")
    return [(", ".join(places), node) for places, node in forms.values()]


def _default(node: dict, required: bool) -> str:
    return "none" if required else f"`{show(node['default'])}`"
