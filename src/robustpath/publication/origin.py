"""Where every figure, table, number and claim of the paper comes from: one table, from which links, lists and packages
are made."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from robustpath import numbers, protocols, study
from robustpath.claims import contrast_model, files, model
from robustpath.config.yaml import read
from robustpath.figures.manifest import manifest
from robustpath.numbers.macros import EVERY, maker
from robustpath.study import Config, Experiments

SUFFIX = {"figure": "pdf", "table": "tex"}
RECORDS, CLAIMS, CALIBRATION = "records.parquet", "claims.json", "calibration.parquet"
# What a figure or table reads beside the records, in results/{scale}.
BESIDE = {
    "traces": "trace/**/*.parquet",
    "surfaces": "trace/**/*.npz",
    "theory": "theory/*.parquet",
    "claims": CLAIMS,
    "calibration": CALIBRATION,
}
# The package and its modules that it imports; those that make no numbers add nothing.
MODULES = (numbers, *filter(inspect.ismodule, vars(numbers).values()))
READS = {
    "_hypotheses": (CLAIMS,),
    "_stream_hypotheses": (CLAIMS,),
    "_shortcut_hypotheses": (CLAIMS,),
    "_together_hypotheses": (CLAIMS,),
    "_walks": (RECORDS, CLAIMS),
    "_line": (RECORDS, CLAIMS),
    "_calibration": (CALIBRATION,),
    "_overlap": (),
}


class Origin(NamedTuple):
    """One thing that the paper prints.

    kind: figure, table, numbers (all that one function makes) or claim; meaning: question or meaning, plain text;
    source: file in the repository, with function and line; inputs, outputs: files in results/{scale}; experiments:
    whose runs it rests on, with how many cells, runs and gradient evaluations these are.
    """

    name: str
    kind: str
    meaning: str
    source: str
    function: str | None
    line: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    experiments: tuple[str, ...]
    cells: int
    runs: int
    gradient_evaluations: int


def table(config: Config, root: Path = Path(".")) -> list[Origin]:
    """Every figure and table in the order of the manifest, then the numbers by their functions, then the claims."""
    root = Path(root)
    costs = _costs(config)
    found = []
    for name, entry in manifest(root / "notebooks/manifest.yaml").items():
        read = (*entry["experiments"], *(name for name in entry.get("further", []) if name in costs))
        reads = [BESIDE[each] for each in entry.get("inputs", [])]
        inputs = ((RECORDS,) if read and not {"traces", "surfaces"} & set(entry.get("inputs", [])) else ()) + tuple(
            reads
        )
        made = (f"generated/{name}.{SUFFIX[entry['kind']]}", f"generated/{name}.caption.tex")
        found.append(
            Origin(
                name,
                entry["kind"],
                entry["question"],
                f"notebooks/{name}.py",
                None,
                1,
                inputs,
                made,
                read,
                *_sum(costs, read),
            )
        )
    for make in makers():
        source, line = Path(inspect.getsourcefile(make)), inspect.getsourcelines(make)[1]
        meaning = inspect.getdoc(make).split("\n\n")[0].replace("\n", " ")
        place = f"src/{source.as_posix().rpartition('/src/')[2]}"
        inputs = READS.get(make.__name__, (RECORDS,))
        found.append(
            Origin(
                maker(make), "numbers", meaning, place, make.__name__, line, inputs, ("generated/numbers.tex",),
                _read(make, costs), *_sum(costs, _read(make, costs)),
            )
        )  # fmt: skip
    return found + [_of_claim(*each, costs) for each in _claims(root)]


def _claims(root: Path) -> Iterator[tuple]:
    """Every claim with the module that judges it and the experiments it rests on."""
    # Here, since a job that only lists does not need what judges.
    from robustpath.claims import contrast_judge, judge

    for family in model.load(root / files.CLAIMS).families.values():
        for claim in family.claims:
            yield claim, judge, (family.experiment, family.curve)
    for family in contrast_model.load_all(root / file for file in files.CONTRAST_FILES).families.values():
        for claim in family.claims:
            yield claim, contrast_judge, tuple(contrast_model.experiments(claim))


def _of_claim(claim, module, read: tuple[str, ...], costs: dict) -> Origin:
    name = module.__name__.rpartition(".")[2]
    line = inspect.getsourcelines(module.judge)[1]
    place = f"src/robustpath/claims/{name}.py"
    cost = _sum(costs, read)
    return Origin(claim.id, "claim", claim.statement, place, "judge", line, (RECORDS,), (CLAIMS,), read, *cost)


def _read(make: Callable, costs: Iterable[str]) -> tuple[str, ...]:
    """The experiments whose records a maker of numbers reads, of all those that there are."""
    return tuple(costs) if EVERY in make.experiments else make.experiments


def makers() -> Iterator:
    """The functions that make the numbers of the text."""
    for module in MODULES:
        for thing in vars(module).values():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__ and hasattr(thing, "experiments"):
                yield thing


def _costs(config: Config) -> dict[str, tuple[int, int, int]]:
    """Cells, runs and gradient evaluations of each experiment, as the config asks for them."""
    costs = dict.fromkeys([*Experiments.model_fields, *study.experiments(config)], (0, 0, 0))
    for cell in study.expand(config):
        settings = study.train_settings(config, cell)
        runs = study.runs(settings)
        own = (1, runs, round(runs * protocols.spent(settings)[0]))
        costs[cell.experiment] = tuple(map(sum, zip(costs[cell.experiment], own, strict=True)))
    return costs


def _sum(costs: dict[str, tuple[int, int, int]], experiments: Iterable[str]) -> tuple[int, int, int]:
    chosen = [costs[name] for name in experiments if name in costs]  # a further experiment need not be in the config
    return tuple(map(sum, zip(*chosen, strict=True))) if chosen else (0, 0, 0)


@cache
def repository(root: Path = Path(".")) -> str | None:
    """The public address of the repository, from CITATION.cff; None where it names none."""
    path = Path(root) / "CITATION.cff"
    return read(path).get("repository-code") if path.is_file() else None
