"""The shipped config, made small, and the message when something is put into it."""

import copy
import tempfile
from pathlib import Path

import pytest
import quick_yaml

from robustpath import study as cfg
from robustpath.config.errors import ConfigError

ROOT = Path(__file__).parents[2]
METHODS = ("sgd", "adamw", "radam", "swa", "ema", "sam", "contour_warmup", "isotropic_warmup")
ACQUISITION = "entropy"  # experiments on acquisition have this one
LAPTOP = ("scales", "laptop")
EXPERIMENT = (*LAPTOP, "experiments", "data_efficiency")
L, E = "scales.laptop", "scales.laptop.experiments.data_efficiency"
H, S = "scales.laptop.experiments.held_out", "scales.laptop.experiments.streams"
GONE = object()


def small():
    """The shipped config with eight methods, and with one cell in every experiment but the first."""
    raw = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))
    raw["methods"] = list(METHODS)
    cell = {"datasets": ["fashion_mnist"], "methods": ["sgd"], "train_sizes": [50], "seeds": 2, "budget": 10}
    stream = {"protocol": "stream", "stream": "permuted", "tasks": 2, "examples": 50, "evaluations": [1]}
    episodes = {"protocol": "episodes", "ways": 5, "shots": [1], "queries": 5, "validation_episodes": 2}
    episodes |= {"test_episodes": 2, "datasets": ["typefaces"], "budget": 10}
    designed = {"protocol": "designed", "design": "sweep", "settings": 2, "train_size": 50, "budget": 10}
    designed |= {"datasets": ["gauss_groups"]}
    acquisition = {"protocol": "acquisition", "datasets": ["gauss_groups"], "methods": [ACQUISITION], "budget": 10}
    acquisition |= {"seed_labels": 10, "acquired": 5, "rounds": 1, "pool": 50}
    attention = cell | {"protocol": "attention", "datasets": ["dominoes"], "model": "attention_cnn"}
    cells = {"supervised": cell, "attention": attention}
    cells |= {name: cell | {"protocol": name} for name in ("choices", "representations")}
    for own in (stream, episodes, designed, acquisition):
        cells[own["protocol"]] = {key: cell[key] for key in ("datasets", "methods", "seeds")} | own
    for scale in raw["scales"].values():
        scale["further"] = {}
        for name, experiment in scale["experiments"].items():
            if name != "data_efficiency":
                scale["experiments"][name] = dict(cells[experiment.get("protocol", "supervised")])
        scale["experiments"]["held_out"] = cell | {"held_out": 0.2}
        for case in ("spurious_minimum", "saddles"):
            scale["theory"][case]["methods"] = ["sgd"]
    return copy.deepcopy(raw)


FILE = Path(tempfile.mkdtemp()) / "config.yaml"
FILE.write_text(quick_yaml.dumped(small(), sort_keys=False), encoding="utf-8")


FURTHER = {"datasets": ["cifar10"], "methods": ["sgd"], "train_sizes": [50], "seeds": 2, "budget": 10}


def edited(*edits):
    """The small config as a dict, with (path, value) put in; GONE takes the key away."""
    raw = small()
    for path, value in edits:
        here = raw
        for part in path[:-1]:
            here = here[part]
        if value is GONE:
            del here[path[-1]]
        else:
            here[path[-1]] = copy.deepcopy(value)
    return raw


def message(raw, **where):
    with pytest.raises(ConfigError) as error:
        cfg.validate(raw, **where)
    text = str(error.value)
    assert "\n" not in text
    return text
