"""Running one theory case and writing its table."""

from pathlib import Path

import torch

from robustpath import theory
from robustpath.theory import table


def run(settings: dict, out: Path, threads: int) -> None:
    """Run the case that `settings` names with its settings and write its table to `out`."""
    torch.set_num_threads(threads)
    table.write(theory.load(settings["case"]).run(settings), out)
