"""What there is to choose from, as rows: methods, data sets, shifts, figures and tables, the cells of a scale."""

import ast
import json
from pathlib import Path

import yaml

from robustpath.core.errors import UserError

MANIFEST = Path("notebooks/manifest.yaml")


def show(what: str, as_json: bool = False, scale: str | None = None) -> str:
    """The rows of one list, as an aligned table of its short fields or as JSON with every field."""
    found = rows(what, scale)
    if as_json:
        return json.dumps(found, indent=2, ensure_ascii=False)
    return table([{key: value for key, value in row.items() if key not in ("citation", "files")} for row in found])


def rows(what: str, scale: str | None = None) -> list[dict]:
    """One dict an entry; UserError where config.yaml or the manifest is missing or wrong."""
    return (
        {"methods": methods, "data": data, "shifts": shifts, "figures": figures}[what]()
        if what != "cells"
        else cells(scale)
    )


def methods() -> list[dict]:
    """Every method with its family and the first sentence of its file, read without running it."""
    from robustpath.methods import names

    folder = Path(__file__).parents[1] / "methods"
    return [
        {"method": name, "family": family, "summary": _first_line(folder / family / f"{name}.py")}
        for name, family in names().items()
    ]


def data() -> list[dict]:
    """Every data set with its size, its official test part, its natural shift, its licence and source."""
    from robustpath.data.registry import DATASETS

    return [
        {
            "dataset": entry.name,
            "kind": entry.kind,
            "classes": entry.classes,
            "examples": entry.examples,
            "official test": entry.official_test,
            "natural shift to": list(entry.natural_shift_to),
            "licence": entry.licence,
            "citation": entry.citation,
        }
        for entry in DATASETS.values()
    ]


def shifts() -> list[dict]:
    """Every shift with its family, the split it may be used on and the data sets it applies to."""
    from robustpath.data.registry import summary

    return [
        {"shift": row["name"], **{key: row[key] for key in ("family", "split", "datasets", "severities")}}
        for row in summary()
    ]


def figures() -> list[dict]:
    """Every figure and table of the paper with the question it answers."""
    return [{"name": name, "kind": entry["kind"], "question": entry["question"]} for name, entry in manifest().items()]


def cells(scale: str | None = None) -> list[dict]:
    """Every cell of a scale (the config's own if None) with its number of runs."""
    from robustpath.study import expand, load, runs, train_settings

    config = load(overrides={"scale": scale} if scale else None)
    found = []
    for cell in expand(config):
        settings = train_settings(config, cell)
        found.append(cell._asdict() | {"runs": runs(settings)})
    return found


def manifest(path: Path = MANIFEST) -> dict[str, dict]:
    """The figures and tables by name, each with its kind and question."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the folder that holds it.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: is not valid YAML ({str(error).splitlines()[0]}).") from None
    if not isinstance(entries, dict):
        raise UserError(f"{path}: is not a mapping of names to entries.")
    for name, entry in entries.items():
        if (
            not isinstance(entry, dict)
            or entry.get("kind") not in ("figure", "table")
            or not {"category", "question", "shows"} <= entry.keys()
        ):
            raise UserError(f"{path}: {name} needs a kind (figure or table), a category, a question and what it shows.")
        if not path.with_name(f"{name}.py").is_file():
            raise UserError(
                f"{path}: {name} has no notebook; write {path.with_name(f'{name}.py')} or take the entry out."
            )
    return entries


def table(found: list[dict]) -> str:
    """Rows under their keys, columns aligned, numbers to the right."""
    if not found:
        return "none"
    header = list(found[0])
    text = [[_cell(row[key]) for key in header] for row in found]
    widths = [max(len(line[i]) for line in [header, *text]) for i in range(len(header))]
    right = [all(isinstance(row[key], int) for row in found) for key in header]
    lines = [header, ["-" * width for width in widths], *text]
    return "\n".join("  ".join(map(_aligned, line, widths, right)).rstrip() for line in lines)


def _aligned(text: str, width: int, to_right: bool) -> str:
    return text.rjust(width) if to_right else text.ljust(width)


def _cell(value) -> str:
    return ", ".join(map(str, value)) or "-" if isinstance(value, list) else str(value)


def _first_line(file: Path) -> str:
    documentation = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]
