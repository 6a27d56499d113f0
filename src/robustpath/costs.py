"""What a scale would cost, by calculation: nothing is trained or timed, so that the hours are an estimate."""

from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from robustpath import config as study
from robustpath.data import registry
from robustpath.listing import table
from robustpath.methods.base import Batch
from robustpath.models import choice
from robustpath.models.mlp import mean_cross_entropy, predict

TERAFLOPS = 5.0  # 10^12 operations a second: an assumption, a quarter of the 19.5 of an A100 in float32
SIGNAL = 40  # numbers of an example of MNIST-1D
CORRUPTED = ("corruption", "published", "generator")


def show(scale: str | None = None, teraflops: float = TERAFLOPS) -> str:
    """A table of `estimate` and the words that say what it is worth."""
    config = study.load(overrides={"scale": scale} if scale else None)
    found = estimate(config, teraflops)
    total = {"experiment": "all", "model": "", **{key: sum(row[key] for row in found) for key in list(found[0])[2:]}}
    worth = (
        f"An estimate by calculation for scale {config.scale}, not a measurement: operations of forward and backward\n"
        "passes (training) and of forward passes (evaluation), counted on the networks, at an assumed rate of\n"
        f"{teraflops:g} TFLOP/s of one GPU. Measuring, tracing and preparing are not in it. Small networks do not\n"
        "fill a GPU: of them the hours are a lower bound."
    )
    return f"{table([_rounded(row) for row in [*found, total]])}\n\n{worth}"


def estimate(config: study.Config, teraflops: float = TERAFLOPS) -> list[dict]:
    """One row an experiment: jobs (training, evaluation, measuring, tracing), runs, gradient evaluations, operations of
    training and of evaluation (FLOP), hours of one GPU at `teraflops`."""
    rows = []
    for name, experiment in study.experiments(config).items():
        cells = [cell for cell in study.expand(config) if cell.experiment == name]
        beside = 1 + experiment.measured + bool(experiment.points)
        runs, gradients, training, evaluation = 0, 0, 0.0, 0.0
        for cell in cells:
            settings = study.train_settings(config, cell)
            own = study.runs(settings)
            forward, both = flops(config, cell.dataset, settings)
            runs += own
            gradients += own * settings["budget"]
            training += own * settings["budget"] * both
            evaluation += own * _scored(config, cell.dataset, settings) * forward
        rows.append(
            {
                "experiment": name,
                "model": experiment.model,
                "jobs": len(cells) + beside * len(experiment.datasets),
                "runs": runs,
                "gradient evaluations": gradients,
                "training FLOP": training,
                "evaluation FLOP": evaluation,
                "GPU-hours": (training + evaluation) / (teraflops * 1e12) / 3600,
            }
        )
    return rows


def shape(config: study.Config, dataset: str) -> tuple[int, ...]:
    """The shape of a prepared example."""
    size = study.prepare_settings(config, dataset)["image_size"]
    if size is None:
        return (SIGNAL,)
    channels = registry.get(dataset).channels
    return (size, size) if channels == 1 else (channels, size, size)


def flops(config: study.Config, dataset: str, settings: dict) -> tuple[float, float]:
    """Operations of a forward pass of one example, and of a gradient evaluation: a batch forward and backward."""
    of_example, classes = shape(config, dataset), registry.get(dataset).classes
    forward, both = _count(choice.name_of(settings), tuple(settings["hidden"]), of_example, classes)
    return forward, both * settings["batch_size"]


@cache
def _count(name: str, hidden: tuple[int, ...], of_example: tuple[int, ...], classes: int) -> tuple[float, float]:
    """Operations of one example, forward, and forward and backward, on tensors without numbers."""
    with torch.device("meta"):
        model = choice.network({"model": name, "hidden": hidden}, of_example, classes)
        params = {key: torch.empty(tensor.shape, requires_grad=True) for key, tensor in model.named_parameters()}
        batch = Batch(torch.empty(1, *of_example), torch.empty(1, dtype=torch.int64))
    with FlopCounterMode(display=False) as forward:
        predict(model)(params, batch.inputs)
    with FlopCounterMode(display=False) as both:
        mean_cross_entropy(model)(params, batch).backward()
    return forward.get_total_flops(), both.get_total_flops()


def _scored(config: study.Config, dataset: str, settings: dict) -> float:
    """Examples on which a run is scored: those it learnt from (on average over sizes), validation, test and shifts."""
    severities = len(study.active(config).severities)
    sets = {"validation": 1, "test": 1}
    for shift in registry.shifts_of(dataset):
        sets[shift.split] += severities if shift.family in CORRUPTED else 1
    learnt = sum(settings["train_sizes"]) / len(settings["train_sizes"])
    return learnt + sets["validation"] * settings["validation_size"] + sets["test"] * settings["test_size"]


def _rounded(row: dict) -> dict:
    return {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in row.items()}
