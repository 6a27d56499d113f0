"""What jobs took, by Snakemake's benchmark files, and what to ask a cluster for."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

from robustpath.core.errors import UserError

HEADROOM = 1.5  # times the largest peak of memory
SLACK = 3.0  # times the longest job: other machines are slower, and other jobs beside it
STEP_MB = 400  # the two Snakemakes that SLURM counts beside the job, 150 MB each
ROUND_MB = 500
LEAST_MINUTES = 10
LOCAL = ("notebooks", "pictures")  # made where Snakemake runs


class Taken(NamedTuple):
    """What one job took: its rule, its wildcards, seconds on the wall, peak of memory in MB."""

    rule: str
    name: str
    seconds: float
    megabytes: float


class Request(NamedTuple):
    """What to ask for a rule's jobs, at the first attempt: how many were measured, the most they took, the request."""

    rule: str
    jobs: int
    seconds: float
    megabytes: float
    mem_mb: int
    runtime: int


def taken(results: Path) -> list[Taken]:
    """Every job of a scale's results that a cluster runs; UserError where there is none, or a file is cut short."""
    folder = Path(results) / "benchmarks"
    files = sorted(file for file in folder.glob("*/**/*.tsv") if file.relative_to(folder).parts[0] not in LOCAL)
    if not files:
        raise UserError(f"{folder} holds no measured job: run the scale first, or name another by --scale")
    return [_read(file, folder) for file in files]


def requests(jobs: Iterable[Taken]) -> list[Request]:
    """What to ask for each rule: the largest peak and the longest job with head-room, rounded up."""
    of_rule: dict[str, list[Taken]] = {}
    for job in jobs:
        of_rule.setdefault(job.rule, []).append(job)
    return [_request(rule, measured) for rule, measured in of_rule.items()]


def as_profile(asked: Iterable[Request]) -> str:
    """The requests as a profile's `set-resources`, growing with each attempt."""
    table = {
        each.rule: {"mem_mb": f"{each.mem_mb} * attempt", "runtime": f"{each.runtime} * attempt"} for each in asked
    }
    return yaml.safe_dump({"set-resources": table}, sort_keys=False)


def _request(rule: str, measured: list[Taken]) -> Request:
    seconds, megabytes = max(job.seconds for job in measured), max(job.megabytes for job in measured)
    memory = ROUND_MB * math.ceil((HEADROOM * megabytes + STEP_MB) / ROUND_MB)
    minutes = max(LEAST_MINUTES, LEAST_MINUTES * math.ceil(SLACK * seconds / 60 / LEAST_MINUTES))
    return Request(rule, len(measured), seconds, megabytes, memory, minutes)


def _read(file: Path, folder: Path) -> Taken:
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    place = file.relative_to(folder).with_suffix("")
    try:
        # A job that ended before the first sample has no peak.
        peak = rows[0]["max_rss"]
        return Taken(
            place.parts[0], "/".join(place.parts[1:]), float(rows[0]["s"]), 0.0 if peak == "NA" else float(peak)
        )
    except (IndexError, KeyError, ValueError, TypeError):
        raise UserError(f"{file} is no benchmark file of Snakemake's: delete it, and its job runs again") from None
