"""What there is to choose from, as rows: methods, data sets, networks, protocols, metrics, shifts, figures, cells."""

import ast
import json
from pathlib import Path

from robustpath.core.text import table
from robustpath.figures.manifest import manifest


def show(what: str, as_json: bool = False, scale: str | None = None) -> str:
    """The rows of one list, as an aligned table of its short fields or as JSON with every field."""
    found = rows(what, scale)
    if as_json:
        return json.dumps(found, indent=2, ensure_ascii=False)
    return table([{key: value for key, value in row.items() if key not in ("citation", "files")} for row in found])


def rows(what: str, scale: str | None = None) -> list[dict]:
    """One dict an entry; UserError where config.yaml or the manifest is missing or wrong."""
    if what == "cells":
        return cells(scale)
    lists = {"methods": methods, "data": data, "models": networks, "protocols": protocols}
    return (lists | {"metrics": metrics, "shifts": shifts, "figures": figures})[what]()


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


def networks() -> list[dict]:
    """Every network with the kinds of data that it takes, whether its minima can be measured, and a sentence."""
    from robustpath import models

    return [
        {
            "model": name,
            "takes": [f"{kind}s" for kind in models.facts(name).kinds],
            "measured": "yes" if models.facts(name).measured else "no",
            "summary": _first_line(models.HERE / f"{name}.py"),
        }
        for name in models.names()
    ]


def protocols() -> list[dict]:
    """Every protocol with what tells its runs apart beside seed and draw, and a sentence."""
    from robustpath.protocols import load, names

    folder = Path(__file__).parents[1] / "protocols"
    return [
        {"protocol": name, "axes": list(load(name).axes), "summary": _first_line(folder / name / "protocol.py")}
        for name in names()
    ]


def metrics() -> list[dict]:
    """Every metric with the family of its measure (or score), its unit, which way is better, and where it is kept."""
    from robustpath.protocols import metrics

    return [
        {
            "metric": name,
            "kind": metric.family or "score",
            "unit": metric.unit,
            "better": metric.better,
            "splits": list(metric.splits),
            "part": metric.part,
        }
        for name, metric in metrics().items()
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


def _first_line(file: Path) -> str:
    documentation = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]
