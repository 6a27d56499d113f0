"""The rounds of some runs: train, score, acquire, again and again; what has been reached is kept after each round."""

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from robustpath.core.types import Params
from robustpath.engine import checkpoint
from robustpath.engine.population import Snapshot
from robustpath.methods.acquiring import Chosen
from robustpath.protocols import keeping, portions
from robustpath.protocols.accuracies import accuracy, of_groups
from robustpath.protocols.acquisition import views
from robustpath.protocols.acquisition.cell import Cell, Run
from robustpath.protocols.acquisition.on_the_way import ACCURACY, NOTES, VALIDATION, WORST


class Standing(NamedTuple):
    """Where runs stand after some rounds: positions of what they have labelled among their examples, int64 [runs, l];
    scores by name [runs, rounds]; notes of their choices by name [runs, choices], nan where there was none; who has
    diverged in any round [runs]; sums of what the steps of each round tell, named `{round}.{name}` [runs]."""

    labelled: Tensor
    curves: dict[str, Tensor]
    notes: dict[str, Tensor]
    diverged: Tensor
    sums: dict[str, Tensor]


def through(
    cell: Cell, runs: list[Run], weights: Path, first: int, total: int, asked: Callable[[], str | None]
) -> tuple[Standing, Params]:
    """All rounds of some runs of a cell, `first` of its `total` runs before them: where they end, and their last
    parameters [runs, …].

    After each round what it bought is written beside `weights`; a round that is interrupted goes on from the engine's
    own checkpoint.
    """
    count = len(runs)
    own = portions.filled(runs, cell.width if cell.compiled else 2, True)  # alone, products are rounded otherwise
    key = _key(cell, runs)
    file = weights.with_name(f".{weights.stem}.round.part{first}.resume.safetensors")
    done, here = _read(file, key, _begin(cell, count))
    for number in range(done, cell.settings["rounds"] + 1):
        label = f"{cell.settings['dataset']} with {cell.spec.name}, round {number}"
        # The learner has its default hyperparameters in every draw of the acquisition.
        settings = cell.settings | {"dataset": label, "grid": {}}
        together = here.labelled[torch.arange(len(own)).clamp(max=count - 1)]
        source, look = cell.learning(own, together)
        portion = portions.Portion(
            [run._replace(draw=0) for run in own], count, first, total, cell.stage, cell.program, cell.compiled
        )
        beside = weights.with_name(f"{weights.stem}.round{number}{weights.suffix}")
        snapshot, read = portions.trained(
            portion, settings, cell.learner, f"{key} {number}", lambda run: cell.start[run.seed], source,
            beside, cell.device, asked,
        )  # fmt: skip
        params, seen = read(), look(snapshot.source, read, cell.stage.steps)
        here = _scored(cell, runs, params, snapshot, here, number)
        if number < cell.settings["rounds"]:
            chosen = [
                cell.acquire(
                    run,
                    number,
                    {name: tensor[place] for name, tensor in params.items()},
                    here.labelled[place],
                    type(seen)(*(part[place] for part in seen)),
                )
                for place, run in enumerate(runs)
            ]
            here = _acquired(here, chosen)
            _write(file, key, number + 1, here, label)
            for passed in weights.parent.glob(f".{beside.stem}.part{first}.resume.safetensors*"):
                passed.unlink(missing_ok=True)
    return here, {name: tensor[:count].cpu() for name, tensor in params.items()}


def _begin(cell: Cell, count: int) -> Standing:
    names = [ACCURACY, VALIDATION] + ([WORST] if cell.groups.attributes > 1 else [])
    labelled = torch.arange(cell.settings["seed_labels"]).expand(count, -1)
    nothing = torch.zeros(count, 0, dtype=torch.float64)
    curves, notes = dict.fromkeys(names, nothing), dict.fromkeys(NOTES, nothing)
    return Standing(labelled, curves, notes, torch.zeros(count, dtype=torch.bool), {})


def _scored(
    cell: Cell, runs: list[Run], params: Params, snapshot: Snapshot, before: Standing, number: int
) -> Standing:  # fmt: skip
    """The standing with the scores of a round; test labels are clean, those of validation as noisy as the pool's."""
    found: dict[str, list[Tensor]] = {name: [] for name in before.curves}
    label, attribute = cell.groups.label, cell.groups.attribute
    for place, run in enumerate(runs):
        own = {name: tensor[place] for name, tensor in params.items()}
        validation, test = cell.validation[run.seed], cell.test[run.seed]
        noisy, clean = (
            views.forward(cell.layers, own, cell.prepared.inputs[each])[1][None] for each in (validation, test)
        )
        found[VALIDATION] += [accuracy(noisy, cell.labels(run)[validation])[0]]
        found[ACCURACY] += [accuracy(clean, label[test])[0]]
        if WORST in found:
            found[WORST] += [of_groups(clean, label[test], attribute[test])[WORST][0]]
    count = len(runs)
    sums = {f"{number}{name.removeprefix('0')}": values[:count].cpu() for name, values in snapshot.sums.items()}
    curves = {name: torch.cat([before.curves[name], torch.stack(own)[:, None]], 1) for name, own in found.items()}
    diverged = before.diverged | snapshot.diverged[:count].cpu()
    return Standing(before.labelled, curves, before.notes, diverged, before.sums | sums)


def _acquired(before: Standing, chosen: list[Chosen]) -> Standing:
    """The standing with what each run has chosen, and with the notes of it."""
    labelled = torch.cat([before.labelled, torch.stack([each.positions for each in chosen])], 1)
    found = {name: [each.notes.get(name, math.nan) for each in chosen] for name in NOTES}
    notes = {
        name: torch.cat([before.notes[name], torch.tensor(own, dtype=torch.float64)[:, None]], 1)
        for name, own in found.items()
    }
    return before._replace(labelled=labelled, notes=notes)


def _key(cell: Cell, runs: list[Run]) -> str:
    """What the rounds of some runs depend on, as a short text."""
    of = [cell.settings, cell.device.type, cell.compiled, cell.code(), runs]
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()


def _snapshot(done: int, here: Standing) -> Snapshot:
    """A standing in the form that checkpoints have: the number of rounds in place of that of steps."""
    return Snapshot(0, done, {"labelled": here.labelled}, (here.curves, here.notes), here.diverged, (), here.sums, {})


def _write(file: Path, key: str, done: int, here: Standing, label: str) -> None:
    """Keep where runs stand after some rounds; a file that cannot be written is said, and the next is tried."""
    keeping.save(file, _snapshot(done, here), key, label, len(here.labelled))


def _read(file: Path, key: str, begin: Standing) -> tuple[int, Standing]:
    """How many rounds were kept, and where the runs stand after them; none and the beginning where there is no file."""
    saved = checkpoint.read(file, key)
    if not saved:
        return 0, begin
    kept = checkpoint.restore(saved, _snapshot(0, begin))
    return kept.step, Standing(kept.params["labelled"], *kept.state, kept.diverged, kept.sums)
