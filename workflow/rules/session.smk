"""How a run behaves and what it says: cores, what is made again, signals, progress, the last word."""

import atexit
import signal
from contextlib import suppress
from difflib import get_close_matches

import psutil
from snakemake.benchmark import BenchmarkTimer
from snakemake.cli import get_argument_parser
from snakemake.logging import logger
from snakemake.settings.types import DAGSettings
from snakemake_interface_executor_plugins.settings import ExecMode

from robustpath.operations import fork_server, locks
from robustpath.operations.last_words import NOTHING, Reports, last_words, stamp, written
from robustpath.operations.progress import attach

LOGS = {}  # of every job, as its log was before the run
REPORTS = Reports()
SERVERS = []  # a fork server lasts until nobody holds it
NO_LOCK = {"--nolock", "--unlock"}


def use_all_cores_unless_given():
    """Let a bare `snakemake NAME` run: Snakemake wants --cores for local jobs, and --jobs for a cluster's.

    A default profile cannot do it: Snakemake would merge it into the cluster's and cap the cluster at this machine.
    """
    given = workflow.resource_settings
    if given.cores is None and given.nodes is None:
        given.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        workflow.global_resources["_cores"] = given.cores


def make_again_what_is_incomplete():
    """Let the same command go on after Snakemake was killed while jobs of it ran on, or was interrupted as one ended.

    Outputs that were written while nobody watched are made again, for which Snakemake wants --rerun-incomplete. It
    reads the flag before this file and hands it over after, so what is read of it is set.
    """
    DAGSettings.force_incomplete = property(lambda settings: True, lambda settings, given: None)


def lift_dead_lock():
    """Let the same command go on where a run was killed: the lock that it left is lifted, which is said.

    On a cluster the jobs of that run may still be at work, so a person decides (docs/cluster.md).
    """
    local, shown = workflow.resource_settings.nodes is None, workflow.output_settings
    if local and workflow.exec_mode == ExecMode.DEFAULT and not (shown.dryrun or NO_LOCK & set(sys.argv)):
        if said := locks.lift_dead():
            print(said, file=sys.stderr)


def end_with_the_terminal():
    """Let a closed terminal (SIGHUP) and Ctrl-\\ (SIGQUIT) end a run as Ctrl-C does, so that workers end and the lock is
    lifted; a signal that is ignored, as under nohup, stays ignored."""

    def end(number, frame):
        for worker in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # one that ended with those before it
                worker.terminate()
        raise KeyboardInterrupt

    for each in (signal.SIGHUP, signal.SIGQUIT):
        if workflow.exec_mode == ExecMode.DEFAULT and signal.getsignal(each) == signal.SIG_DFL:
            signal.signal(each, end)


def lift_rate_limit():
    """Take off the limit of jobs a second, which is no limit here but keeps the scheduler awake.

    While jobs wait for a core, Snakemake 9.27 looks at them again after every second of the limit, once for every job
    that has ended (snakemake#3744): after a hundred jobs that alone takes most of a core.
    """
    workflow.scheduler.job_rate_limiter = None


def heed_signals():
    """Let a signal end a run that waits for its jobs, also where it does not interrupt the wait.

    Python handles a signal in the main thread, as soon as that runs. Snakemake 9.27 lets it sleep there without end,
    and a signal that reaches another thread, or comes just before, does not wake it.
    """
    jobs = workflow.scheduler._open_jobs
    acquire = jobs.acquire

    def acquire_in_turns():
        while not acquire(timeout=1):
            pass

    jobs.acquire = acquire_in_turns


def serve_local_jobs():
    """Start jobs of this machine without their imports; a node of a cluster has no such server."""
    if workflow.exec_mode == ExecMode.DEFAULT and workflow.resource_settings.nodes is None:
        SERVERS.append(fork_server.start(Path(".snakemake/log/fork_server.log")))


def measure_where_jobs_run():
    """Let a benchmark file be of the process that runs the job, where that is not the one which waits for its end."""
    own = BenchmarkTimer.work

    def work(timer):
        if timer.main.pid == timer.pid:
            timer.main = fork_server.copy_for(timer.main) or timer.main
        own(timer)

    BenchmarkTimer.work = work


def check_targets():
    """End the run with the names there are if a target is a plain word and no rule, or a file of what the config lacks."""
    if workflow.exec_mode != ExecMode.DEFAULT:
        return
    known = [rule.name for rule in workflow.rules if not rule.has_wildcards()]
    files = made_of_cells()
    folders = {str(Path(file).parts[:3]) for file in files}
    for target in get_argument_parser().parse_known_args()[0].targets:
        if target.isidentifier() and target not in known and not Path(target).exists():
            near = get_close_matches(target, known, n=1)
            hint = f"did you mean {near[0]}? There are" if near else "there are"
            sys.exit(f"error: there is no figure, table or step '{target}'; {hint} {', '.join(known)}.")
        if str(Path(target).parts[:3]) in folders and os.path.normpath(target) not in files:
            near = get_close_matches(target, files, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            sys.exit(f"error: the config has no {target}; {hint}`python -m robustpath list cells` shows what it has.")


def made_of_cells():
    """The files that rules with wildcards make by this config."""
    if CONFIG.start != "raw":
        return []
    pairs = [{"experiment": experiment, "dataset": dataset} for experiment, dataset in PAIRS]
    wildcards = {
        "prepare": [{"dataset": name} for name in study.datasets_to_prepare(CONFIG)],
        "train": [cell._asdict() for cell in CELLS],
        "evaluate": pairs,
        "measure": [pair for pair in pairs if is_measured(pair["experiment"])],
        "trace": [pair for pair in pairs if is_traced(pair["experiment"])],
        "theory": [{"case": case} for case in CASES],
    }
    return [
        pattern.format(**values)
        for rule, each in wildcards.items()
        for values in each
        for pattern in getattr(rules, rule).output
    ]


def show_progress():
    """One line a finished job in place of Snakemake's blocks; a dry run, whose blocks are its result, keeps them."""
    shown = workflow.output_settings
    if workflow.exec_mode == ExecMode.DEFAULT and not (shown.dryrun or shown.verbose):
        attach(logger, dict.fromkeys(MANIFEST, "figures and tables"))


def watch_failures():
    """Remember the logs of older runs, and note what is said of jobs that fail from now on."""
    LOGS.update((log, stamp(log)) for job in workflow.dag.jobs for log in job.log)
    logger.addHandler(REPORTS)


def summary():
    """What a finished run has made: the paper with its counts, or the targets that were asked for."""
    asked = {job.rule.name for job in workflow.dag.targetjobs}
    if "verify" in asked:
        return f"Verified {PUBLISHED}; the certificate: {CERTIFICATE}."
    if "printed" in asked:
        return f"Made all that the paper prints, in {RESULTS}/generated."
    targets = [file for job in workflow.dag.targetjobs for file in (job.output[:1] or job.input)]
    if f"{RESULTS}/paper.pdf" not in targets:
        more = f" and {len(targets) - 3} more" if len(targets) > 3 else ""
        return f"Made {', '.join(sorted(targets)[:3])}{more}."
    if CONFIG.start != "raw":
        return f"Made {RESULTS}/paper.pdf from the {CONFIG.start} in {PUBLISHED}."
    of_each = [study.train_settings(CONFIG, cell) for cell in CELLS]
    counts = {
        "runs": sum(map(study.runs, of_each)),
        "methods": len({cell.method for cell in CELLS}),
        "data sets": len({cell.dataset for cell in CELLS}),
        "figures and tables": len(MANIFEST),
    }
    return f"Made {RESULTS}/paper.pdf from {', '.join(f'{count:,} {of}' for of, count in counts.items())}."


def failures():
    """What a person needs after a failed run: how far it came, then a sentence for each cause, with the jobs it struck."""
    if workflow.scheduler is None:
        return []
    struck = {}
    for job in sorted(workflow.scheduler.failed, key=lambda job: job.jobid):
        log = next(iter(job.log), None)
        struck.setdefault(last_words(log, LOGS.get(log), REPORTS.of.get(job.jobid, NOTHING)), []).append(job)
    left = sum(1 for _ in workflow.dag.needrun_jobs())
    failed = len(workflow.scheduler.failed)
    return [
        f"Not made: {left} steps, {failed} of them failed; the same command goes on from here.",
        *(f"{cause} ({named(jobs)})" for cause, jobs in struck.items()),
    ]


def named(jobs):
    """Failed jobs as the lines of progress name them, and the log of the first."""
    names = [
        " ".join([job.rule.name, *(["/".join(job.wildcards_dict.values())] if job.wildcards_dict else [])])
        for job in jobs
    ]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    logs = [log for log in jobs[0].log if written(log, LOGS.get(log))]
    log = f"; log: {logs[0]}" if logs else ""
    return f"{', '.join(names[:3])}{more}{log}"


def say_last(*lines):
    """Print after Snakemake's own last words, where the eye falls."""
    atexit.register(lambda: print(*lines, sep="\n", file=sys.stderr))


def say_what_is_left_out():
    """Print, before any job, each figure and table of which the config lacks what its entry in the manifest needs."""
    if workflow.exec_mode == ExecMode.DEFAULT and CONFIG.start != "text":
        for name, entry in MANIFEST.items():
            if why := declared.why(entry.get("needs", {}), study.figure_settings(REPORT, entry)):
                print(f"{name}: {why}", file=sys.stderr)
