"""The hyperparameters of each draw of a cell: drawn from the method's search space, or every combination of a grid."""

from itertools import product

from robustpath.core.errors import UserError
from robustpath.methods.base import Spec, draw


def count(settings: dict) -> int:
    """How many draws a cell has."""
    return max(settings["draws"], len(grid(settings)))


def grid(settings: dict) -> list[dict[str, float]]:
    """The hyperparameters of each draw of a grid, every combination of its values; empty where there is no grid."""
    values = settings.get("grid") or {}
    return [dict(zip(values, row, strict=True)) for row in product(*values.values())] if values else []


def refuse_unknown(settings: dict, spec: Spec) -> None:
    """UserError for a grid of hyperparameters that the method does not have."""
    unknown = {name for row in grid(settings) for name in row} - spec.search.keys()
    if unknown:
        raise UserError(
            f"{spec.name} has no hyperparameter {', '.join(sorted(unknown))}, only {', '.join(spec.search)}; "
            f"correct the grid of experiment {settings['experiment']} in config.yaml"
        )


def values(settings: dict, spec: Spec, seed: int, number: int) -> dict[str, float]:
    """The hyperparameters of draw `number` of a seed; what a grid does not set is default."""
    rows = grid(settings)
    return draw(spec, seed, 0) | rows[number] if rows else draw(spec, seed, number)
