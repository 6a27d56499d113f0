"""Helpers of the rules: checks that end in one sentence, the settings of each job, where its files lie."""

import json
import os
import re
import sys
from functools import cache
from pathlib import Path

from robustpath import protocols
from robustpath.config.overrides import overrides
from robustpath.core.errors import UserError


def checked(read):
    """The value of read(); a UserError ends the run here, before any job, with its one sentence."""
    try:
        return read()
    except UserError as error:
        sys.exit(f"error: {error}")


# Before what is made of them is imported: records, claims and the config follow from all protocols.
checked(protocols.axes)
checked(protocols.metrics)

from robustpath import study
from robustpath.claims import contrast_model, experiments, model
from robustpath.claims.files import CLAIMS, CONTRAST_FILES
from robustpath.core import seals
from robustpath.core.fingerprint import fingerprint, remember
from robustpath.data import registry
from robustpath.figures.manifest import check_names, manifest
from robustpath.methods import names
from robustpath.operations.surroundings import user_name
from robustpath.protocols import declared
from robustpath.publication import machine, published
from robustpath.study import expand, load
from robustpath.theory import CASES
from robustpath.theory.section import theory_settings

ROOT = Path(workflow.basedir)
# Snakemake fills in wildcards here too: braces in the name of a folder above are none.
ENVIRONMENT = str(ROOT / "environment.yml").replace("{", "{{").replace("}", "}}")
SUFFIX = {"figure": "pdf", "table": "tex"}
JUDGED = {"claims", "calibration"}  # computed from the records, from wherever the DAG starts
# Which job is begun first: one that all others wait for, one that is long; theory and figures, which have no priority,
# fill the cores that would wait.
AWAITED, LONG, USUAL = 30, 20, 10
PAPER_SUFFIXES = {".tex", ".bib", ".sty", ".cls", ".bst"}

# Jobs run under the interpreter that runs Snakemake, on the sources beside the Snakefile. As environment, not as a
# parameter: a new virtual environment is no reason to train again. Snakemake wants a name for the user.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    PYTHONPATH=os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    LOGNAME=user_name(),
)


def given():
    """What the command line says of the config, as it is written there: Snakemake's `config` has lost some of it."""
    settings = workflow.config_settings
    return overrides(settings.config_args, settings.configfiles, sys.argv)


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
                *(f"robustpath.methods.{family[name]}.{name}" for name in study.methods_run(CONFIG, cell)),
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
        "theory": {
            case: fingerprint(
                "robustpath.theory.run",
                f"robustpath.theory.{case}",
                *(f"robustpath.methods.{family[name]}.{name}" for name in of_theory(case).get("methods", [])),
            )
            for case in CASES
        },
        "trace": {
            name: fingerprint("robustpath.protocols.supervised.trajectories", f"robustpath.models.{each.model}")
            for name, each in chosen.items()
            if getattr(each, "points", 0)
        },
        "collate": fingerprint("robustpath.records"),
        "numbers": fingerprint("robustpath.numbers", printed=True),
        "paper": fingerprint("robustpath.paper.build", printed=True),
        "arxiv": fingerprint("robustpath.paper.arxiv"),
        "picture": fingerprint("robustpath.publication.pictures"),
        "notebook": {
            name: fingerprint("robustpath.figures.notebooks", ROOT / f"notebooks/{name}.py", printed=True)
            for name in MANIFEST
        },
    }
    return found


def known_claims():
    """The files of hypotheses, refused before any job where one is wrong or names what there is not."""
    claims, parts = model.load(CLAIMS), {file: contrast_model.load(file) for file in CONTRAST_FILES}
    contrasts = contrast_model.joined(parts.items())
    model.check_names(claims, {*names(), *CONFIG.methods})
    experiments.check(CLAIMS, claims, CONFIG)
    contrast_model.check_apart(claims, contrasts)
    known = contrast_model.Known(names(), list(registry.DATASETS), list(experiments.everywhere(CONFIG)))
    for file, part in parts.items():
        contrast_model.check_names(file, part, known)
        experiments.check_contrasts(file, part, CONFIG)
    return claims, contrasts


def as_json(settings):
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
    return as_json(study.prepare_settings(CONFIG, wildcards.dataset))


def prepare_code(wildcards):
    return CODE["prepare"][wildcards.dataset]


def train_settings(wildcards):
    cell = study.Cell(wildcards.experiment, wildcards.dataset, wildcards.method)
    return as_json(study.train_settings(CONFIG, cell))


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
    return as_json(study.evaluate_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def trace_settings(wildcards):
    return as_json(study.trace_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def measure_settings(wildcards):
    return as_json(study.measure_settings(CONFIG, wildcards.experiment, wildcards.dataset))


def case_settings(wildcards):
    return as_json(of_theory(wildcards.case))


def theory_code(wildcards):
    return CODE["theory"][wildcards.case]


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


def trained_keys(wildcards):
    """What the seals of the trainings of an evaluation must say of their settings, in the order of `trained`."""
    names = study.methods_of(CONFIG, wildcards.experiment)
    return [key_of(study.Cell(wildcards.experiment, wildcards.dataset, name)) for name in names]


@cache
def key_of(cell):
    return seals.key(json.loads(as_json(study.train_settings(CONFIG, cell))))


def is_measured(experiment):
    return getattr(study.experiments(CONFIG)[experiment], "measured", False)


def is_traced(experiment):
    return getattr(study.experiments(CONFIG)[experiment], "points", 0) > 0


def scores():
    """The scores of every experiment and data set, and the measures where an experiment is measured."""
    measured = [f"{RESULTS}/measure/{name}/{data}.parquet" for name, data in PAIRS if is_measured(name)]
    return [f"{RESULTS}/evaluate/{name}/{data}.parquet" for name, data in PAIRS] + measured


def on_the_way():
    """The scores that trainings took on their way, where their protocol has such."""
    chosen = study.experiments(CONFIG)
    scored = {name for name in protocols.names() if any(m.on_the_way for m in protocols.load(name).metrics.values())}
    cells = [cell for cell in CELLS if chosen[cell.experiment].protocol in scored]
    return [f"{RESULTS}/train/{cell.experiment}/{cell.dataset}/{cell.method}.scores.parquet" for cell in cells]


def traced(suffix):
    """What is traced: every experiment and data set that keeps moments of its training."""
    return [f"{RESULTS}/trace/{name}/{data}{suffix}" for name, data in PAIRS if is_traced(name)]


@cache
def all_beside():
    """All that figures and tables read beside the records, by the names in the manifest."""
    return {
        "traces": traced(".parquet"),
        "surfaces": traced(".npz"),
        "theory": [f"{RESULTS}/theory/{case}.parquet" for case in CASES],
        "claims": [f"{RESULTS}/claims.json"],
        "calibration": [f"{RESULTS}/calibration.parquet"],
    }


def beside_records(entry):
    """The files that a figure or table reads beside the records, by the names in its manifest entry."""
    return {name: all_beside()[name] for name in entry.get("inputs", [])}


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
    if CONFIG.start == "records" and (unknown := published.lacking(PUBLISHED, study.Experiments.model_fields)):
        raise UserError(
            f"{PUBLISHED} has no records of the experiments {', '.join(unknown)}; start from raw data, or publish the "
            "scale again"
        )
    made = [f"{RESULTS}/{name}" for name in published.unpacked(PUBLISHED, CONFIG.start)]
    needed = drawn() if CONFIG.start == "text" else [file for entry in MANIFEST.values() for file in tables(entry)]
    if lacking := sorted(set(needed) - set(made)):
        raise UserError(
            f"{PUBLISHED} lacks {Path(lacking[0]).relative_to(RESULTS)}; start from raw data, or publish the scale again"
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
