"""The whole config: its sections, its loading and checking, its cells, and the settings of each job.

A job's settings hold what its result depends on and nothing else, so that a changed value reruns the jobs it touches
and no others. Nothing here imports torch: the workflow reads the config before it plans.
"""

import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Union

from pydantic import Discriminator, Field, Tag, ValidationError

from robustpath import methods, models, protocols
from robustpath.config.checks import ascending, distinct, known
from robustpath.config.errors import ConfigError, Problem, from_pydantic, odd_keys, of_use, report, value_at
from robustpath.config.section import DISTINCT, Section, Word
from robustpath.config.yaml import merge, read
from robustpath.data import registry
from robustpath.protocols import checks
from robustpath.protocols.experiments import Experiments
from robustpath.protocols.section import Experiment, Size
from robustpath.theory.section import Theory

COMPUTED = {"device", "precision", "deterministic", "compile"}  # keys of a scale: how, not what
UNUSUAL = {"model", "protocol", "parent"}  # keys of an experiment that settings have only where not the default
TRAINED = {"seeds", "vary", "draws", "grid", "budget"}  # keys of any experiment that its trainings depend on
SCORED = {"sae_width", "sae_steps", "sae_level"}  # keys of an experiment that its scores alone depend on


def _any_protocol() -> object:
    """The type of an experiment of any protocol: the section of the protocol that its key `protocol` names."""
    sections = [Annotated[protocols.load(name).section, Tag(name)] for name in protocols.names()]
    if len(sections) == 1:
        return protocols.load(protocols.DEFAULT).section

    def named(value: object) -> str:
        named_by = value.get if isinstance(value, Mapping) else lambda key, other: getattr(value, key, other)
        return str(named_by("protocol", protocols.DEFAULT))

    return Annotated[Union[tuple(sections)], Discriminator(named)]  # noqa: UP007 (their number is not known here)


class Calibration(Section):
    """How many simulated claims are judged, to tell how often the code that judges the claims is wrong."""

    claims: int = Field(1000, ge=1, le=100_000, description="Claims of each kind of condition, at its threshold.")
    claims_with_effect: int = Field(240, ge=1, le=100_000, description="Claims with each planted effect.")
    families: int = Field(100, ge=1, le=100_000, description="Families of methods that are equal to the reference.")


class Scale(Section):
    """One size of the whole study."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where to train and evaluate; `auto` takes a GPU where there is one."
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Precision of a training step's matrix products; all else stays float32."
    )
    deterministic: bool = Field(
        False, description="Whether training refuses, on a GPU, operations whose result differs from run to run."
    )
    compile: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Which training steps are compiled (on a GPU to CUDA graphs); `auto`: those where it saves time.",
    )
    image_size: int = Field(
        ge=8,
        le=28,
        description="Side of images in pixels; data sets with a side of their own keep it, and signals have none.",
    )
    hidden: list[Annotated[int, Field(ge=1, le=65_536)]] = Field(
        min_length=1, max_length=16, description="Widths of the network's hidden layers."
    )
    batch_size: int = Field(
        ge=1, le=65_536, description="Examples per gradient; a method may search over multiples of it."
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
    further: dict[Word, _any_protocol()] = Field(
        {},
        description="Further experiments by name. Figures read `yardsticks`, `ensembles`, `larger_ensembles`; others "
        "they find by what they are.",
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
    seed: Annotated[int, Field(ge=0, le=1_000_000)] = Field(0, description="Seed of the draw of cells at level 2.")
    minutes: Annotated[float, Field(ge=0, le=100_000)] = Field(
        10.0, description="Minutes for levels 0 to 2 together: no cell is begun that would not end in time."
    )


class Config(Section):
    """The whole of config.yaml."""

    scale: str = Field(description="The scale to run: a name under `scales`.")
    start: Literal["raw", "records", "text"] = Field(
        "raw",
        description="Where a run begins: `raw` data; or, of what is published of the scale, its "
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
    scales: dict[Word, Scale] = Field(
        min_length=1,
        description="The scales by name; you may add your own.",
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


def validate(raw: dict, file: str = "config.yaml", overrides: Mapping | None = None) -> Config:
    """The config that `raw` holds; ConfigError names the first wrong key, or `--config` as its place if it came so."""
    config, found = _checked(raw)
    if found:
        first = of_use(found[0], raw, lambda mended: _checked(mended)[1])
        raise ConfigError(report([first, *found[1:]], file, overrides or {}))
    return config


def _checked(raw: object) -> tuple[Config | None, list[Problem]]:
    """The config that `raw` holds, None where it has no right form, and all mistakes."""
    if found := list(checks.unknown(raw)):
        return None, found
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        return None, odd_keys(raw, _schema()) or from_pydantic(error.errors(include_url=False), raw, _schema())
    return config, [problem._replace(value=value_at(raw, problem.path)) for problem in problems(config)]


def problems(config: Config) -> Iterator[Problem]:
    """Every mistake in all scales of `config`, whichever is active."""
    families = methods.names()
    yield from known(("scale",), config.scale, "scale", config.scales)
    yield from distinct(("methods",), config.methods, "method", families)
    yield from known(("reference",), config.reference, "method of the list", config.methods, families)
    if config.verify.level == 3 and config.start != "raw":
        complaint = f"compares with a run from raw data, but start = '{config.start}'"
        yield Problem(("verify", "level"), 3, complaint, "0 to 2, or start: raw")
    for name, scale in config.scales.items():
        yield from ascending(("scales", name, "severities"), scale.severities)
        for case, section in scale.theory:
            path = ("scales", name, "theory", case)
            yield from checks.of_theory((*path, "methods"), getattr(section, "methods", []))
            for key, value in section:
                if isinstance(value, list) and not any(isinstance(entry, str) for entry in value):
                    yield from ascending((*path, key), value)
        for key in sorted(scale.further.keys() & dict(scale.experiments).keys()):
            yield Problem(("scales", name, "further", key), key, "is the name of an experiment already", "another name")
        for path, experiment in _experiments(name, scale):
            yield from checks.problems(path, experiment, config)
            yield from protocols.load(experiment.protocol).problems(path, experiment, scale, config)
        yield from checks.parents(list(_experiments(name, scale)), config.methods)


def _experiments(name: str, scale: Scale) -> Iterator[tuple[tuple, Experiment]]:
    """Every experiment of a scale with its address."""
    for group in ("experiments", "further"):
        for key, experiment in dict(getattr(scale, group)).items():
            yield ("scales", name, group, key), experiment


def unpublished(config: Config, root: Path) -> Iterator[Problem]:
    """A start from what is published, in the folder `root`, where nothing is of the scale."""
    there = sorted(file.parent.name for file in (root / "published").glob("*/manifest.json"))
    if config.start != "raw" and config.scale not in there:
        scales = f", or one of the scales that something is published of: {', '.join(there)}" if there else ""
        complaint = f"needs published files, but nothing is published of the scale '{config.scale}'"
        yield Problem(("start",), config.start, complaint, f"raw{scales}")


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
    return vars(scale.experiments) | scale.further  # asked for thousands of times a plan; dict() would check each name


def methods_of(config: Config, experiment: str) -> list[str]:
    """The methods of an experiment, those of the list at the top of the config first and in its order."""
    return experiments(config)[experiment].chosen(config.methods)


def expand(config: Config) -> list[Cell]:
    """Every cell of the active scale, in the config's order."""
    return [
        Cell(name, dataset, method)
        for name, experiment in experiments(config).items()
        for dataset in experiment.datasets
        for method in methods_of(config, name)
    ]


def methods_run(config: Config, cell: Cell) -> list[str]:
    """The methods whose code the training of a cell runs: its own and, where that does not train, its learner."""
    learner = getattr(experiments(config)[cell.experiment], "learner", None)
    return [cell.method, *([learner] if learner else [])]


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


def _unusual(experiment: Experiment) -> dict:
    """Network, protocol and a protocol's unusual keys where they are not the default: other settings lack them."""
    rare = {"model"} | protocols.load(experiment.protocol).unusual
    given = experiment.model_dump(include=rare, exclude_defaults=True)
    # In its own section each protocol is the default of the key.
    return given if experiment.protocol == protocols.DEFAULT else given | {"protocol": experiment.protocol}


def _of_runs(config: Config, experiment: str, dataset: str, *keys: str) -> dict:
    """What every job on the runs of an experiment depends on, with further `keys` of the scale; `hidden` where the
    network has such layers."""
    scale, chosen = active(config), experiments(config)[experiment]
    layers = ["hidden"] if models.facts(chosen.model).hidden else []
    of_scale = scale.model_dump(include={"validation_size", "test_size", "device", *layers, *keys})
    return {"experiment": experiment, "dataset": dataset} | of_scale | _unusual(chosen)


def parent_of(config: Config, cell: Cell) -> Cell | None:
    """The cell that a cell's runs have parameters or losses of; None where they have neither."""
    parent = experiments(config)[cell.experiment].parent
    return Cell(parent.experiment, cell.dataset, parent.method) if parent else None


def train_settings(config: Config, cell: Cell) -> dict:
    """What training a cell depends on, beside the prepared data and the code."""
    scale, experiment = active(config), experiments(config)[cell.experiment]
    of_experiment = experiment.model_dump(include=TRAINED | protocols.load(experiment.protocol).keys)
    computed = scale.model_dump(include=COMPUTED - {"device"}, exclude_defaults=True)
    begins = {"parent": parent._asdict()} if (parent := parent_of(config, cell)) else {}
    if begins and experiment.parent.gives != "parameters":
        begins["parent"]["gives"] = experiment.parent.gives
    return cell._asdict() | of_experiment | _of_runs(config, *cell[:2], "batch_size") | computed | begins


def runs(settings: dict) -> int:
    """How many runs a cell with these settings of its training has."""
    draws = math.prod(len(values) for values in settings["grid"].values()) if settings["grid"] else settings["draws"]
    axes = protocols.load(protocols.name_of(settings)).axes.values()
    return math.prod(len(settings[axis.key]) for axis in axes) * settings["seeds"] * draws


def evaluate_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What evaluating all methods of a data set depends on; `natural` names the other data sets to evaluate on. Where
    scores have keys of their own, networks are compared with those of the `reference`."""
    scored = experiments(config)[experiment].model_dump(include=SCORED)
    return _of_runs(config, experiment, dataset, "severities") | {
        "vary": experiments(config)[experiment].vary,
        "natural": list(registry.partners(dataset)),
        "shifts": registry.get(dataset).shifted_by,
        **(scored | {"reference": config.reference} if scored else {}),
    }


def trace_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What tracing the runs of a data set depends on."""
    return _of_runs(config, experiment, dataset) | {"vary": experiments(config)[experiment].vary}


def measure_settings(config: Config, experiment: str, dataset: str) -> dict:
    """What measuring the runs of a data set depends on; differences between networks are to the reference's runs."""
    chosen = experiments(config)[experiment]
    return _of_runs(config, experiment, dataset) | {
        "reference": config.reference,
        "vary": chosen.vary,
        "grid": chosen.grid,
    }


def claims_settings(config: Config) -> dict:
    """What judging the claims depends on, beside the records and paper/claims.yaml."""
    said = {"scale": config.scale, "reference": config.reference, "confidence": config.confidence}
    return said | active(config).model_dump(include={"test_size"})


def numbers_settings(config: Config) -> dict:
    """What the numbers of the text depend on, beside the records and what is computed from them."""
    said = {key: value for key, value in report_settings(config).items() if key != "theory"}
    return said | {"test_pools": {name: registry.test_pool(name) for name in said["shifts"]}}


def calibrate_settings(config: Config) -> dict:
    """What judging simulated claims depends on, beside the records and paper/claims.yaml."""
    return claims_settings(config) | active(config).calibration.model_dump()


def figure_settings(report: dict, entry: Mapping) -> dict:
    """What a figure or table says of the study: its `report_settings`, but of the experiments those that its entry in
    the manifest reads (all of them where it describes all), and theory cases where it reads these.

    The methods are those of the whole study, so that a method looks alike in all figures.
    """
    settings = dict(report)
    if entry.get("describes") != "all":
        further = [name for name in entry.get("further", []) if name in settings["experiments"]]
        read = [*entry["experiments"], *further]
        trained = {data for name in read for data in settings["experiments"][name]["datasets"]}
        for key, kept in (("experiments", read), ("shifts", trained)):
            settings[key] = {name: value for name, value in settings[key].items() if name in kept}
    if "theory" not in entry.get("inputs", []):
        del settings["theory"]
    return settings


def report_settings(config: Config) -> dict:
    """What captions and numbers say of the study: its scale, protocol, methods by family, experiments and shifts."""
    chosen = experiments(config)
    used = dict.fromkeys(method for experiment in chosen for method in methods_of(config, experiment))
    families = methods.names()
    trained = dict.fromkeys(dataset for experiment in chosen.values() for dataset in experiment.datasets)
    return {
        "scale": config.scale,
        "reference": config.reference,
        "confidence": config.confidence,
        "methods": {name: families[name] for name in dict.fromkeys([*config.methods, *used]) if name in used},
        **active(config).model_dump(exclude=COMPUTED | {"experiments", "further", "theory", "calibration"}),
        "experiments": {
            name: each.model_dump(exclude=UNUSUAL | protocols.load(each.protocol).unusual)
            | {"methods": methods_of(config, name)}
            | _unusual(each)
            | each.model_dump(include={"parent"}, exclude_defaults=True)
            for name, each in chosen.items()
        },
        "theory": active(config).theory.model_dump(),
        "shifts": {
            name: {each.name: [each.family, each.split] for each in registry.shifts_of(name)} for name in trained
        },
    }
