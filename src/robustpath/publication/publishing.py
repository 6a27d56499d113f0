"""Publishing a finished run, and unpacking what was published for the DAG to start from."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from robustpath import protocols, records, study
from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.publication import digests, draws, machine, published
from robustpath.publication.published import CLAIMS, DIGESTS, DRAWS, GENERATED, RECORDS
from robustpath.records import RUN, SCHEMA

PRINTED = (CLAIMS, f"{GENERATED}/**/*")
COPIED = ("seconds.parquet", "theory/*.parquet", "trace/**/*.parquet", "trace/**/*.npz", *PRINTED)
ORDER = ["experiment", "dataset", "metric", "split", "shift", "severity", "method", *RUN[3:-1]]
LEVEL = 22  # of zstd


def publish(scale: str, root: Path = Path("."), start: str = "raw") -> Path:
    """Fill published/{scale} from results/{scale} and return it; UserError where the run is unfinished or stale.

    With the start `records`, what is printed alone is published anew, from results/{scale}-records, where it was made
    from the published records; these stay as they are, and the manifest keeps the commit and machine that gave them.
    """
    config = study.load(Path(root) / "config.yaml", {"scale": scale, "start": start})
    results, out = Path(root) / study.results(config), published.folder(scale, root)
    here = machine.source(root)
    if here.silence:
        raise UserError(f"no commit is known to publish: {here.silence}; publish from a clone in which git log works")
    if here.edits:
        raise UserError(f"{here.edits[0]} differs from the commit that would be published; commit it, then publish")
    if jobs := to_do(scale, root, start):
        raise UserError(
            f"{results} is not up to date ({jobs}); run snakemake --config scale={scale} start={start}, then publish "
            "again"
        )
    table = records.plain(records.load(results / "records.parquet"))
    _check_whole(table, config, results)
    building = out.with_name(f".{scale}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        if start == "records":
            reprint(building, results, out, config, here.commit, root)
        else:
            fill(building, results, table, config, here.commit, root)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def to_do(scale: str, root: Path, start: str = "raw") -> str:
    """What Snakemake would still do for all that is printed, in a few words; "" where nothing is to be done."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--dry-run",
        "printed",
        "--config",
        f"scale={scale}",
        f"start={start}",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode:
        raise UserError(f"snakemake cannot plan the scale {scale}: {said.strip().splitlines()[-1]}")
    counts = said.partition("Job stats:")[2].partition("\n\n")[0].split()
    return "" if "Nothing to be done" in said else f"{counts[-1] if counts else 'some'} jobs are to do"


def _check_whole(table: pd.DataFrame, config: study.Config, results: Path) -> None:
    found = table[RUN].drop_duplicates().groupby(RUN[:3]).size()
    for cell in study.expand(config):
        expected, there = study.runs(study.train_settings(config, cell)), found.get(tuple(cell), 0)
        if there != expected:
            raise UserError(
                f"{results}/records.parquet has {there} of the {expected} runs of {cell.method} on {cell.dataset} "
                f"({cell.experiment}); run snakemake again, then publish"
            )


def fill(
    out: Path, results: Path, table: pd.DataFrame, config: study.Config, commit: str, root: Path = Path(".")
) -> None:
    """Write all published files of a run and their manifest into the new folder `out`."""
    parts = protocols.parts()
    unknown = set(table["metric"].unique()) - {metric for metrics in parts.values() for metric in metrics}
    if unknown:
        raise UserError(
            f"the metric {min(unknown)} is in no part of what is published, so its rows would be lost: state it among "
            "the metrics of its protocol"
        )
    for name, metrics in parts.items():
        rows = table[table["metric"].isin(metrics)]
        if len(rows):
            _write_part(rows, out / RECORDS / f"{name}.parquet")
    _write(digests.of_records(table), out / DIGESTS)
    experiments = study.report_settings(config)["experiments"]
    _write(draws.of_records(table, draws.undrawn(experiments)), out / DRAWS)
    _copy(results, COPIED, out)
    published.write_manifest(out, _about(config, commit, root))


def reprint(out: Path, results: Path, before: Path, config: study.Config, commit: str, root: Path = Path(".")) -> None:
    """Write into the new folder `out` what is published in the folder `before` with all that is printed anew, from
    `results`; UserError names a file of `before` that was altered."""
    manifest = published.manifest(before)
    for name in [name for name in manifest["files"] if not published.printed(name)]:
        _refuse_altered(before, name, manifest["files"])
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(before / name, out / name)
    _copy(results, PRINTED, out)
    run = published.trained(manifest)
    trained = {key: run[key] for key in ("commit", "platform", "versions")}
    published.write_manifest(out, _about(config, commit, root) | {"trained": trained})


def _copy(results: Path, patterns: tuple[str, ...], out: Path) -> None:
    for file in sorted({file for pattern in patterns for file in results.glob(pattern) if file.is_file()}):
        target = out / file.relative_to(results)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(seals.content(file))  # the manifest has the digest of what is published


def _about(config: study.Config, commit: str, root: Path) -> dict:
    """What a manifest says beside its files."""
    return {
        "scale": config.scale,
        "commit": commit,
        "source_commit": machine.source(root).changed,
        "platform": machine.machine(),
        "versions": machine.versions(),
        "settings": settings(config),
    }


def settings(config: study.Config) -> dict:
    """The settings of the config that figures, tables and numbers use, as JSON holds them."""
    return json.loads(json.dumps(study.report_settings(config)))


def _write_part(rows: pd.DataFrame, out: Path) -> None:
    # Accuracies repeat few values: a dictionary; other scores are single-precision numbers in double: bytes set apart.
    dictionary = rows["value"].nunique() * 10 < len(rows)
    names = [name for name in SCHEMA if name != "value"] + ["value"] * dictionary
    sorted_rows = rows.sort_values([*ORDER, "draw"], kind="stable")
    _write(sorted_rows, out, names, None if dictionary else {"value": "BYTE_STREAM_SPLIT"})


def _write(table: pd.DataFrame, out: Path, dictionary: list[str] | bool = True, encoding: dict | None = None) -> None:
    rows = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    options = {"use_dictionary": dictionary, "column_encoding": encoding, "row_group_size": 1 << 22}
    with replacing(out) as temporary:
        pq.write_table(rows, temporary, compression="zstd", compression_level=LEVEL, write_statistics=False, **options)


def unpack(out: Path, start: str, results: Path) -> list[Path]:
    """Copy what the DAG starts from (records or text) into `results` and return it; UserError names a file that was
    altered."""
    listed = published.manifest(out)["files"]
    wanted = published.unpacked(out, start)
    sources = [name for name in listed if name in wanted or (start == "records" and name.startswith(f"{RECORDS}/"))]
    for name in sources:
        _refuse_altered(Path(out), name, listed)
    for name in wanted:
        if name == "records.parquet":
            records.write(records.load(Path(out) / RECORDS), Path(results) / name)
            continue
        with replacing(Path(results) / name) as temporary:
            shutil.copyfile(Path(out) / name, temporary)
    return [Path(results) / name for name in wanted]


def _refuse_altered(out: Path, name: str, listed: dict) -> None:
    path = out / name
    if not path.is_file() or published.sha256(path) != listed[name]["sha256"]:
        raise UserError(
            f"{path}: {'altered since it was' if path.is_file() else 'missing though'} published; "
            f"restore it from the repository (`make verify LEVEL=0` says more)"
        )
