"""What a scale would cost, by calculation: nothing is trained or timed, so that the hours are an estimate."""

from functools import cache
from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from robustpath import models, protocols, study
from robustpath.core.text import table
from robustpath.data import registered, registry, sets
from robustpath.methods.base import Batch
from robustpath.models.functional import mean_cross_entropy, predict
from robustpath.publication import schedule

TERAFLOPS = 5.0  # 10^12 operations a second: an assumption, a quarter of the 19.5 of an A100 in float32
START_SECONDS = 30.0  # of a GPU job before its first step: imports, the card's context, compilation; an assumption
GPUS = (1, 8, 64)
CORRUPTED = ("corruption", "published", "generator")


def show(scale: str | None = None, teraflops: float = TERAFLOPS) -> str:
    """A table of `estimate` and the words that say what it is worth."""
    config = study.load(overrides={"scale": scale} if scale else None)
    found = estimate(config, teraflops)
    total = {"experiment": "all", "model": "", **{key: sum(row[key] for row in found) for key in list(found[0])[2:]}}
    worth = (
        f"An estimate by calculation for scale {config.scale}, not a measurement: operations of forward and backward\n"
        "passes (training) and of forward passes (evaluation), counted on the networks, at an assumed rate of\n"
        f"{teraflops:g} TFLOP/s of one GPU. Measuring, tracing, preparing and what is scored during training are not\n"
        "in it. Small networks do not fill a GPU: of them the hours are a lower bound."
    )
    placed = [_placed(jobs(config, teraflops), gpus) for gpus in GPUS]
    how = (
        "On so many GPUs of a cluster without other users, by simulation: a job takes\n"
        f"{START_SECONDS:g} s to start (assumed), SLURM and Snakemake add {schedule.JOB_SECONDS:g} s (measured on\n"
        "one node), and ends are noticed by polling as slurm/config.yaml has it."
    )
    return f"{table([_rounded(row) for row in [*found, total]])}\n\n{worth}\n\n{table(placed)}\n\n{how}"


def jobs(config: study.Config, teraflops: float = TERAFLOPS) -> list[schedule.Job]:
    """The GPU jobs of a scale, trainings and then the evaluation of each experiment and data set, by calculation."""
    found: list[schedule.Job] = []
    rate = teraflops * 1e12
    pairs: dict[tuple[str, str], list[Calculated]] = {}
    for cell in study.expand(config):
        pairs.setdefault(cell[:2], []).append(_calculated(config, cell))
    for cells in pairs.values():
        first = len(found)
        found += [schedule.Job(START_SECONDS + cell.training / rate) for cell in cells]
        scoring = START_SECONDS + sum(cell.evaluation for cell in cells) / rate
        found.append(schedule.Job(scoring, tuple(range(first, len(found)))))
    return found


def _placed(found: list[schedule.Job], gpus: int) -> dict:
    seconds, share = schedule.share(found, gpus)
    return {"GPUs": gpus, "hours": f"{seconds / 3600:.2f}", "of them the scheduler's": f"{100 * share:.1f} %"}


def estimate(config: study.Config, teraflops: float = TERAFLOPS) -> list[dict]:
    """One row an experiment: jobs (training, evaluation, measuring, tracing), runs, gradient evaluations, operations of
    training and of evaluation (FLOP), hours of one GPU at `teraflops`."""
    rows = []
    for name, experiment in study.experiments(config).items():
        cells = [cell for cell in study.expand(config) if cell.experiment == name]
        beside = 1 + getattr(experiment, "measured", False) + bool(getattr(experiment, "points", 0))
        each = [_calculated(config, cell) for cell in cells]
        training, evaluation = sum(cell.training for cell in each), sum(cell.evaluation for cell in each)
        rows.append(
            {
                "experiment": name,
                "model": experiment.model,
                "jobs": len(cells) + beside * len(experiment.datasets),
                "runs": sum(cell.runs for cell in each),
                "gradient evaluations": sum(cell.gradients for cell in each),
                "training FLOP": training,
                "evaluation FLOP": evaluation,
                "GPU-hours": (training + evaluation) / (teraflops * 1e12) / 3600,
            }
        )
    return rows


class Calculated(NamedTuple):
    """A cell by calculation: runs, gradient evaluations, operations of training and of evaluation (FLOP)."""

    runs: int
    gradients: int
    training: float
    evaluation: float


def _calculated(config: study.Config, cell: study.Cell) -> Calculated:
    settings = study.train_settings(config, cell)
    forward, both = flops(config, cell.dataset, settings)
    own = study.runs(settings)
    gradients = round(own * protocols.spent(settings)[0])
    return Calculated(own, gradients, float(gradients * both), own * _scored(config, cell.dataset, settings) * forward)


def shape(config: study.Config, dataset: str) -> tuple[int, ...]:
    """The shape of a prepared example."""
    size = study.prepare_settings(config, dataset)["image_size"]
    if size is None:
        return (getattr(sets.load(dataset), "LENGTH", registered.SIGNAL),)
    channels = registry.get(dataset).channels
    return (size, size) if channels == 1 else (channels, size, size)


def flops(config: study.Config, dataset: str, settings: dict) -> tuple[float, float]:
    """Operations of a forward pass of one example, and of a gradient evaluation: a batch forward and backward."""
    of_example, classes = shape(config, dataset), registry.get(dataset).classes
    forward, both = _count(models.name_of(settings), tuple(settings.get("hidden", ())), of_example, classes)
    return forward, both * protocols.spent(settings)[1]


@cache
def _count(name: str, hidden: tuple[int, ...], of_example: tuple[int, ...], classes: int) -> tuple[float, float]:
    """Operations of one example, forward, and forward and backward, on tensors without numbers."""
    with torch.device("meta"):
        model = models.network({"model": name, "hidden": hidden}, of_example, classes)
        trained = (*model.named_parameters(), *model.named_buffers())  # what a network stores is among its parameters
        params = {key: torch.empty(tensor.shape, requires_grad=True) for key, tensor in trained}
        batch = Batch(torch.empty(1, *of_example), torch.empty(1, dtype=torch.int64))
    with FlopCounterMode(display=False) as forward:
        predict(model)(params, batch.inputs)
    with FlopCounterMode(display=False) as both:
        mean_cross_entropy(model)(params, batch).backward()
    return forward.get_total_flops(), both.get_total_flops()


def _scored(config: study.Config, dataset: str, settings: dict) -> float:
    """Examples on which a run is scored at its end: those it learnt from (on average over sizes, where its protocol has
    sizes), validation, test and shifts."""
    severities = len(study.active(config).severities)
    sets = {"validation": 1, "test": 1}
    for shift in registry.shifts_of(dataset) if settings.get("shifted", True) else ():
        sets[shift.split] += severities if shift.family in CORRUPTED else 1
    sizes = settings.get("train_sizes", [0])
    learnt = sum(sizes) / len(sizes)
    return learnt + sets["validation"] * settings["validation_size"] + sets["test"] * settings["test_size"]


def _rounded(row: dict) -> dict:
    return {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in row.items()}
