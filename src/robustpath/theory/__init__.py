"""Theory cases: small problems of the papers whose outcome is known, run as experiments; one file a case.

Listing the cases imports nothing, so the workflow can plan without torch; a case's module is imported when it is run.
"""

from importlib import import_module
from types import ModuleType

CASES = ("spurious_minimum", "saddles", "uniform_convergence", "memorisation", "path_norm")
CASES += ("sinusoid", "associative_retrieval", "known_streams")


def load(case: str) -> ModuleType:
    """The module of a case: its `run(settings)` gives a table as robustpath.theory.table describes it."""
    return import_module(f"robustpath.theory.{case}")
