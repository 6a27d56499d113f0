"""Theory cases: small problems of the papers whose outcome is known, run as experiments; one file a case.

Listing the cases imports nothing, so the workflow can plan without torch; a case's module is imported when it is run.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

# The files of this folder that name themselves in a line of their own, so that a new case changes no other's code.
CASES = tuple(
    file.stem
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if f'CASE = "{file.stem}"' in file.read_text(encoding="utf-8").splitlines()
)


def load(case: str) -> ModuleType:
    """The module of a case: its `run(settings)` gives a table as robustpath.theory.table describes it."""
    return import_module(f"robustpath.theory.{case}")
