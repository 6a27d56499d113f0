"""The config: its model, its loading and checking, its expansion into cells, and what each job is told of it.

A job's settings hold what its result depends on and nothing else, so that a changed value reruns the jobs it touches
and no others. Nothing here imports torch: the workflow reads the config before it plans.
"""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag, ValidationError

from robustpath import methods as method_files
from robustpath.config.errors import ConfigError, from_pydantic, odd_keys, report, value_at
from robustpath.config.section import DISTINCT, Section
from robustpath.config.yaml import read
from robustpath.data import registry
from robustpath.protocols.supervised.checks import problems, unpublished
from robustpath.theory.section import Theory

COMPUTED = {"device", "precision", "deterministic", "compile"}  # keys of a scale: how, not what
FolderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Size = Annotated[int, Field(ge=1, le=10_000_000)]

Values = Annotated[list[Annotated[float, Field(ge=0, le=1_000_000)]], Field(min_length=1, json_schema_extra=DISTINCT)]


class Experiment(Section):
    """One experiment: some methods on some data sets, every size, level of label noise, seed and draw."""

    datasets: list[str] = Field(
        min_length=1,
        description="Data sets to train on (`python -m robustpath list data`), each once.",
        json_schema_extra=DISTINCT,
    )
    methods: Annotated[
        Annotated[Literal["all"], Tag("all")]
        | Annotated[list[str], Field(min_length=1, json_schema_extra=DISTINCT), Tag("list")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "all"),
    ] = Field("all", description="Methods to train: `all` of the list at the top, or some of them.")
    model: Literal["mlp", "cnn", "resnet18"] = Field(
        "mlp", description="The network: a perceptron with the hidden layers of the scale, or one of convolutions."
    )
    train_sizes: list[Size] = Field(
        min_length=1,
        description="Numbers of training examples, ascending; what validation and test leave is the limit.",
        json_schema_extra=DISTINCT,
    )
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0],
        min_length=1,
        description="Shares of the training and validation labels that are drawn anew at random, ascending.",
        json_schema_extra=DISTINCT,
    )
    seeds: int = Field(
        ge=2,
        le=10_000,
        description="Paired repetitions: a seed fixes split, start and batch order of every method; at least two.",
    )
    vary: list[Literal["split", "initialisation", "order"]] = Field(
        ["split", "initialisation", "order"],
        description="What a seed changes beside the draws; what is not named stays that of seed 0.",
        json_schema_extra=DISTINCT,
    )
    draws: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Hyperparameter draws of each method. Draw 0 is the default; validation accuracy selects.",
    )
    grid: dict[FolderName, Values] = Field(
        {},
        description="In place of random draws: values of hyperparameters, every combination a draw, all else default.",
    )
    points: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Moments of training, start and end included, whose parameters are kept; 0 for none."
    )
    measured: bool = Field(
        False, description="Whether sharpness, norms, barriers and walks are measured, on draw 0 or a whole grid."
    )
    budget: int = Field(ge=1, le=100_000_000, description="Gradient evaluations a run, the same for every method.")


class Experiments(Section):
    """The experiments of a scale."""

    data_efficiency: Experiment = Field(description="Accuracy against the number of training examples.")
    minima: Experiment = Field(description="Every method and control, with and without label noise: the first family.")
    lengths: Experiment = Field(description="SGD of several lengths: its accuracy against its training loss.")
    trajectories: Experiment = Field(description="A few runs whose way is kept: loss surfaces and what is forgotten.")
    random_labels: Experiment = Field(description="SGD on labels of which a share, up to all, is random.")
    variance_split: Experiment = Field(description="The reference under other splits of the data, all else equal.")
    variance_initialisation: Experiment = Field(description="The same from other initialisations.")
    variance_order: Experiment = Field(description="The same in other orders of the batches.")
    variance_draw: Experiment = Field(description="The same with other hyperparameter draws.")


class Calibration(Section):
    """How many families of simulated claims are judged, to tell how often the code that judges the claims is wrong."""

    families: int = Field(
        100, ge=1, le=100_000, description="Families without an effect, and with one as large as the margin."
    )
    families_with_effect: int = Field(20, ge=1, le=100_000, description="Families with each other effect.")


class Scale(Section):
    """One size of the whole study."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where to train and evaluate; `auto` takes a GPU where there is one."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Of a training step's matrix products; parameters and all else stay float32."
    )
    deterministic: bool = Field(
        False, description="Whether training refuses, on a GPU, operations whose result differs from run to run."
    )
    compile: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Which training steps are compiled, on a GPU to CUDA graphs; `auto`: those that repay it.",
    )
    image_size: int = Field(
        ge=8, le=28, description="Side of grey images, in pixels. Colour images keep their own, signals their length."
    )
    hidden: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(
        min_length=1, max_length=16, description="Widths of the network's hidden layers."
    )
    batch_size: int = Field(
        ge=1, le=65_536, description="Examples a gradient; a method may search over multiples of it."
    )
    validation_size: Size = Field(description="Validation examples of each data set and seed, for selection.")
    test_size: Size = Field(description="Test examples of each data set and seed.")
    severities: list[Annotated[int, Field(ge=1, le=5)]] = Field(
        [1, 2, 3, 4, 5],
        min_length=1,
        description="Severities of the shifts to evaluate on, ascending.",
        json_schema_extra=DISTINCT,
    )
    experiments: Experiments = Field(description="The experiments of this scale.")
    further: dict[FolderName, Experiment] = Field(
        {}, description="Further experiments by name, in the records of the study but in none of its figures."
    )
    theory: Theory = Field(description="Small problems of the papers whose outcome is known.")
    calibration: Calibration = Field(
        Calibration(), description="Simulated claims; their effects stand in paper/claims.yaml."
    )


class Verify(Section):
    """How far `snakemake verify` checks what is published of the scale."""

    level: Annotated[int, Field(ge=0, le=3)] = Field(
        1, description="0: files; 1: also all that is printed, recomputed; 2: also cells retrained; 3: everything."
    )
    cells: Annotated[int, Field(ge=1, le=100_000)] = Field(3, description="Cells that level 2 draws to retrain.")
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(0, description="Of the draw of cells at level 2.")
    minutes: Annotated[float, Field(ge=0, le=100_000)] = Field(
        10.0, description="Time for levels 0 to 2 together: no cell is begun that would not end within it."
    )


class Config(Section):
    """The whole of config.yaml."""

    scale: str = Field(description="The scale to run: a name under `scales`.")
    start: Literal["raw", "records", "text"] = Field(
        "raw",
        description="Where the way to the paper begins: `raw` data; or, of what is published of the scale, its "
        "`records` (nothing is trained) or its `text` (nothing is computed). Results: `results/<scale>`, "
        "`results/<scale>-records`, `results/<scale>-text`.",
    )
    verify: Verify = Field(Verify(), description="How far `snakemake verify` checks what is published.")
    methods: list[str] = Field(
        min_length=1,
        description="Methods to compare, in the order of the figures (`python -m robustpath list methods`).",
        json_schema_extra=DISTINCT,
    )
    reference: str = Field(description="The method that every other is compared with, in pairs of seeds.")
    confidence: float = Field(0.95, ge=0.5, le=0.999, description="Confidence level of intervals and tests.")
    scales: dict[FolderName, Scale] = Field(
        min_length=1,
        description="The scales by name; your own may stand beside them.",
        json_schema_extra={"additionalProperties": False},
    )


class Cell(NamedTuple):
    """The unit of training: one method on one data set in one experiment, all its sizes, seeds and draws."""

    experiment: str
    dataset: str
    method: str


def load(path: str | Path = "config.yaml", overrides: Mapping | None = None) -> Config:
    """The checked config of a file, with `overrides` (as `snakemake --config` gives them) merged in key by key."""
    raw, overrides = read(path), overrides or {}
    config = validate(merge(raw, overrides) if isinstance(raw, dict) else raw, str(path), overrides)
    if found := list(unpublished(config, Path(path).parent)):
        raise ConfigError(report(found, str(path), overrides))
    return config


def merge(base: Mapping, overrides: Mapping) -> dict:
    """`base` with the values of `overrides`, mappings merged key by key, anything else replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def validate(raw: dict, file: str = "config.yaml", overrides: Mapping | None = None) -> Config:
    """The config that `raw` holds; ConfigError names the first wrong key, or `--config` as its place if it came so."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        found = odd_keys(raw, _schema()) or from_pydantic(error.errors(include_url=False), raw, _schema())
    else:
        found = [problem._replace(value=value_at(raw, problem.path)) for problem in problems(config)]
    if found:
        raise ConfigError(report(found, file, overrides or {}))
    return config


@cache
def _schema() -> dict:
    return Config.model_json_schema()


def results(config: Config) -> str:
    """The folder of the results, from the repository's root; each start has its own."""
    return f"results/{config.scale}" + ("" if config.start == "raw" else f"-{config.start}")


def active(config: Config) -> Scale:
    """The scale to run."""
    return config.scales[config.scale]


def experiments(config: Config) -> dict[str, Experiment]:
    """The experiments of the active scale by name."""
    scale = active(config)
    return dict(scale.experiments) | scale.further


def methods_of(config: Config, experiment: str) -> list[str]:
    """The methods of an experiment, in the order of the list at the top of the config."""
    chosen = experiments(config)[experiment].methods
    return [name for name in config.methods if chosen == "all" or name in chosen]


def expand(config: Config) -> list[Cell]:
    """Every cell of the active scale, in the config's order."""
    return [
        Cell(name, dataset, method)
        for name, experiment in experiments(config).items()
        for dataset in experiment.datasets
        for method in methods_of(config, name)
    ]


def datasets_to_prepare(config: Config) -> list[str]:
    """The data sets trained on and, after them, those they are evaluated on as a natural shift."""
    trained = [dataset for experiment in experiments(config).values() for dataset in experiment.datasets]
    shifted = [other for dataset in trained for other in registry.partners(dataset)]
    return list(dict.fromkeys(trained + shifted))


def prepare_settings(config: Config, dataset: str) -> dict:
    """What preparing a data set depends on; a signal has no image size (None)."""
    entry = registry.DATASETS[dataset]
    size = entry.side or active(config).image_size
    return {"dataset": dataset, "image_size": size if entry.kind == "image" else None}


def _model(experiment: Experiment) -> dict[str, str]:
    """The network of an experiment, told where it is not the perceptron: settings without it stay what they were."""
    return {} if experiment.model == "mlp" else {"model": experiment.model}


def train_settings(config: Config, cell: Cell) -> dict:
    """What training a cell depends on, beside the prepared data and the code."""
    scale = active(config)
    told = {"train_sizes", "label_noise", "seeds", "vary", "draws", "grid", "points", "budget"}
    experiment = experiments(config)[cell.experiment]
    of_scale = scale.model_dump(include={"batch_size", "hidden", "validation_size", "test_size", "device"})
    unusual = scale.model_dump(include=COMPUTED - {"device"}, exclude_defaults=True)  # what is usual, no job is told
    return cell._asdict() | experiment.model_dump(include=told) | of_scale | unusual | _model(experiment)


def runs(settings: dict) -> int:
    """How many runs a cell with these settings of its training has."""
    draws = math.prod(len(values) for values in settings["grid"].values()) if settings["grid"] else settings["draws"]
    return len(settings["train_sizes"]) * len(settings["label_noise"]) * settings["seeds"] * draws


def evaluate_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What evaluating all methods of a data set depends on; `natural` names the other data sets to evaluate on."""
    of_scale = active(config).model_dump(include={"hidden", "validation_size", "test_size", "severities", "device"})
    return {
        "experiment": experiment,
        **prepare_settings(config, dataset),
        "methods": methods_of(config, experiment),
        "vary": experiments(config)[experiment].vary,
        "natural": list(registry.partners(dataset)),
        **of_scale,
        **_model(experiments(config)[experiment]),
    }


def trace_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What tracing the runs of a data set depends on."""
    of_scale = active(config).model_dump(include={"validation_size", "test_size", "device"})
    chosen = experiments(config)[experiment]
    return {"experiment": experiment, "dataset": dataset, "vary": chosen.vary, **of_scale, **_model(chosen)}


def measure_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What measuring the runs of a data set depends on; differences between networks are to the reference's runs."""
    of_scale = active(config).model_dump(include={"hidden", "validation_size", "test_size", "device"})
    chosen = experiments(config)[experiment]
    return {
        "experiment": experiment,
        "dataset": dataset,
        "methods": methods_of(config, experiment),
        "reference": config.reference,
        "seeds": chosen.seeds,
        "vary": chosen.vary,
        "grid": chosen.grid,
        **of_scale,
        **_model(chosen),
    }


def calibrate_settings(config: Config) -> dict:
    """What judging simulated claims depends on, beside the records and paper/claims.yaml."""
    told = {"reference": config.reference, "confidence": config.confidence}
    return told | active(config).calibration.model_dump()


def report_settings(config: Config) -> dict:
    """What captions and numbers say of the study: its scale, protocol, methods by family, experiments and shifts."""
    chosen = experiments(config)
    used = {method for experiment in chosen for method in methods_of(config, experiment)}
    families = method_files.names()
    trained = dict.fromkeys(dataset for experiment in chosen.values() for dataset in experiment.datasets)
    return {
        "scale": config.scale,
        "reference": config.reference,
        "confidence": config.confidence,
        "methods": {name: families[name] for name in config.methods if name in used},
        **active(config).model_dump(exclude=COMPUTED | {"experiments", "further", "theory", "calibration"}),
        "experiments": {
            name: experiment.model_dump(exclude={"model"}) | {"methods": methods_of(config, name)} | _model(experiment)
            for name, experiment in chosen.items()
        },
        "theory": active(config).theory.model_dump(),
        "shifts": {
            dataset: {shift.name: [shift.family, shift.split] for shift in registry.shifts_of(dataset)}
            for dataset in trained
        },
    }
