"""From raw data to the paper: `snakemake` makes the PDF, `snakemake NAME` one figure or table (see README.md)."""

import sys

from snakemake.utils import min_version

min_version("9.12")
sys.path.insert(0, f"{workflow.basedir}/src")

from robustpath.operations.surroundings import displaced

if reason := displaced():
    sys.exit(f"error: {reason}")


include: "workflow/rules/common.smk"
include: "workflow/rules/session.smk"


CONFIG = checked(lambda: load(overrides=given()))
RESULTS = study.results(CONFIG)
PUBLISHED = published.folder(CONFIG.scale)
CERTIFICATE = f"results/{CONFIG.scale}/certificate.md"
CELLS = expand(CONFIG)
PAIRS = dict.fromkeys(cell[:2] for cell in CELLS)  # experiment and data set, each once
MANIFEST = checked(manifest)
REPORT = study.report_settings(CONFIG)
SOURCE = machine.source(ROOT)
CODE = checked(fingerprints)
checked(known_claims)


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


wildcard_constraints:
    experiment="[a-z][a-z0-9_]*",
    dataset="[a-z][a-z0-9_]*",
    method="[a-z][a-z0-9_]*",
    case="[a-z][a-z0-9_]*",
    name="|".join(MANIFEST),


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        f"{RESULTS}/paper.pdf",
        drawn(),
    localrule: True
    message:
        "All is made"


if CONFIG.start == "raw":

    include: "workflow/rules/data.smk"
    include: "workflow/rules/train.smk"
    include: "workflow/rules/evaluate.smk"
    include: "workflow/rules/measure.smk"
    include: "workflow/rules/trace.smk"
    include: "workflow/rules/theory.smk"

else:

    include: "workflow/rules/unpack.smk"


if CONFIG.start != "text":

    checked(lambda: check_names(MANIFEST, study.experiments(CONFIG)))

    include: "workflow/rules/claims.smk"
    include: "workflow/rules/analysis.smk"


include: "workflow/rules/paper.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/verify.smk"


remember()
use_all_cores_unless_given()
make_again_what_is_incomplete()
check_targets()
lift_dead_lock()
checked(say_what_is_left_out)
end_with_the_terminal()
show_progress()


onstart:
    lift_rate_limit()
    heed_signals()
    watch_failures()
    measure_where_jobs_run()
    serve_local_jobs()


onsuccess:
    say_last(summary())


onerror:
    say_last(*failures())
