"""Progress of a run: one line a finished job, with its key metric, and an estimate of what remains.

A handler beside Snakemake's own listens to the events of its logger; Snakemake's blocks of start and end leave the
terminal and stay in its log file. Errors, warnings and dry runs look as Snakemake shows them.
"""

import logging
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from snakemake.logging import LogEvent

from robustpath.operations.outcome import MARK

# What the lines of progress say in fewer words.
REPLACED = {
    LogEvent.WORKFLOW_STARTED,
    LogEvent.RUN_INFO,
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.PROGRESS,
    LogEvent.RESOURCES_INFO,
    LogEvent.GROUP_INFO,
}
REPLACED_TEXT = ("Using shell: ", "Conda environments: ", "Select jobs to execute", "Assuming unrestricted shared")
SUBMITTED = re.compile(r"Job \S+ has been submitted with SLURM jobid \d+")
# Without an account the executor asks sacct for one, with an option that many do not know; sbatch decides in the end.
GUESSES = ("No SLURM account given", "No account was given", "Unable to guess SLURM account")
NAME_WIDTH = 46


class Job(NamedTuple):
    """A job at work: its name, its kind (rule, or a name for several rules), its log, when it began (seconds)."""

    name: str
    kind: str
    log: str
    began: float


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def left_over(seconds: float | None) -> str:
    """What remains, to the minute; nothing where it is not known."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    return f"about {minutes} min left" if minutes < 60 else f"about {minutes // 60} h {minutes % 60:02d} min left"


def remaining(left: Mapping[str, int], spent: Mapping[str, Sequence[float]], at_once: int) -> float | None:
    """Seconds that the jobs left (counts by kind) will take, `at_once` of them side by side.

    A kind takes the median of its finished jobs, or of all jobs where none has finished. None where there is nothing to
    go by: nothing is left, or no job has finished of the kind that most of the run's jobs are.
    """
    left = {kind: count for kind, count in left.items() if count > 0}
    everything = [seconds for times in spent.values() for seconds in times]
    if not left or not everything:
        return None
    planned = {kind: left.get(kind, 0) + len(spent.get(kind, ())) for kind in [*left, *spent]}
    if not spent.get(max(planned, key=planned.get)):
        return None
    of_any = statistics.median(everything)
    total = sum(count * statistics.median(spent.get(kind) or [of_any]) for kind, count in left.items())
    return total / max(1, min(at_once, sum(left.values())))


def line(done: int, total: int, name: str, seconds: float, metric: str, left: str) -> str:
    """One line of progress: `n/m  name  time  key metric  (estimate)`, its first columns aligned."""
    count = f"{done:>{len(str(total))}}/{total}"
    end = "  ".join(part for part in (metric, f"({left})" if left else "") if part)
    return f"{count}  {name:<{NAME_WIDTH}}  {duration(seconds):>11}  {end}".rstrip()


def overview(planned: Mapping[str, int]) -> str:
    """What will run, in a line: the jobs by kind, the most numerous first."""
    kinds = sorted(planned.items(), key=lambda item: -item[1])
    return f"{sum(planned.values())} jobs: {', '.join(f'{kind} {count}' for kind, count in kinds)}"


def metric(log: str | Path) -> str:
    """The key metric that a finished job left in the last line of its log; "" without one."""
    try:
        last = Path(log).read_text(errors="replace").rstrip().rpartition("\n")[2]
    except OSError:
        return ""
    return last.removeprefix(MARK) if last.startswith(MARK) else ""


def chatter(record: logging.LogRecord) -> bool:
    """Whether a record of Snakemake's says at length what progress says in a line."""
    said = str(record.msg)
    if record.levelno > logging.INFO:
        return said.startswith(GUESSES)
    return (
        getattr(record, "event", None) in REPLACED
        or said.startswith(REPLACED_TEXT + GUESSES)
        or bool(SUBMITTED.match(said))
    )


class Progress(logging.Handler):
    """Prints the lines of progress of one run to a stream; `kinds` names what several rules have in common."""

    def __init__(self, stream: TextIO, kinds: Mapping[str, str] | None = None, clock=time.monotonic):
        super().__init__(logging.INFO)
        self.stream, self.kinds, self.clock = stream, kinds or {}, clock
        self.left, self.total, self.at_once = Counter(), 0, 1
        self.running: dict[int, Job] = {}
        self.spent = defaultdict(list)

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of an event; what goes wrong here is printed and never reaches the run."""
        take = {
            LogEvent.RUN_INFO: self.plan,
            LogEvent.JOB_INFO: self.start,
            LogEvent.JOB_ERROR: self.fail,
            LogEvent.JOB_FINISHED: self.finish,
        }.get(getattr(record, "event", None))
        try:
            if take:
                take(record)
        except Exception:
            self.handleError(record)

    def plan(self, record: logging.LogRecord) -> None:
        """The jobs that will run, by rule."""
        self.left.clear()
        for rule, count in record.stats.items():
            if rule != "total":
                self.left[self.kinds.get(rule, rule)] += count
        self.total = self.left.total()
        self.say(overview(self.left))

    def start(self, record: logging.LogRecord) -> None:
        """A job that begins, under SLURM one that is submitted."""
        rule = record.rule_name
        name = " ".join(part for part in (rule, "/".join(map(str, (record.wildcards or {}).values()))) if part)
        log = next(iter(record.log or []), "")
        self.running[record.jobid] = Job(name, self.kinds.get(rule, rule), log, self.clock())
        self.at_once = len(self.running)

    def fail(self, record: logging.LogRecord) -> None:
        """A job that failed: Snakemake shows it; it may begin again."""
        self.running.pop(record.jobid, None)

    def finish(self, record: logging.LogRecord) -> None:
        """A job that finished: its line."""
        job = self.running.pop(record.job_id)
        seconds = self.clock() - job.began
        self.spent[job.kind].append(seconds)
        self.left[job.kind] -= 1
        done = self.total - self.left.total()
        estimate = left_over(remaining(self.left, self.spent, self.at_once))
        self.say(line(done, self.total, job.name, seconds, metric(job.log) if job.log else "", estimate))

    def say(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


def attach(logger: logging.Logger, kinds: Mapping[str, str] | None = None) -> None:
    """Show progress where Snakemake's own handler writes, and take its chatter off it; its log file keeps all.

    Without that handler, as under a logger plugin of the user's, everything stays as it is.
    """
    shown = next((handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"), None)
    if shown is None or any(isinstance(handler, Progress) for handler in logger.handlers):
        return
    shown.addFilter(lambda record: not chatter(record))
    logger.addHandler(Progress(shown.stream, kinds))
