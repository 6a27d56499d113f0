"""Records: the one tidy table of scores and measures, a row a run x split x shift x severity x metric."""

import math
from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from robustpath import protocols
from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.protocols.base import ABSENT

RUN = ["experiment", "dataset", "method", *protocols.axes(), "seed", "draw"]
KEY = [*RUN, "split", "shift", "severity", "metric"]
SCHEMA = {
    "experiment": "text",
    "dataset": "text",
    "method": "text",
    "family": "text",
    **{name: axis.kind for name, axis in protocols.axes().items()},
    "seed": "whole",
    "draw": "whole",
    "split": "text",
    "shift": "text",
    "shift_family": "text",
    "severity": "whole",
    "metric": "text",
    "value": "real",
    "converged": "truth",
    "gradient_evaluations": "real",
    "steps": "whole",
    "diverged": "truth",
    "hyperparameters": "text",
}
SECONDS = {name: SCHEMA[name] for name in RUN} | {"seconds": "real"}
ALLOWED = {
    "split": {"train", "holdout", "validation", "test"},
    "shift_family": {"none", "natural", "corruption", "published", "generator"},
    "metric": set(protocols.metrics()),
}
ARROW = {"text": pa.string(), "whole": pa.int64(), "real": pa.float64(), "truth": pa.bool_()}
FITS = {
    "text": lambda dtype: pd.api.types.is_string_dtype(getattr(dtype, "categories", dtype)),
    "whole": pd.api.types.is_integer_dtype,
    "real": pd.api.types.is_float_dtype,
    "truth": pd.api.types.is_bool_dtype,
}
GROUP = 1 << 17  # rows of a file that are read together: what wants few experiments passes over most of them
NOUN = {"text": "text", "whole": "whole numbers", "real": "real numbers", "truth": "true or false"}


def validate(table: pd.DataFrame, source: object, schema: dict[str, str] = SCHEMA, key: list[str] = KEY) -> None:
    """Raise a UserError naming `source` and the column or row where `table` departs from `schema` or repeats `key`."""
    missing = [name for name in schema if name not in table]
    unknown = [name for name in table if name not in schema]
    if missing or unknown:
        faults = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(unknown)}"] * bool(unknown)
        raise UserError(f"{source}: the table {' and '.join(faults)}; remake the file by running snakemake again")
    if table.empty:
        raise UserError(f"{source}: the table has no rows; remake the file by running snakemake again")
    for name, kind in schema.items():
        if not FITS[kind](table[name].dtype):
            raise UserError(f"{source}: column {name} must hold {NOUN[kind]}, not {table[name].dtype}")
        empty = table[name].isna()
        if name == "value":
            # The logits of a diverged network may overflow, and a measure may fail.
            lost = table["diverged"].astype(bool) | ~table["converged"].astype(bool)
            empty &= ~(lost & ~table["metric"].isin(_always()))
        if empty.any():
            raise UserError(f"{source}: column {name} has no value in {_row(table, empty, key)}")
        strange = ~table[name].isin(ALLOWED[name]) if name in ALLOWED else None
        if strange is not None and strange.any():
            known = ", ".join(sorted(ALLOWED[name]))
            raise UserError(f"{source}: column {name} may hold {known} only, see {_row(table, strange, key)}")
    for name, axis in protocols.axes().items():
        outside = ~table[name].between(axis.low, axis.high) & (table[name] != ABSENT)
        if outside.any():
            raise UserError(
                f"{source}: {name} must be a {axis.meaning} in [{axis.low:g}, {axis.high:g}], "
                f"see {_row(table, outside, key)}"
            )
    if "metric" in schema:
        codes, names = pd.factorize(table["metric"])
        low, high = (
            np.array([getattr(protocols.metrics()[name], side) for name in names], dtype=float)[codes]
            for side in ("low", "high")
        )
        outside = ~table["value"].between(low, high) & table["value"].notna()
        if outside.any():
            name = table["metric"][outside].iloc[0]
            metric = protocols.metrics()[name]
            raise UserError(
                f"{source}: {name} must lie in [{metric.low:g}, {metric.high:g}] ({metric.unit}), "
                f"see {_row(table, outside, key)}"
            )
    twice = _repeated(table, key)
    if twice.any():
        raise UserError(f"{source}: the same row occurs twice: {_row(table, twice, key)}")


def _repeated(table: pd.DataFrame, key: list[str]) -> pd.Series:
    """Which rows agree in all columns of `key` with a row above them: the columns become the digits of one number."""
    number, places = np.zeros(len(table), dtype=np.int64), 1
    for name in key:
        codes, values = pd.factorize(table[name], use_na_sentinel=False)
        if places * len(values) > np.iinfo(np.int64).max:  # numbers of what there is in place of all that could be
            number, there = pd.factorize(number)
            places = len(there)
        places *= max(len(values), 1)
        number = number * max(len(values), 1) + codes
    return pd.Series(number, index=table.index).duplicated()


def _always() -> list[str]:
    """The metrics that are a number for every run."""
    return [name for name, metric in protocols.metrics().items() if metric.always]


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the axes that it lacks, as those of other protocols: ABSENT."""
    lacking = {name: ABSENT for name in protocols.axes() if name not in table}
    return table.assign(**{name: float(ABSENT) if SCHEMA[name] == "real" else ABSENT for name in lacking})


def _row(table: pd.DataFrame, where: pd.Series, key: list[str]) -> str:
    position = int(where.to_numpy().argmax())
    return f"row {position} ({named(table[key].iloc[position])})"


def collate(scores: Iterable[Path], seconds: Iterable[Path], records: Path, seconds_out: Path) -> None:
    """Join the score files into `records` and the timing files into `seconds_out`; equal rows give equal bytes."""
    _join(scores, records, SCHEMA, KEY)
    _join(seconds, seconds_out, SECONDS, RUN)


def _join(files: Iterable[Path], out: Path, schema: dict[str, str], key: list[str]) -> None:
    tables = []
    for file in files:
        tables.append(read(file))
        validate(tables[-1], file, schema, key)
    if not tables:
        raise UserError(f"{out}: no files to collate")
    table = pd.concat(tables, ignore_index=True)
    validate(table, f"the files collated into {out}", schema, key)
    write(table, out, schema, key)


def write(table: pd.DataFrame, out: Path, schema: dict[str, str] = SCHEMA, key: list[str] = KEY) -> None:
    """Write rows sorted by `key` as parquet with no trace of when or by whom: equal tables are equal bytes."""
    arrow = pa.schema([(name, ARROW[kind]) for name, kind in schema.items()])
    rows = pa.Table.from_pandas(table[list(schema)], schema=arrow, preserve_index=False).replace_schema_metadata(None)
    with replacing(out) as temporary:
        rows = rows.sort_by([(name, "ascending") for name in key])
        pq.write_table(rows, temporary, compression="zstd", row_group_size=GROUP)


def read(path: Path) -> pd.DataFrame:
    """The table in a file, or in the parts in a folder, with text as text; not checked."""
    return plain(_coded(path))


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its categories as text."""
    return table.astype(dict.fromkeys(table.columns[table.dtypes == "category"], "str"))


def _coded(path: Path, experiments: Collection[str] | None = None) -> pd.DataFrame:
    """The table of `read`, or its rows of some experiments, with text as categories in alphabetical order.

    Text repeats: each word is decoded once, and codes are compared and copied many times faster than words.
    """
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    table = pa.concat_tables([_dictionaries(part, experiments) for part in parts]).unify_dictionaries().combine_chunks()
    return complete(_alphabetical(table.to_pandas(use_threads=False)))


def _dictionaries(path: Path, experiments: Collection[str] | None) -> pa.Table:
    try:
        text = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
        file = pq.ParquetFile(path, read_dictionary=text)
        if experiments is None:
            return file.read(use_threads=False).replace_schema_metadata(None)
        table = file.read_row_groups(_groups(file, experiments), use_threads=False).replace_schema_metadata(None)
        return table.filter(pc.is_in(table["experiment"].cast(pa.string()), pa.array(sorted(experiments), pa.string())))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except pa.ArrowInvalid as error:
        raise UserError(f"{path}: not a readable parquet file ({error}); remove it and run snakemake again") from None


def _groups(file: pq.ParquetFile, experiments: Collection[str]) -> list[int]:
    """The groups of rows of a file that may hold one of some experiments, by the first and last one of each."""
    place, known = file.schema_arrow.names.index("experiment"), range(file.metadata.num_row_groups)
    ends = [file.metadata.row_group(number).column(place).statistics for number in known]
    return [
        number
        for number, end in zip(known, ends, strict=True)
        if end is None or not end.has_min_max or any(end.min <= name <= end.max for name in experiments)
    ]


def _alphabetical(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the categories of each column in alphabetical order, in which groups are then sorted."""
    coded = table.columns[table.dtypes == "category"]
    return table.assign(**{name: table[name].cat.set_categories(sorted(table[name].cat.categories)) for name in coded})


def root() -> Path:
    """The repository: the nearest folder, from the current one upwards, that holds config.yaml."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config.yaml").is_file():
            return folder
    raise UserError(f"no config.yaml in {here} or above it; start from inside the repository")


def files(scale: str, *patterns: str) -> list[Path]:
    """The files of `scale` that match the first of some patterns that any matches: in results/ of the repository around
    the current folder or, where results/ has none, in published/, which a printed line then says.

    UserError where neither has one.
    """
    for place in ("results", "published"):
        folder = root() / place / scale
        for pattern in patterns:
            if found := sorted(folder.glob(pattern)):
                if place == "results":
                    seals.check(found)
                if place == "published":
                    print(f"{pattern} of what is published in {folder}: results/{scale} has none")
                return found
    raise UserError(f"no {patterns[0]} in {root() / 'results' / scale}: run `snakemake --config scale={scale}` first")


def load(
    records: str | Path | None = None, scale: str = "laptop", experiments: Collection[str] | None = None
) -> pd.DataFrame:
    """The records in `records` (a file, or a folder of parts), or those of `scale` (see `files`), or of these those of
    some experiments; checked, no row lacking that others of its experiment have. Text is categories (see `plain`)."""
    path = Path(records) if records else files(scale, "records.parquet", "records")[0]
    if not path.exists():
        raise UserError(f"no records at {path}: run `snakemake --config scale={scale}` first")
    table = _coded(path, experiments)
    if experiments is not None and table.empty:
        raise UserError(f"{path}: no runs of the experiments {', '.join(experiments)}; run snakemake again")
    validate(table, path)
    whole(table, path)
    return table


def whole(table: pd.DataFrame, source: object) -> None:
    """Raise a UserError naming the cells where a run or a row is lacking that others of its experiment have.

    On every data set an experiment has the same runs, each with the same scores; measures may be those of some methods
    and draws alone, but of a method are the same.
    """
    text = [name for name in KEY if SCHEMA[name] == "text"]
    coded = table[KEY].astype(dict.fromkeys(text, "category"))  # codes are compared several times faster than text
    for _, own in coded.groupby("experiment", sort=False, observed=True):
        measures = own["metric"].isin(protocols.measures())
        every = {axis: np.asarray(own[axis].unique()) for axis in RUN}
        refuse_gaps(own[~measures], ["experiment", "dataset", *KEY[len(RUN) :]], every, source)
        refuse_gaps(own[measures], ["experiment", "dataset", "method", *KEY[len(RUN) :]], every, source)


def refuse_gaps(rows: pd.DataFrame, fixed: list[str], every: dict[str, np.ndarray], source: object) -> None:
    """Refuse cells of the columns `fixed` without a row for every combination of the other columns of RUN.

    `every` has the values of these columns in the experiment; of the draws, those that a metric has anywhere count.
    """
    axes = [axis for axis in RUN if axis not in fixed]
    draws = rows.groupby("metric", observed=True)["draw"].unique()
    for cell, count in rows.groupby(fixed, observed=True).size().items():
        place = dict(zip(fixed, cell, strict=True))
        values = [draws[place["metric"]] if axis == "draw" else every[axis] for axis in axes]
        if count != math.prod(map(len, values)):
            here = np.logical_and.reduce([(rows[axis] == value).to_numpy() for axis, value in place.items()])
            runs = pd.MultiIndex.from_product(values, names=axes)
            runs = runs.difference(pd.MultiIndex.from_frame(rows.loc[here, axes]))
            lost = [dict(zip(axes, run, strict=True)) for run in runs]
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            raise UserError(
                f"{source}: the records are not complete: {named(place)} is lacking for "
                f"{'; '.join(map(named, lost[:3]))}{more}; run snakemake again"
            )


def present(names: Iterable[str], column: pd.Series | pd.Index) -> list[str]:
    """Those of some names that a column of a table holds, in their order."""
    there = set(column.unique())
    return [name for name in names if name in there]


def named(cell: Mapping[str, object]) -> str:
    """A cell, run or row by its columns, without the axes that only other protocols have."""
    others = {name for name in protocols.axes() if name in cell and cell[name] == ABSENT}
    return ", ".join(f"{name}={value}" for name, value in cell.items() if name not in others)


def report_settings(settings: dict | None = None, scale: str | None = None) -> dict:
    """`settings` as given, or those that config.yaml has for `scale` (its default when None)."""
    if settings is not None:
        return settings
    # By name: what a figure depends on is the settings that the workflow gives, not the config behind this default.
    study = import_module("robustpath.study")
    overrides = {"scale": scale} if scale else None
    return study.report_settings(study.load(root() / "config.yaml", overrides))


def test_scores(records: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Test accuracies of an experiment: dataset, method, train_size, label_noise, seed, shift_family … severity, value.

    Takes records after selection (one draw a cell); shift_family "none" is the unshifted test set.
    """
    chosen = records[
        (records["experiment"] == experiment) & (records["split"] == "test") & (records["metric"] == "accuracy")
    ]
    if chosen.empty:
        known = ", ".join(sorted(records["experiment"].unique()))
        raise UserError(f"the records have no test accuracy of experiment {experiment}, only {known}")
    axes = ["dataset", "method", "train_size", "label_noise", "seed", "shift_family", "shift", "severity"]
    return chosen[[*axes, "value"]].reset_index(drop=True)


def measured(records: pd.DataFrame, experiment: str, metric: str, split: str | None = None) -> pd.DataFrame:
    """The rows RUN, value, converged of one measure of an experiment; on `split` alone where the metric has several."""
    own = (records["experiment"] == experiment) & (records["metric"] == metric) & (records["shift"] == "none")
    if split is not None:
        own &= records["split"] == split
    return records.loc[own, [*RUN, "value", "converged"]].reset_index(drop=True)


def runs(records: pd.DataFrame) -> pd.DataFrame:
    """One row a run: the columns of RUN, then family, gradient_evaluations, steps, diverged, hyperparameters."""
    facts = ["family", "gradient_evaluations", "steps", "diverged", "hyperparameters"]
    return records[RUN + facts].drop_duplicates(RUN).reset_index(drop=True)
