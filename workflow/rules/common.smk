"""Helpers of the rules: checks that end in one sentence, what each job is told, where its files lie, the last word."""

import atexit
import json
import os
import re
import signal
import sys
from difflib import get_close_matches
from pathlib import Path

import psutil
import yaml
from snakemake.cli import get_argument_parser
from snakemake.logging import logger
from snakemake.settings.types import DAGSettings
from snakemake_interface_executor_plugins.settings import ExecMode

from robustpath import protocols, study
from robustpath.claims import model
from robustpath.core.errors import UserError
from robustpath.core.fingerprint import fingerprint, remember
from robustpath.data import registry
from robustpath.methods import names
from robustpath.figures.manifest import manifest
from robustpath.operations.last_words import NOTHING, Reports, last_words, stamp, written
from robustpath.operations.progress import attach
from robustpath.operations.surroundings import user_name
from robustpath.publication import machine, published
from robustpath.study import expand, load
from robustpath.theory import CASES
from robustpath.theory.section import theory_settings

ROOT = Path(workflow.basedir)
SUFFIX = {"figure": "pdf", "table": "tex"}
JUDGED = {"claims", "calibration"}  # computed from the records, whatever the DAG starts from
LOGS = {}  # of every job, as its log was before the run
REPORTS = Reports()
PAPER_SUFFIXES = {".tex", ".bib", ".sty", ".cls", ".bst"}

# Jobs run under the interpreter that runs Snakemake, on the sources beside the Snakefile. As environment, not as a
# parameter: a new virtual environment is no reason to train again. Snakemake wants a name for the user.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    PYTHONPATH=os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    LOGNAME=user_name(),
)


def checked(read):
    """The value of read(); a UserError ends the run here, before any job, with its one sentence."""
    try:
        return read()
    except UserError as error:
        sys.exit(f"error: {error}")


def typed(value):
    """A value of --config with its nested numbers read as YAML reads config.yaml: Snakemake leaves them text."""
    if isinstance(value, dict):
        return {key: typed(below) for key, below in value.items()}
    if isinstance(value, list):
        return [typed(below) for below in value]
    try:
        return yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError:
        return value


def fingerprints():
    """The code that each kind of job runs: of protocols, methods, networks and data sets, its own files and no other."""
    family, chosen = names(), study.experiments(CONFIG)
    found = {
        "prepare": {
            name: fingerprint("robustpath.data.prepare", f"robustpath.data.sets.{name}")
            for name in study.datasets_to_prepare(CONFIG)
        },
        "train": {
            (cell.experiment, cell.method): fingerprint(
                f"robustpath.protocols.{chosen[cell.experiment].protocol}.training",
                f"robustpath.methods.{family[cell.method]}.{cell.method}",
                f"robustpath.models.{chosen[cell.experiment].model}",
            )
            for cell in CELLS
        },
        "evaluate": {
            (name, dataset): fingerprint(
                f"robustpath.protocols.{each.protocol}.score",
                f"robustpath.models.{each.model}",
                *registry.shifting_code(dataset),
            )
            for name, each in chosen.items()
            for dataset in each.datasets
        },
        "measure": fingerprint("robustpath.protocols.supervised.measure"),
        "trace": {
            name: fingerprint("robustpath.protocols.supervised.trajectories", f"robustpath.models.{each.model}")
            for name, each in chosen.items()
            if getattr(each, "points", 0)
        },
        "collate": fingerprint("robustpath.records"),
        "numbers": fingerprint("robustpath.numbers.collect", printed=True),
        "paper": fingerprint("robustpath.paper.build", printed=True),
        "arxiv": fingerprint("robustpath.paper.arxiv"),
        "picture": fingerprint("robustpath.publication.pictures"),
        "notebook": {
            name: fingerprint("robustpath.figures.notebooks", ROOT / f"notebooks/{name}.py", printed=True)
            for name in MANIFEST
        },
    }
    remember()
    return found


def known_claims():
    """paper/claims.yaml, refused before any job where it is wrong or names a method that there is not."""
    claims = model.load("paper/claims.yaml")
    model.check_names(claims, {*names(), *CONFIG.methods})
    return claims


def told(settings):
    """Settings as the command line takes them; the order of keys is the config's, which figures keep."""
    return json.dumps(settings, separators=(",", ":"))


def memory_of(shipped):
    """Megabytes of a job: `shipped` on a data set that a package ships, more on one that is fetched."""

    def megabytes(wildcards):
        return 8000 if registry.get(wildcards.dataset).fetched else shipped

    return megabytes


def time_to_prepare(wildcards):
    """Minutes, those of a download of up to 3 GB included."""
    return 240 if registry.get(wildcards.dataset).fetched else 10


def prepare_settings(wildcards):
    return told(study.prepare_settings(CONFIG, wildcards.dataset))


def prepare_code(wildcards):
    return CODE["prepare"][wildcards.dataset]


def train_settings(wildcards):
    cell = study.Cell(wildcards.experiment, wildcards.dataset, wildcards.method)
    return told(study.train_settings(CONFIG, cell))


def train_code(wildcards):
    return CODE["train"][wildcards.experiment, wildcards.method]


def evaluate_code(wildcards):
    return CODE["evaluate"][wildcards.experiment, wildcards.dataset]


def trace_code(wildcards):
    return CODE["trace"][wildcards.experiment]


def parent(wildcards):
    """Weights and runs of the cell that a training begins with; nothing where it begins at an initialisation."""
    cell = study.parent_of(CONFIG, study.Cell(wildcards.experiment, wildcards.dataset, wildcards.method))
    folder = f"{RESULTS}/train/{cell.experiment}/{cell.dataset}" if cell else ""
    return [f"{folder}/{cell.method}{suffix}" for suffix in (".safetensors", ".parquet")] if cell else []


def parent_option(wildcards):
    return f"--parent {' '.join(parent(wildcards))}" if parent(wildcards) else ""


def evaluate_settings(wildcards):
    return told(study.evaluate_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def trace_settings(wildcards):
    return told(study.trace_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def measure_settings(wildcards):
    return told(study.measure_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def case_settings(wildcards):
    return told(of_theory(wildcards.case))


def theory_code(wildcards):
    """The code of a case, and of the methods that it runs."""
    family = names()
    methods = [f"robustpath.methods.{family[name]}.{name}" for name in of_theory(wildcards.case).get("methods", [])]
    return fingerprint("robustpath.theory.run", f"robustpath.theory.{wildcards.case}", *methods)


def of_theory(case):
    return theory_settings(study.active(CONFIG).theory, case)


def named_data(wildcards):
    """The data set of the evaluation and those it is shifted to, each as NAME=FILE."""
    return [f"{Path(file).stem}={file}" for file in evaluated_data(wildcards)]


def evaluated_data(wildcards):
    shifted = study.evaluate_settings(CONFIG, wildcards.experiment, wildcards.dataset)["natural"]
    return [f"{RESULTS}/data/{name}.safetensors" for name in [wildcards.dataset, *shifted]]


def trained(suffix):
    """The training outputs of all methods of an evaluation, in the order of its settings."""

    def files(wildcards):
        folder = f"{RESULTS}/train/{wildcards.experiment}/{wildcards.dataset}"
        return [f"{folder}/{name}{suffix}" for name in study.methods_of(CONFIG, wildcards.experiment)]

    return files


def scores():
    """The scores of every experiment and data set, and the measures where an experiment is measured."""
    chosen = study.experiments(CONFIG)
    pairs = dict.fromkeys(cell[:2] for cell in CELLS)
    return [f"{RESULTS}/evaluate/{name}/{data}.parquet" for name, data in pairs] + [
        f"{RESULTS}/measure/{name}/{data}.parquet" for name, data in pairs if getattr(chosen[name], "measured", False)
    ]


def on_the_way():
    """The scores that trainings took on their way, where their protocol has such."""
    chosen = study.experiments(CONFIG)
    scored = {name for name in protocols.names() if any(m.on_the_way for m in protocols.load(name).metrics.values())}
    cells = [cell for cell in CELLS if chosen[cell.experiment].protocol in scored]
    return [f"{RESULTS}/train/{cell.experiment}/{cell.dataset}/{cell.method}.scores.parquet" for cell in cells]


def traced(suffix):
    """What is traced: every experiment and data set that keeps moments of its training."""
    chosen = study.experiments(CONFIG)
    pairs = dict.fromkeys(cell[:2] for cell in CELLS if getattr(chosen[cell.experiment], "points", 0))
    return [f"{RESULTS}/trace/{name}/{data}{suffix}" for name, data in pairs]


def beside_records(entry):
    """The files that a figure or table reads beside the records, by the names in its manifest entry."""
    known = {
        "traces": traced(".parquet"),
        "surfaces": traced(".npz"),
        "theory": [f"{RESULTS}/theory/{case}.parquet" for case in CASES],
        "claims": [f"{RESULTS}/claims.json"],
        "calibration": [f"{RESULTS}/calibration.parquet"],
    }
    return {name: known[name] for name in entry.get("inputs", [])}


def named_inputs(entry):
    return [f"{name}={file}" for name, files in beside_records(entry).items() for file in files]


def seconds():
    return [f"{RESULTS}/train/{cell.experiment}/{cell.dataset}/{cell.method}.seconds.parquet" for cell in CELLS]


def drawn():
    """Every figure and table with its caption."""
    return [
        f"{RESULTS}/generated/{name}.{ending}"
        for name, entry in MANIFEST.items()
        for ending in (SUFFIX[entry["kind"]], "caption.tex")
    ]


def picture_of(wildcards):
    """The figure or table that a picture of the report shows."""
    return f"{RESULTS}/generated/{wildcards.name}.{SUFFIX[MANIFEST[wildcards.name]['kind']]}"


def category(wildcards):
    return MANIFEST[wildcards.name]["category"]


def report_labels(wildcards):
    """What the report's list says of a picture: one label, since of a second that has two values in equal parts
    Snakemake 9.27 makes a switch, and the page breaks at what has but one of them."""
    return {"question": MANIFEST[wildcards.name]["question"]}


def restructured(text):
    """Plain text as reStructuredText, where backticks, stars and bars would mark something up."""
    return re.sub(r"([`*|_\\])", r"\\\1", text)


def paper_sources():
    return sorted(str(file.relative_to(ROOT)) for file in (ROOT / "paper").rglob("*") if file.suffix in PAPER_SUFFIXES)


def published_files():
    """The published files, whose change unpacks them again."""
    return [f"{PUBLISHED}/{name}" for name in [published.MANIFEST, *published.manifest(PUBLISHED)["files"]]]


def unpacked():
    """What the published files give; refused where they lack what the rest of the way needs."""
    made = [f"{RESULTS}/{name}" for name in published.unpacked(PUBLISHED, CONFIG.start)]
    needed = drawn() if CONFIG.start == "text" else [file for entry in MANIFEST.values() for file in tables(entry)]
    if lacking := sorted(set(needed) - set(made)):
        raise UserError(
            f"{PUBLISHED} lacks {Path(lacking[0]).relative_to(RESULTS)}; start from raw data, or publish the scale anew"
        )
    return made


def tables(entry):
    """What of the inputs of a figure or table is not computed from the records."""
    return [file for name, files in beside_records(entry).items() if name not in JUDGED for file in files]


def verified():
    """What verification needs made first: at level 3 all that can be made of raw data, else nothing."""
    if CONFIG.verify.level < 3:
        return []
    return rules.printed.input


def use_all_cores_unless_told():
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


def end_with_the_terminal():
    """Let a closed terminal end a run as Ctrl-C does, so that workers end and the lock is lifted; under nohup, where the
    signal is ignored, it stays ignored."""

    def end(number, frame):
        for worker in psutil.Process().children(recursive=True):
            worker.terminate()
        raise KeyboardInterrupt

    if workflow.exec_mode == ExecMode.DEFAULT and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, end)


def lift_rate_limit():
    """Take off the limit of jobs a second, which is no limit here but keeps the scheduler awake.

    While jobs wait for a core, Snakemake 9.27 looks at them again after every second of the limit, once for every job
    that has ended (snakemake#3744): after a hundred jobs that alone takes most of a core.
    """
    workflow.scheduler.job_rate_limiter = None


def check_targets():
    """End the run with the names there are if a target is a plain word and no rule."""
    if workflow.exec_mode != ExecMode.DEFAULT:
        return
    known = [rule.name for rule in workflow.rules if not rule.has_wildcards()]
    for target in get_argument_parser().parse_known_args()[0].targets:
        if target.isidentifier() and target not in known and not Path(target).exists():
            near = get_close_matches(target, known, n=1)
            hint = f"did you mean {near[0]}? There are" if near else "there are"
            sys.exit(f"error: there is no figure, table or step '{target}'; {hint} {', '.join(known)}.")


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
