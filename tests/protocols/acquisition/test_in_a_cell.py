"""Every registered acquisition on what the protocol shows it of a model, with both kinds of tasks."""

import pytest
import torch
from small_pool import RUNS, SETTINGS

from robustpath import methods
from robustpath.methods import roles
from robustpath.protocols.acquisition.cell import Cell, Run

CPU = torch.device("cpu")
LABELLED = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 20, 33])  # two were bought


def acquired(name, prepared, run, other=False):
    """What an acquisition chooses after a round, of a model as it begins; `other`: all labels that the run has not
    bought are turned into the other class."""
    settings = SETTINGS | {"method": name, "missing": [-1, 2]}
    cell = Cell(settings, methods.load(name), prepared, CPU, RUNS)
    if other:
        known = cell.examples(run)[LABELLED]
        turned = 1 - cell.labels(run)
        turned[known] = cell.labels(run)[known]
        cell.given[cell.row(run)] = turned
    params = cell.start[run.seed]
    made, look = cell.learning([run, run], LABELLED.expand(2, -1))
    seen = look(made.init(), lambda: {key: torch.stack([part, part]) for key, part in params.items()}, 6)
    return cell.acquire(run, 1, params, LABELLED, type(seen)(*(part[0] for part in seen))).positions.tolist()


@pytest.mark.parametrize("name", roles.acquisitions())
def test_it_chooses_what_it_may_at_any_labels_that_it_has_not_bought(name, prepared):
    """Positions are checked by the cell: whole, distinct, unlabelled, as many as asked for."""
    for missing in (-1, 2):
        run = Run(0.3, missing, 1, 0)
        found = acquired(name, prepared, run)
        assert len(found) == SETTINGS["acquired"]
        assert found == acquired(name, prepared, run)
        assert found == acquired(name, prepared, run, other=True)


def test_another_seed_or_another_missing_group_is_another_choice(prepared):
    runs = [Run(0.3, missing, seed, 0) for missing in (-1, 2) for seed in (0, 1)]
    assert len({tuple(acquired("random_acquisition", prepared, run)) for run in runs}) == 4
