"""Facts that a module states as plain values, read from its source: the workflow plans without importing torch."""

import ast
from functools import cache
from pathlib import Path


@cache
def constants(file: Path) -> dict[str, object]:
    """The names that a module assigns literal values to at its top level (numbers, text, tuples, mappings of these)."""
    found = {}
    for statement in ast.parse(file.read_text(encoding="utf-8"), filename=str(file)).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:
                continue
    return found
