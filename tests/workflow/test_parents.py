"""Cells whose runs begin with those of another: the edge from training to training that Snakemake plans with."""

import re

import pytest
import quick_yaml
from checkouts import duplicate, plan, planning, refused

OWN = {"datasets": ["mnist1d"], "methods": ["sgd", "sam"], "train_sizes": [50], "seeds": 2, "budget": 3}
BEGINS = {"experiment": "pre", "method": "sam"}
FINE = "results/smoke/train/fine/mnist1d/sgd.safetensors"
OF_PARENT = [f"results/smoke/train/pre/mnist1d/sam{ending}" for ending in (".safetensors", ".parquet")]


@pytest.fixture(scope="module")
def family(sources, tmp_path_factory):
    """A checkout with an experiment whose runs begin with those of another."""
    folder = duplicate(sources, tmp_path_factory.mktemp("parents") / "repository")
    file = folder / "config.yaml"
    config = quick_yaml.loaded(file.read_text())
    config["scales"]["smoke"]["further"] = {"pre": OWN, "fine": OWN | {"parent": BEGINS}}
    file.write_text(quick_yaml.dumped(config, sort_keys=False))
    return folder


def test_a_child_waits_for_its_parent(family):
    planned = plan(family, FINE)
    assert planned.rules == {"prepare": 1, "train": 2}
    assert {message.partition(" (")[0] for message in planned.messages} == {
        "Prepare mnist1d",
        "Train sam on mnist1d for pre",
        "Train sgd on mnist1d for fine",
    }
    said = planning(family, "-n", "--printshellcmds", FINE)
    commands = re.findall(r"robustpath train .*", said.stdout + said.stderr)
    begins = [command for command in commands if f"--parent {' '.join(OF_PARENT)} " in command]
    assert len(commands) == 2
    assert len(begins) == 1
    assert "/fine/" in begins[0]


def test_a_parent_is_planned_without_its_child(family):
    assert plan(family, OF_PARENT[0]).rules == {"prepare": 1, "train": 1}


def test_a_parent_that_does_not_exist_is_refused_before_any_job(family):
    override = "scales={smoke: {further: {fine: {parent: {experiment: pree}}}}}"
    sentence = refused(family, "-n", "--config", override)
    assert "scales.smoke.further.fine.parent.experiment = 'pree' is not a known experiment of the scale" in sentence
    assert "did you mean 'pre'?" in sentence
