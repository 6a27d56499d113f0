import re
from functools import cache
from pathlib import Path

import pytest
import quick_yaml
import stream_records
from executed import on_records

from robustpath.records import labels

FOLDER = Path(__file__).parents[2] / "notebooks"
MANIFEST = quick_yaml.loaded((FOLDER / "manifest.yaml").read_text())
STREAMS = [
    name
    for name, entry in MANIFEST.items()
    if entry["category"] == "Batches" and "inputs" not in entry and name != "episodes"
]
SEEDS = 3
# Fewer methods and values than the study has, in which each question still has an answer.
SMALL = {
    "stream_budgets": {"methods": ["online_sgd", "er", "slow_ball", "joint"], "evaluations": [6, 24]},
    "stream_methods": {"methods": ["online_sgd", "er", "ball_multiplier", "gdumb"]},
    "size_direction": {"methods": ["online_sgd", "replay_ball", "ball_line_search"], "evaluations": [6, 24]},
    "prequential": {"methods": ["online_sgd", "er"], "evaluations": [6, 24]},
    "stream_kinds": {"methods": ["online_sgd", "er", "joint"]},
    "stream_shifts": {"methods": ["online_sgd", "er", "slow_ball"], "evaluations": [24]},
}
OWN = {
    "stream_readouts": ["ridge_readout"],
    "stream_memories": ["nearest_keys"],
    "stream_adaptation": ["memory_adaptation"],
}


def settings_of(name, scale="laptop", **changes):
    """The settings of a notebook's experiments, with few seeds, draws and methods."""
    found = stream_records.settings(*MANIFEST[name]["experiments"], seeds=SEEDS, scale=scale, **changes)
    for experiment, methods in OWN.items():
        if experiment in found["experiments"]:
            found["experiments"][experiment]["methods"] = methods
    return found


def run(name, planted, settings, folder):
    """The result and the caption of a notebook, executed in this process on records with these means."""
    return on_records(name, stream_records.recorded(settings, planted, 0.004), settings, folder)


def effects(run):
    """Means with an effect for each question."""
    gain = {"er": 0.2, "slow_ball": 0.25, "replay_ball": 0.15, "ball_line_search": 0.05, "joint": 0.4}
    accuracy = 0.4 + gain.get(run["method"], 0.0) - 0.3 * run["label_noise"]
    if run["method"] == "online_sgd" and run["label_noise"]:
        accuracy -= 0.1 * (run["evaluations"] > 6)
    accuracy += 0.1 * (run.get("age") == 0.9) - 0.02 * abs(run.get("age", 0.0) - 0.9)
    accuracy += {3.0: -0.1, 100.0: 0.1}.get(run.get("weight"), 0.0)
    accuracy += 0.05 * (run.get("memory", 0) > 0) * (1 + (run.get("ball", 0) > 0))
    accuracy += 0.1 * (run.get("radius", 0.0) > 0.01) * (run["method"] == "ball_multiplier")
    means = {
        "accuracy": accuracy,
        "averaged_accuracy": accuracy + 0.05,
        "ratio": 2.0 if run["method"] == "ball_trust" else 0.8,
    }
    return means | {"prequential_bits": 2.0 - accuracy, "calibrated_bits": 1.9 - accuracy, "forgetting": 0.8 - accuracy}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(notebook) -> its result and caption on the planted effects."""

    @cache
    def call(name):
        return run(name, effects, settings_of(name, draws=1, **SMALL.get(name, {})), tmp_path_factory.mktemp(name))

    return call


@pytest.mark.parametrize("name", STREAMS)
def test_a_notebook_of_streams_makes_its_result_and_caption(name, made):
    result, caption = made(name)
    assert caption.startswith(r"\textbf{")
    assert rf"\emph{{{MANIFEST[name]['question']}}}" in caption
    assert f"{SEEDS} seeds" in caption and r"95\,\% $t$ intervals" in caption
    assert "nan" not in re.split(r"\W+", caption)
    if MANIFEST[name]["kind"] == "figure":
        assert result.startswith(b"%PDF")
        return
    text = result.decode()
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({columns(row) for row in rows}) == 1 and "nan" not in re.split(r"\W+", text)
    shown = text + caption
    assert [name for name in stream_records.settings()["methods"] if "_" in name and labels.escape(name) in shown] == []


@pytest.mark.parametrize("name", ["stream_budgets", "stream_methods", "stream_kinds"])
def test_a_bound_alone_beside_the_reference_is_compared_with_nothing(name, tmp_path):
    result, caption = run(
        name, effects, settings_of(name, draws=1, **SMALL[name] | {"methods": ["online_sgd", "joint"]}), tmp_path
    )
    assert result and "nan" not in re.split(r"\W+", caption) and "joint" not in caption.split("}")[0]


@pytest.mark.parametrize("name", ["stream_shifts", "memory_ball"])
def test_several_data_sets_are_averaged(name, tmp_path):
    two = settings_of(name, draws=1, **SMALL.get(name, {}) | {"datasets": ["mnist5k", "optdigits"]})
    result, caption = run(name, effects, two, tmp_path)
    assert result.startswith(b"%PDF") and "MNIST-5k" in caption and "Optdigits" in caption and "3 seeds" in caption


def test_memory_and_ball_are_shown_at_the_largest_budget(tmp_path):
    result, caption = run("memory_ball", effects, settings_of("memory_ball", draws=1, evaluations=[6, 20]), tmp_path)
    assert result.startswith(b"%PDF") and "beyond the sum of what each changes alone" in caption


def columns(row):
    """The number of columns that a row of a table spans."""
    spans = [re.match(r"\s*\\multicolumn\{(\d+)\}", cell) for cell in re.split(r"(?<!\\)&", row)]
    return sum(int(span[1]) if span else 1 for span in spans)


@pytest.mark.parametrize(
    ("name", "finding"),
    {
        "stream_budgets": r"online SGD shows no clear change \(.* on clean labels and loses \(\$-(9|10)\.\d\$",
        "stream_methods": r"those of ER on clean labels \((5[6-9]|6\d)\.\d.* raises the accuracy of seven of seven",
        "anchor_age": r"a mean over about 10 batches on clean labels \(\$\+1[12]\.\d\$ .* over the model before",
        "distances": r"eleven of eleven other distances end below slow ball and none above",
        "size_direction": r"replay ball, \$\+(4|5)\.\d\$ .* points and \$\+(9|10)\.\d\$",
        "stream_kinds": r"those of ER on split, domains, gradual, abrupt and recurring streams\.",
        "prequential": r"changes by .* and \$\+0\.(09|10|11)\$ \[.* the shortest .* is that of ER at",
        "radii": r"\$\+(9|10)\.\d\$ \[.* for the ball multiplier .* 56 of 64 balls held\.",
        "memory_ball": r"each changes alone: by \$\+(4|5)\.\d\$ \[.* points on clean labels and \$\+\d",
        "stream_shifts": r"Kendall's tau .* is (0\.\d\d|1\.00) \[",
    }.items(),
)
def test_a_caption_opens_with_the_effect_that_was_planted(name, finding, made):
    opening = made(name)[1].split("} \\emph")[0]
    assert re.search(finding, opening), opening


def test_a_weight_at_the_end_of_the_grid_is_marked(made):
    result, _ = made("distances")
    rows = [line for line in result.decode().splitlines() if line.endswith(r"\\") and "pm" in line]
    assert len(rows) == 12 and all(r"& $\geq$100 &" in row for row in rows)


def test_notebooks_of_streams_bear_one_method_and_value(tmp_path):
    for name in ("distances", "size_direction", "radii"):
        (tmp_path / name).mkdir()
        _, caption = run(name, effects, settings_of(name, "smoke"), tmp_path / name)
        assert caption.startswith(r"\textbf{Nothing is compared") or name == "distances"
