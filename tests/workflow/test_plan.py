"""What is planned at each scale, and where."""

import subprocess
import sys
from collections import Counter

import pytest
from checkouts import duplicate, edit, plan, planning

from robustpath.figures.manifest import manifest
from robustpath.study import datasets_to_prepare, expand, experiments, load
from robustpath.theory import CASES


def expected(folder, scale):
    """The jobs of a scale, counted from its config."""
    config = load(folder / "config.yaml", {"scale": scale})
    cells = expand(config)
    drawn = dict.fromkeys(manifest(folder / "notebooks/manifest.yaml"), 1)
    chosen = experiments(config)
    pairs = {(cell.experiment, cell.dataset) for cell in cells}
    return Counter(
        prepare=len(datasets_to_prepare(config)),
        train=len(cells),
        evaluate=len(pairs),
        measure=len([pair for pair in pairs if getattr(chosen[pair[0]], "measured", False)]),
        trace=len([pair for pair in pairs if getattr(chosen[pair[0]], "points", 0)]),
        theory=len(CASES),
        **{"collate": 1, "claims": 1, "calibrate": 1, "numbers": 1, "origin": 1, "paper": 1, "all": 1, **drawn},
    )


@pytest.mark.parametrize("scale", ["smoke", "laptop", "cluster"])
def test_each_scale_plans_its_cells(sources, scale):
    planned = plan(sources, "--config", f"scale={scale}")
    assert planned.rules == expected(sources, scale)
    assert planned.rules["train"] <= (5000 if scale == "cluster" else 600)
    assert not [message for message in planned.messages if "1 GPU" in message]


def test_the_cluster_profile_plans_the_cluster_with_gpus_on_training(sources):
    planned = plan(sources, "--profile", "slurm")
    assert planned.rules == expected(sources, "cluster")
    on_gpu = [message for message in planned.messages if "1 GPU" in message]
    assert len(on_gpu) == sum(planned.rules[rule] for rule in ("train", "evaluate", "measure"))
    assert {message.split()[0] for message in on_gpu} == {"Train", "Evaluate", "Measure"}


def test_the_command_line_overrides_the_profiles_scale(sources):
    assert plan(sources, "--profile", "slurm", "--config", "scale=smoke").rules == expected(sources, "smoke")


def test_another_key_on_the_command_line_leaves_the_profiles_scale(sources):
    planned = plan(sources, "--profile", "slurm", "--config", "confidence=0.9")
    assert planned.rules == expected(sources, "cluster")


def test_a_nested_value_on_the_command_line_keeps_its_type(sources):
    one = "scales={smoke: {experiments: {data_efficiency: {datasets: [optdigits], train_sizes: [50]}}}}"
    assert plan(sources, "--config", one).rules["evaluate"] == expected(sources, "smoke")["evaluate"] - 1


def test_a_figures_name_is_a_target(sources):
    planned = plan(sources, "learning_curves")
    others = set(manifest(sources / "notebooks/manifest.yaml")) - {"learning_curves"}
    assert planned.rules["learning_curves"] == 1
    assert not (others | {"paper", "numbers"}) & set(planned.rules)


def test_the_local_profile_plans_the_same(sources):
    assert plan(sources, "--profile", "workflow/profiles/local").rules == expected(sources, "smoke")


def test_the_workflow_is_formatted(sources):
    command = [sys.executable, "-m", "snakefmt", "--check", "Snakefile", "workflow/rules"]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_workflow_has_no_lint(sources):
    done = planning(sources, "--lint")
    assert done.returncode == 0, done.stderr


def test_a_gpu_partition_comes_from_the_environment(tmp_path, sources):
    folder = duplicate(sources, tmp_path / "repository")
    edit(folder / "workflow/rules/train.smk", "{resources.gpu} GPU", "on {resources.slurm_partition}")
    edit(folder / "workflow/rules/data.smk", "Prepare {wildcards.dataset}", "Prepare on {resources.slurm_partition}")
    environment = {"SBATCH_PARTITION": "short", "SBATCH_GPU_PARTITION": "gpus"}
    said = planning(folder, "-n", "--profile", "slurm", **environment).stdout
    assert "on gpus)" in said
    assert "Prepare on short" in said
