"""The list of figures and tables: notebooks/manifest.yaml."""

from pathlib import Path

import yaml

from robustpath.config.yaml import plain
from robustpath.core.errors import UserError

MANIFEST = Path("notebooks/manifest.yaml")


def manifest(path: Path = MANIFEST) -> dict[str, dict]:
    """The figures and tables by name, each with its kind and question."""
    try:
        entries = plain(path.read_text(encoding="utf-8"))
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
