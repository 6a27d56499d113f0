"""From a config to what the paper inputs, in this process: simulated records, and all that follows from them.

Judge, calibration, numbers, notebooks and LaTeX are the real ones. What has the same inputs is made once a process.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from unittest.mock import patch

import executed
import numpy as np
import pandas as pd
import whole_study
from matplotlib import pyplot

from robustpath import numbers, records, study
from robustpath.claims import judge, verdict_errors
from robustpath.claims.files import CLAIMS, CONTRAST_FILES
from robustpath.figures import captions, left_out, style
from robustpath.protocols import declared
from robustpath.protocols.checks import has_phases
from robustpath.theory import CASES
from robustpath.theory import run as theory
from robustpath.theory.section import theory_settings

ROOT = Path(__file__).parents[2]
DRAWN: dict[str, dict[str, bytes]] = {}  # what notebooks made, by a digest of what they were run on


def made(config, folder: Path, theories: Path, begun: Callable[[str], object] = lambda stage: None, draws=True) -> Path:
    """Everything that the paper inputs but the page of origins, in the folder that is returned; `theories` keeps theory
    cases.

    Without `draws`, figures are not rendered, and what would be the same as before is not made again.
    """
    generated = folder / "generated"
    generated.mkdir(parents=True, exist_ok=True)
    begun("records")
    file, judged, simulated = (folder / name for name in ("records.parquet", "claims.json", "calibration.parquet"))
    records.write(whole_study.recorded(config), file)
    table = records.load(file)
    traces(config, folder / "trace")
    begun("theory")
    cases = [theory_case(config, case, theories) for case in CASES]
    with quiet(), loading(table):
        begun("claims")
        judge.write(
            file, ROOT / CLAIMS, study.claims_settings(config), judged, [ROOT / name for name in CONTRAST_FILES]
        )
        begun("calibrate")
        verdict_errors.write(file, ROOT / CLAIMS, study.calibrate_settings(config), simulated)
        begun("numbers")
        numbers.write(file, study.numbers_settings(config), generated / "numbers.tex", judged, simulated)
    known = {cell: whole_study.settled(config, cell) for cell in study.expand(config)}
    beside = {"claims": judged, "calibration": simulated, "theory": cases}
    beside |= {"traces": sorted(folder.glob("trace/*/*.parquet")), "surfaces": sorted(folder.glob("trace/*/*.npz"))}
    for name in executed.MANIFEST:
        begun(name)
        notebook(config, name, table, known, beside, generated, draws)
    return generated


def notebook(config, name: str, table, known: dict, beside: dict, folder: Path, draws: bool = True) -> None:
    """Draw one figure or table from the records of the experiments that its entry declares, and of no other."""
    entry = executed.MANIFEST[name]
    cells = [cell for cell in known if entry.get("describes") == "all" or cell.experiment in entry["experiments"]]
    inputs = {key: beside[key] for key in entry.get("inputs", [])}
    settings = study.figure_settings(study.report_settings(config), entry)
    files = [file for value in inputs.values() for file in (value if isinstance(value, list) else [value])]
    read = [[file.name, hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    digest = json.dumps([name, settings, read, [known[cell] for cell in cells]])
    out, caption = folder / f"{name}.{'pdf' if entry['kind'] == 'figure' else 'tex'}", folder / f"{name}.caption.tex"
    if draws or digest not in DRAWN:
        own = table[table["experiment"].isin({cell.experiment for cell in cells})]
        with quiet(), loading(own), described(), nullcontext() if draws else patch.object(style, "save", not_rendered):
            if why := declared.why(entry.get("needs", {}), settings):
                left_out.write(name, entry, why, out, caption)
            else:
                given = {
                    each: [*map(str, value)] if isinstance(value, list) else str(value)
                    for each, value in inputs.items()
                }
                made, _ = executed.executed(name, folder, records="records.parquet", settings=settings, **given)
                out.write_bytes(made)
        DRAWN[digest] = {file.name: file.read_bytes() for file in (out, caption)}
    for file, content in DRAWN[digest].items():
        (folder / file).write_bytes(content)


def _as_given(files: Path | list[Path]) -> str | list[str]:
    """Files as a notebook takes them."""
    return [*map(str, files)] if isinstance(files, list) else str(files)


def not_rendered(figure, out) -> None:
    """In the place of style.save: an empty page."""
    Path(out).write_bytes(_page())


@cache
def _page() -> bytes:
    page = BytesIO()
    pyplot.figure(figsize=(1, 1)).savefig(page, format="pdf")
    return page.getvalue()


def described():
    """The manifest is read once."""
    return patch.object(captions, "manifest", lambda name, folder=None: executed.MANIFEST[name])


@contextmanager
def quiet() -> Iterator[None]:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield


def loading(table: pd.DataFrame):
    """Whoever loads records is given these, which were read and checked already."""
    return patch.object(records, "load", lambda path=None, scale="laptop", experiments=None: table.copy())


def theory_case(config, case: str, folder: Path) -> Path:
    """The table of a theory case, run unless there is one of the same settings."""
    settings = theory_settings(study.active(config).theory, case)
    file = folder / f"{case}-{hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]}.parquet"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with quiet():
            theory.run(settings, file, 1)
    return file


def traces(config, folder: Path) -> None:
    """Moments and surfaces of every experiment that keeps moments, drawn at random: rows and shapes of real ones."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, experiment in study.experiments(config).items():
        if getattr(experiment, "points", 0):
            (folder / name).mkdir(parents=True)
            for dataset in experiment.datasets:
                _trace(config, name, dataset, folder / name / dataset)


def _trace(config, name: str, dataset: str, file: Path) -> None:
    frames, drawn = [], {}
    for method in study.methods_of(config, name):
        settings = study.train_settings(config, study.Cell(name, dataset, method))
        stream = np.random.default_rng(len(method))
        phases = [0, 0, 1] if has_phases(method) else [0, 0]
        count = max(settings["points"], len(phases))
        walking = np.arange(count) < (count // 2 if method in whole_study.WALKING else 0)
        runs = whole_study.runs(settings, stream)
        for quantity in ("loss", "lambda_max", "accuracy", "distance"):
            moment = pd.DataFrame({
                "moment": range(count), "walking": walking,
                "gradient_evaluations": np.linspace(0, settings["budget"], count), "quantity": quantity,
            })  # fmt: skip
            table = runs[RUN].merge(moment, how="cross")
            frames.append(table.assign(value=stream.lognormal(size=len(table)), converged=True))
        plane, axis = stream.lognormal(size=(31, 31)), np.linspace(-1, 1, 31)
        own = {"random": plane, "random_axis": axis, "way": plane, "way_first": axis, "way_second": axis}
        own |= {"coordinates": stream.normal(size=(count, 2)), "explained": np.array([0.6, 0.2]), "walking": walking}
        drawn |= {f"{method}.{key}": value for key, value in own.items()}
    pd.concat(frames, ignore_index=True).to_parquet(file.with_name(f"{file.name}.parquet"), index=False)
    np.savez_compressed(file.with_name(f"{file.name}.npz"), **drawn)


RUN = ["experiment", "dataset", "method", "family", "train_size", "label_noise", "seed", "draw"]
