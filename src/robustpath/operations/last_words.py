"""Why a job failed, in one sentence: what it wrote last into its log, else what SLURM says of it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from snakemake.logging import LogEvent

SNAKEMAKE_LOGS = ".snakemake/log"
REFUSED = re.compile(r"sbatch failed.*?The error message was '(.*?)'\.?$", re.S | re.M)
STATUS = re.compile(r"SLURM status is: '(\w+)'")


class Report(NamedTuple):
    """What Snakemake's executor says of a job that failed: its message and the logs that it names."""

    message: str = ""
    logs: Sequence[str] = ()


NOTHING = Report()


class Reports(logging.Handler):
    """Keeps the last report on each failed job, by the job's id."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.of: dict[int, Report] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Note the report on a failed job."""
        if getattr(record, "event", None) == LogEvent.JOB_ERROR:
            self.of[record.jobid] = Report(record.rule_msg or "", record.log or ())


def stamp(log: str | Path) -> tuple[int, ...] | None:
    """What writing a log changes: its inode, size and times; None where there is no such file.

    Two stamps are only tested for equality: the clock of the machine that writes may be behind the clock here.
    """
    try:
        found = Path(log).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def written(log: str | Path, before: tuple[int, ...] | None) -> bool:
    """Whether this run has written something into a log; `before` is its stamp when the run began.

    Snakemake leaves an empty log for a job that never started.
    """
    now = stamp(log)
    return now is not None and now != before and Path(log).stat().st_size > 0


def last_words(log: str | Path | None, before: tuple[int, ...] | None, report: Report = NOTHING) -> str:
    """The sentence on a failed job, which begins with `error: `.

    `before` is the stamp of its log when the run began: a log that is still the same is an older run's.
    """
    if log and written(log, before):
        last = (Path(log).read_text(errors="replace").splitlines() or [""])[-1]
        if last.startswith("error: "):
            return last
    if refused := REFUSED.search(report.message):
        said = "; ".join(line.removeprefix("sbatch: error: ").strip() for line in refused[1].splitlines())
        return f"error: SLURM refused the job ({said}); correct site.yaml, the SBATCH_ variables or slurm/config.yaml"
    others = [file for file in report.logs if stamp(file) and file != str(log)]
    place = (others or [SNAKEMAKE_LOGS])[-1]
    status = STATUS.search(report.message)
    cause = f"SLURM ended it with the status {status[1]}" if status else "it ended as a killed job does"
    return f"error: {cause}, without a message of its own; look into {place}"
