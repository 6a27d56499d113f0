"""What the shipped config promises of each scale."""

import json
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import quick_yaml
from supervised_methods import SUPERVISED

from robustpath import methods, protocols
from robustpath import study as cfg
from robustpath.operations import reference
from robustpath.statistics import variance

ROOT = Path(__file__).parents[1]
FILE = ROOT / "config.yaml"


@pytest.fixture(scope="module", params=["smoke", "laptop", "cluster"])
def shipped(request):
    return cfg.load(FILE, {"scale": request.param})


def test_every_method_is_in_the_list_but_those_for_one_question_or_toy_problems(shipped):
    of_family = {name for name in SUPERVISED if methods.load(name).family == "minima"}
    toys = {name for name in of_family if methods.load(name).largest}
    midway = set(cfg.methods_of(shipped, "walk_levels"))
    assert set(shipped.methods) == of_family - toys - midway
    assert toys <= set(shipped.scales[shipped.scale].theory.saddles.methods)


def test_the_first_family_has_what_its_question_needs(shipped):
    minima = cfg.experiments(shipped)["minima"]
    assert len(cfg.methods_of(shipped, "minima")) >= 20
    assert minima.measured
    assert 0.0 in minima.label_noise
    assert 0.2 in minima.label_noise
    if shipped.scale != "smoke":
        assert len(minima.datasets) >= 3
        assert minima.seeds >= 20


def test_the_lengths_are_those_of_the_minima(shipped):
    minima, lengths = (cfg.experiments(shipped)[name] for name in ("minima", "lengths"))
    for key in ("datasets", "train_sizes", "label_noise", "seeds"):
        assert getattr(minima, key) == getattr(lengths, key), key
    assert lengths.budget == 2 * minima.budget
    assert {0.5, 1.0} <= set(lengths.grid["share"])


def test_each_source_of_variation_varies_alone_in_the_runs_of_the_minima(shipped):
    chosen = cfg.experiments(shipped)
    for name, source in variance.ALONE.items():
        own = chosen[source.experiment]
        assert cfg.methods_of(shipped, source.experiment) == [shipped.reference]
        assert own.vary == ([] if name == "draw" else [name])
        assert own.draws == (chosen["minima"].draws if source.selected else 1)
        for key in ("datasets", "train_sizes", "seeds", "budget"):
            assert getattr(own, key) == getattr(chosen["minima"], key), key
        assert own.label_noise == chosen["minima"].label_noise[:1]


def test_the_walks_of_all_levels_are_those_of_the_minima(shipped):
    """And each has its own run that stands still."""
    minima, walks = (cfg.experiments(shipped)[name] for name in ("minima", "walk_levels"))
    for key in ("datasets", "train_sizes", "label_noise", "seeds", "budget"):
        assert getattr(minima, key) == getattr(walks, key), key
    if shipped.scale != "smoke":
        assert (len(walks.grid["descended"]), len(walks.grid["share"])) == (3, 3)
    assert walks.grid["descended"][0] == 0.0
    assert 0.0 in walks.grid["step_length"]


def test_figures_know_the_methods_of_one_question_after_those_of_the_list(shipped):
    """And then those of other families: the look of a method of the first does not depend on the others."""
    midway = cfg.methods_of(shipped, "walk_levels")
    names = list(cfg.report_settings(shipped)["methods"])
    assert names[: len(shipped.methods) + len(midway)] == [*shipped.methods, *midway]
    of_others = {method for name in cfg.experiments(shipped) for method in cfg.methods_of(shipped, name)}
    assert set(names) == of_others | set(shipped.methods) and len(names) == len(set(names))
    families = [methods.names()[name] for name in names]
    assert families.index("batches") < families.index("shortcuts")


def test_the_headline_has_the_runs_of_the_minima_and_more_draws(shipped):
    minima, headline = (cfg.experiments(shipped)[name] for name in ("minima", "headline"))
    for key in ("datasets", "train_sizes", "label_noise", "seeds", "budget"):
        assert getattr(minima, key) == getattr(headline, key), key
    assert set(cfg.methods_of(shipped, "headline")) <= set(cfg.methods_of(shipped, "minima"))
    assert headline.draws > minima.draws
    if shipped.scale != "smoke":
        assert headline.draws >= 10


def test_jobs_are_few(shipped):
    """A job takes seconds to start: at the laptop scale all of them together at most half an hour of one core."""
    protocol = {name: each.protocol for name, each in cfg.experiments(shipped).items()}
    jobs = Counter(protocol[cell.experiment] for cell in cfg.expand(shipped))
    assert set(jobs) == set(protocols.names())
    assert jobs.total() <= (5000 if shipped.scale == "cluster" else 600)


def test_laptop_is_what_runs_unless_another_scale_is_given():
    assert cfg.load(FILE).scale == "laptop"


def test_the_schema_accepts_it():
    schema = json.loads((ROOT / reference.SCHEMA).read_text(encoding="utf-8"))
    jsonschema.validate(quick_yaml.loaded(FILE.read_text(encoding="utf-8")), schema)
