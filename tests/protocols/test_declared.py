"""What figures, tables and numbers declare to need, against the shipped scales and against what once went wrong."""

import known_faults
import pytest
from executed import MANIFEST

from robustpath import study
from robustpath.config.errors import ConfigError
from robustpath.numbers import contrasts, features, variance
from robustpath.protocols import declared
from robustpath.study import Experiments


def smoke(edits):
    """The config with these edits of experiments of the scale smoke."""
    return study.validate(known_faults.edited(edits))


def left_out(config):
    """The sentence of each figure or table that a config leaves out."""
    found = {
        name: declared.why(entry.get("needs", {}), study.figure_settings(study.report_settings(config), entry))
        for name, entry in MANIFEST.items()
    }
    return {name: said for name, said in found.items() if said}


@pytest.mark.parametrize("scale", ["smoke", "laptop", "cluster"])
def test_a_shipped_scale_leaves_nothing_out(scale):
    assert left_out(study.load(known_faults.CONFIG, {"scale": scale})) == {}


def test_an_entry_needs_only_what_it_reads_and_what_is_known():
    for name, entry in MANIFEST.items():
        assert set(entry.get("needs", {})) <= set(entry["experiments"]) <= set(Experiments.model_fields), name
        assert {need for own in entry.get("needs", {}).values() for need in own} <= set(declared.NEEDS), name


@pytest.mark.parametrize("fault", known_faults.LEFT_OUT)
def test_what_a_config_cannot_give_is_left_out_and_the_sentence_names_experiment_and_key(fault):
    edits, expected = known_faults.FAULTS[fault], known_faults.LEFT_OUT[fault]
    found = left_out(smoke(edits))
    assert set(found) == set(expected)
    for name, said in found.items():
        assert f"experiments.{expected[name]} = " in said, name
        assert said.count(". ") == 0
        assert said.endswith(".")


@pytest.mark.parametrize("fault", known_faults.REFUSED)
def test_what_contradicts_itself_is_refused_before_any_job(fault):
    edits, place = known_faults.REFUSED[fault]
    with pytest.raises(ConfigError) as error:
        smoke(edits)
    assert str(error.value).startswith(f"config.yaml: scales.smoke.experiments.{place} = ")


def test_numbers_need_what_the_figures_of_the_same_runs_need():
    assert MANIFEST["variance_components"]["needs"] == variance.NEEDS
    assert MANIFEST["walk_levels"]["needs"] | MANIFEST["headline"]["needs"] == contrasts.NEEDS
    assert MANIFEST["feature_reliance"]["needs"] == features.NEEDS


def test_settings_that_say_nothing_of_a_key_lack_nothing():
    settings = {"reference": "sgd", "experiments": {"variance_order": {"methods": ["sgd"], "datasets": ["optdigits"]}}}
    assert declared.without({"variance_order": {"varied": ["order"], "like": "minima"}}, settings) == []
    assert declared.without({"minima": {"compares": "reference"}}, settings) == []


def test_of_several_lacks_the_first_is_said_with_the_number_of_the_others():
    config = smoke({"trajectories.points": 0, "trajectories.methods": ["sgd"]})
    assert left_out(config)["forgetting"] == (
        'Left out: experiments.trajectories.methods = ["sgd"] is not a list with sgd and another method, which this '
        "needs (and 1 more)."
    )
