"""What a protocol, or an experiment or method for it, can get wrong: one sentence before any job, also of a dry run."""

import pytest
from checkouts import duplicate, edit, refused

from robustpath import methods
from robustpath.engine.plan import phases
from robustpath.methods import roles, search
from robustpath.methods.base import build
from robustpath.protocols import checks

from .conftest import PLAIN, STREAM, configure

TOY = "src/robustpath/protocols/toy/protocol.py"
ANCHORED = "src/robustpath/methods/minima/anchored.py"
STREAM_IN = "error: config.yaml: scales.smoke.further.stream."
MINIMA_IN = "error: config.yaml: scales.smoke.experiments.minima."  # comes first, and has all methods


@pytest.fixture
def copy(toy_sources, tmp_path):
    return duplicate(toy_sources, tmp_path / "repository")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"protocol": "toys"},
            "protocol = 'toys' is not a known protocol; did you mean 'toy'? Allowed: supervised, ",
        ),
        ({"protocol": 3}, "protocol = 3 is not a known protocol; allowed: supervised, "),
        (
            {"methods": ["sgd", "early_stopping"]},
            "methods = [\"sgd\", \"early_stopping\"] holds 'early_stopping', which needs 'holdout' beside its batches: "
            "toy does not deal it; allowed: methods that need no more than noise, probe",
        ),
        ({"methods": ["sgd", "sma"]}, "methods[1] = 'sma' is not a known method; did you mean 'sam'?"),
        ({"datasets": ["mnist1"]}, "datasets[0] = 'mnist1' is not a known data set; did you mean 'mnist1d'?"),
        ({"model": "cnn"}, "model = 'cnn' takes no signals, which 'mnist1d' holds; allowed: "),
        ({"steps_per_batch": [2, 1]}, "steps_per_batch = [2, 1] is not in ascending order without repeats"),
        ({"steps_per_batch": [0]}, "steps_per_batch[0] = 0 is too small; allowed: a whole number from 1 to 1,000"),
        ({"steps_per_batches": 1}, "steps_per_batches = 1 is not a known key; did you mean 'steps_per_batch'?"),
        ({"train_sizes": [50]}, "train_sizes = [50] is not a known key; allowed: protocol, datasets, methods, model"),
        (
            {"grid": {"pul": [0.1]}, "draws": 1, "methods": ["anchored"]},
            "grid.pul = [0.1] is no hyperparameter of 'anch",
        ),
    ],
)
def test_a_wrong_experiment_is_refused(copy, changed, said):
    configure(copy, stream=STREAM | changed)
    assert refused(copy, "-n").startswith(STREAM_IN + said)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            TOY,
            '"real", 0.0, 1.0',
            '"real", 0.0, 0.9',
            "error: the axis label_noise is not the same in the protocols supervised (Axis(",
        ),
        (
            TOY,
            '"higher", ("train", "validation", "test")',
            '"lower", ("train", "validation", "test")',
            "error: the metric accuracy is not the same in the protocols supervised (Metric(",
        ),
        (
            TOY,
            '("train",), "prequential", family',
            '("train",), "", family',
            "error: the metric surprise is in no part of what is published: name its `part` in the metrics of its",
        ),
        (
            ANCHORED,
            "base=sgd)",
            'base=sgd, networks=("cnn",))',
            f"{MINIMA_IN}methods = 'all' holds 'anchored', which cannot use the network mlp; allowed: methods",
        ),
        (
            ANCHORED,
            "leave=leave)",
            'leave=leave, needs=base.needs | {"replay": 20})',
            f"{MINIMA_IN}methods = 'all' holds 'anchored', which needs 'replay' beside its batches: supervised does",
        ),
    ],
)
def test_a_wrong_protocol_or_method_is_refused(copy, file, old, new, said):
    edit(copy / file, old, new)
    assert refused(copy, "-n").startswith(said)


def test_a_parent_of_another_protocol_must_leave_no_choice(copy):
    """A run on the stream has no size: of a parent with two sizes it would not know with which to begin."""
    plain = PLAIN | {"train_sizes": [50, 60], "label_noise": [0.0, 0.2]}
    configure(copy, plain=plain, stream=STREAM | {"parent": {"experiment": "plain", "method": "sgd"}})
    said = "parent.experiment = 'plain' has several train_sizes, of which its child has none; allowed: one with a"
    assert refused(copy, "-n").startswith(STREAM_IN + said)


@pytest.mark.parametrize("name", list(roles.training()))
def test_what_is_read_of_a_methods_source_misses_no_need(name):
    spec = methods.load(name)
    real = {need for _, method in phases(build(spec, {})) for need in method.needs}
    assert real <= search.needs(spec.family, name)


def test_a_need_that_only_its_helpers_state_is_no_reason_to_refuse_a_method():
    """Level teleportation imports the walk, whose needs it replaces by its own."""
    assert search.needs("minima", "level_teleportation") == {"noise", "probe"}
    assert checks.lacking_needs("level_teleportation", frozenset({"probe"})) == []
    assert checks.lacking_needs("contour_warmup", frozenset({"probe"})) == ["noise"]
