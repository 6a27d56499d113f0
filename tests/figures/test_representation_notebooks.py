"""The figures of hidden layers and the table of networks, on made records whose effects are known."""

import re
from functools import cache
from pathlib import Path

import grouped_records
import pandas as pd
import pytest
import quick_yaml
from executed import on_records

from robustpath.figures import representations
from robustpath.statistics import factors

FOLDER = Path(__file__).parents[2] / "notebooks"
MANIFEST = quick_yaml.loaded((FOLDER / "manifest.yaml").read_text())
NAMES = ["activations", "activation_factors", "networks", "universality"]
LOSSES = ["double_well_occupancy", "hoyer", "activation_l1"]
GAIN = {"double_well_occupancy": 0.05, "hoyer": -0.05, "activation_l1": 0.0}  # of the worst group at full strength


def settings(**changes):
    """What the report knows of made experiments: losses, their base, a narrow layer, spiking units and attention."""
    base = grouped_records.settings("groups", seeds=5, scale="laptop")
    own = base["experiments"]["groups"] | {"protocol": "representations", "draws": 1, "grid": {}, "label_noise": [0.0]}
    own |= {"datasets": ["gauss_groups"], "train_sizes": own["train_sizes"][:1]} | changes
    strengths = {"grid": {"strength": [0.01, 0.1]}}
    narrow = {"model": "mlp_2", "grid": {"strength": [0.0, 0.1]}}
    attention = {"protocol": "attention", "model": "attention_cnn", "grid": {"penalty": [0.0, 100.0]}}
    return base | {
        "experiments": {
            "activation_references": own | {"methods": ["sgd", "double_well_occupancy"]},
            "activation_losses": own | {"methods": LOSSES} | strengths,
            "activation_width_2": own | {"methods": LOSSES} | narrow,
            "spiking": own | {"methods": ["sgd"], "model": "spiking_mlp"},
            "attention": own | {"methods": ["causal_attention"], "datasets": ["dominoes"]} | attention,
        }
    }


def effects(run):
    """Worst-group accuracy, masses of activations and the likeness of features."""
    place = run.get("strength", 0.0) / 0.1
    gain = GAIN.get(run["method"], 0.0) * place * (2 if run["experiment"] == "activation_width_2" else 1)
    spiking, penalty = run["experiment"] == "spiking", run.get("penalty", 0.0)
    middle = 0.5 - 0.2 * place * (run["method"] == "double_well_occupancy")
    masses = dict.fromkeys(representations.MASSES, 0.0) | {"activation_mass_0": 1 - middle}
    masses["activation_mass_4"] = middle
    likeness = {
        f"universality_{partner}_{statistic}{null}": 0.1 if null else 0.6 + 0.2 * (partner == "seed")
        for partner in representations.PARTNERS
        for statistic in representations.STATISTICS
        for null in ("", "_null")
        if partner == "seed" or run["method"] != "sgd"
    }
    tests = masses | likeness | {"activation_silent": 0.25, "mid_mass": middle, "polysemanticity": 0.5}
    tests |= {"bimodality": 0.5, "accuracy": 0.8, "accuracy_worst_group": 0.6 + gain + 0.1 * spiking + 0.001 * penalty}
    tests |= {"attention_core_share": 0.7} if run["experiment"] == "attention" else {}
    return {("test", name): value for name, value in tests.items()} | {("validation", "accuracy"): 0.9}


def run(name, study_settings, folder):
    """The result and the caption of a notebook, executed in this process on records with the planted means."""
    return on_records(name, grouped_records.recorded(study_settings, effects, spread=0.0005), study_settings, folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(notebook) -> its result and caption on the planted effects."""
    return cache(lambda name: run(name, settings(), tmp_path_factory.mktemp(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_makes_its_result_and_caption(name, made):
    result, caption = made(name)
    assert rf"\emph{{{MANIFEST[name]['question']}}}" in caption and "5 seeds" in caption
    assert "nan" not in re.split(r"\W+", caption)
    assert result.startswith(b"%PDF" if MANIFEST[name]["kind"] == "figure" else b"\\")


def test_the_captions_open_with_what_was_planted(made):
    activations, conditions, networks, alike = (made(name)[1].split("} \\emph")[0] for name in NAMES)
    assert re.search(
        r"(49|50)\.\d\\,\\% of the active values of SGD lie between .* fewest with double well \+ occ", activations
    )
    assert "Of two conditions" in conditions and "double well + occupancy gains in two and loses in zero" in conditions
    assert (
        "Hoyer gains in zero and loses in two" in conditions and "L1 norm gains in zero and loses in zero" in conditions
    )
    assert re.search(r"On Gaussian groups, the highest worst-group accuracy is that of spiking \(SGD\), .*70", networks)
    assert re.search(r"On Dominoes, the highest .* attention \(causal attention, penalty 100\), .*70", networks)
    assert re.search(r"two seeds correlate by SGD \$0\.(79|80)\$ .*; pairs at random by at most \$0\.1", alike)


def test_the_table_has_a_line_for_each_network_and_penalty(made):
    lines = [line.split(" & ") for line in made("networks")[0].decode().splitlines() if line.count(" & ") == 7]
    own = [(cells[0], cells[1]) for cells in lines[1:]]
    assert own == [
        ("perceptron", "SGD"), ("spiking", "SGD"), ("convolutions with attention", "causal attention, penalty 0"),
        ("convolutions with attention", "causal attention, penalty 100"),
    ]  # fmt: skip
    assert [cells[-1].rstrip("\\ ") for cells in lines[1:]][:2] == ["--", "--"]


def test_captions_name_the_data_sets_that_are_drawn(made):
    assert "Gaussian groups and Dominoes, 500 training examples" in made("networks")[1]
    assert ". Gaussian groups, 500 training examples" in made("activation_factors")[1]


def test_the_base_of_a_condition_is_strength_zero_or_plain_training():
    """By hand: the seed's difference, of the same network where its grid has strength zero."""
    study_settings = settings()
    table = grouped_records.recorded(study_settings, effects, spread=0.0005)
    asked = factors.conditions(study_settings["experiments"], {})
    assert [each.experiment for each in asked] == ["activation_losses", "activation_width_2"]
    found = factors.changes(table, asked, "activation_references", "sgd", 0.1, 0.95).set_index(["experiment", "method"])
    worst = table[(table["metric"] == "accuracy_worst_group") & (table["method"] == "hoyer")]
    narrow = worst[worst["experiment"] == "activation_width_2"].pivot_table("value", "seed", "draw")
    assert found.loc[("activation_width_2", "hoyer"), "mean"] == pytest.approx((narrow[1] - narrow[0]).mean())
    base = table[(table["metric"] == "accuracy_worst_group") & (table["experiment"] == "activation_references")]
    base = base[base["method"] == "sgd"].set_index("seed")["value"]
    wide = worst[(worst["experiment"] == "activation_losses") & (worst["draw"] == 1)].set_index("seed")["value"]
    assert found.loc[("activation_losses", "hoyer"), "mean"] == pytest.approx((wide - base).mean())
    assert found["n"].eq(5).all()


def test_images_without_groups_are_scored_under_their_shifts():
    study_settings = settings(datasets=["optdigits"])
    table = grouped_records.recorded(
        study_settings, lambda run: {("test", "accuracy"): 0.8, ("validation", "accuracy"): 0.9}
    )
    rows = table[(table["split"] == "test") & (table["experiment"] == "activation_width_2")]
    far = [
        rows.assign(shift=shift, shift_family="corruption", value=rows["value"] - 0.1 * (rows["draw"] == 1) * weight)
        for shift, weight in (("blur", 1), ("noise", 3))
    ]
    table = pd.concat([table, *far], ignore_index=True)
    kinds = factors.families(table, study_settings["experiments"])
    assert kinds["activation_width_2/optdigits"] == ["corruption"] and kinds["activation_losses/optdigits"] == []
    asked = factors.conditions(study_settings["experiments"], kinds)
    assert [(each.experiment, each.over) for each in asked] == [("activation_width_2", "corruption")]
    found = factors.changes(table, asked, "activation_references", "sgd", 0.1, 0.95)
    assert found["mean"].to_numpy() == pytest.approx(-0.2, abs=0.02)
    words = representations.condition(asked[0], study_settings["experiments"])
    assert words.startswith("Optdigits, 2 units") and words.endswith("corruption shift")
