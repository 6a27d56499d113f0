"""The sentence that a failed run ends with, where a job's log or SLURM makes it hard to find."""

import os

from checkouts import duplicate, edit, snakemake

DATA = "results/smoke/data/optdigits.safetensors"
LOG = "results/smoke/logs/prepare/optdigits.log"


def last_line(done):
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


def test_a_log_of_a_node_whose_clock_is_behind_is_quoted(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "repository")
    edit(folder / "workflow/rules/data.smk", "> {log} 2>&1", "> {log} 2>&1 || {{ touch -d 2001-02-03 {log}; exit 1; }}")
    start = "def prepare(settings: dict, out: Path, card: Path) -> None:\n"
    edit(folder / "src/robustpath/data/prepare.py", start, f'{start}    raise UserError("broken on purpose")\n')
    assert last_line(snakemake(folder, DATA)).startswith("error: broken on purpose (prepare optdigits; log: ")


def test_the_log_of_an_older_run_is_not_quoted(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "repository")
    edit(folder / "workflow/rules/data.smk", "python -m robustpath prepare", "false; echo")
    (folder / LOG).parent.mkdir(parents=True)
    (folder / LOG).write_text("error: of an older run\n")
    os.utime(folder / LOG, (4e9, 4e9))  # by a node whose clock was ahead
    said = last_line(snakemake(folder, DATA))
    assert "older run" not in said
    assert said.startswith(
        "error: it ended as a killed job does, without a message of its own; look into .snakemake/log"
    )


def test_a_partition_that_slurm_refuses_is_named(tmp_path, sources):
    """On a stand-in for sbatch, which says what SLURM says; test_slurm.py asks SLURM itself."""
    folder = duplicate(sources, tmp_path / "repository")
    (tmp_path / "bin").mkdir()
    said = "sbatch: error: invalid partition specified: nosuch\nsbatch: error: Batch job submission failed"
    for command in ("sbatch", "sacct", "sacctmgr", "squeue", "scancel"):
        (tmp_path / "bin" / command).write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
        (tmp_path / "bin" / command).chmod(0o755)
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    arguments = ("--profile", "slurm", "--config", "scale=smoke", "--", DATA)
    done = snakemake(folder, *arguments, SBATCH_PARTITION="nosuch", PATH=path)
    assert last_line(done) == (
        "error: SLURM refused the job (invalid partition specified: nosuch; Batch job submission failed); "
        "correct site.yaml, the SBATCH_ variables or slurm/config.yaml (prepare optdigits)"
    )
