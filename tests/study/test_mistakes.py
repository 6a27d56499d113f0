"""The message about every mistake in the config."""

import re

import pytest
import quick_yaml
from small_config import EXPERIMENT, FILE, FURTHER, GONE, LAPTOP, E, H, L, S, edited, message

from robustpath import study as cfg
from robustpath.config.errors import ConfigError
from robustpath.core.errors import UserError
from robustpath.protocols.supervised import checks
from robustpath.protocols.supervised.section import Supervised

# key | value put there, as YAML | what the message says after it. L: the laptop scale; E, H, S: experiments of it.
MISTAKES = r"""
# unknown keys, at each level
scal           | 1              | = 1 is not a known key; did you mean 'scale'? Allowed: scale, start, verify
Reference      | sgd            | = 'sgd' is not a known key; did you mean 'reference'?
zebra          | 1              | = 1 is not a known key; allowed: scale, start, verify, methods
seeds          | 3              | = 3 is not a known key; allowed: scale, start, verify, methods
L.image-size   | 8              | = 8 is not a known key; did you mean 'image_size'? Allowed: device
L.experiments.data_eficiency | {} | = {} is not a known key; did you mean 'data_efficiency'? Allowed: data_efficiency
L.methods      | all            | = 'all' is not a known key; allowed: device, precision
E.sede         | 10             | = 10 is not a known key; did you mean 'seeds'? Allowed: protocol, datasets, methods
# wrong types
confidence     | high           | = 'high' is text; allowed: a number from 0.5 to 0.999
confidence     | 0,95           | = '0,95' is text; did you mean 0.95? Allowed: a number from 0.5 to 0.999
confidence     | 0,950          | = '0,950' is text; did you mean 0.95? Allowed: a number from 0.5 to 0.999
confidence     | 95 %           | = '95 %' is text; did you mean 0.95? Allowed: a number from 0.5 to 0.999
confidence     | 95%            | = '95%' is text; did you mean 0.95? Allowed: a number from 0.5 to 0.999
confidence     | 0,95,0         | = '0,95,0' is text; allowed: a number from 0.5 to 0.999
confidence     | true           | = true is a truth value; allowed: a number from 0.5
scale          | 3              | = 3 is a number; allowed: a name
scale          | 2026-01-01     | = "2026-01-01" is a date; allowed: a name
methods        | sgd            | = 'sgd' is text; did you mean ["sgd"]? Allowed: a list of one or more
methods        | [sgd, null]    | [1] = null is empty; allowed: a name
scales         | [1]            | = [1] is a list; allowed: a mapping of names to a mapping with the keys device
L              | null           | = null is empty; allowed: a mapping with the keys device, precision
L.batch_size   | "32"           | = '32' is text; did you mean 32? Allowed: a whole number from 1
L.batch_size   | "0"            | = '0' is text; allowed: a whole number
L.batch_size   | 32.0           | = 32.0 is a number; did you mean 32? Allowed: a whole number
L.batch_size   | 32.5           | = 32.5 is a number; allowed: a whole number
L.hidden       | [64, yes]      | [1] = true is a truth value; allowed: a whole number from 1 to 65,536
L.hidden       | &a [*a]        | [0] = [[...]] is a list; allowed: a whole number
E.measured     | 1              | = 1 is a number; allowed: true or false
E.label_noise  | [0.2, high]    | [1] = 'high' is text; allowed: a number from 0 to 1
E.budget       | 1e3            | = '1e3' is text; did you mean 1000? Allowed: a whole number
E.budget       | 1,000          | = '1,000' is text; did you mean 1000? Allowed: a whole number
E.budget       | 1 000          | = '1 000' is text; did you mean 1000? Allowed: a whole number
E.budget       | 100,5          | = '100,5' is text; allowed: a whole number
E.label_noise  | ["0,2"]        | [0] = '0,2' is text; did you mean 0.2? Allowed: a number from 0 to 1
E.methods      | 3              | = 3 is not a known value; allowed: 'all' or a list of one or more
# out of bounds
confidence     | 95             | = 95 is too large; allowed: a number from 0.5 to 0.999
confidence     | .nan           | = NaN is
L.test_size    | -1             | = -1 is too small; allowed: a whole number from 1 to
L.image_size   | 64             | = 64 is too large; allowed: a whole number from 8 to 28
L.severities   | [0, 1]         | [0] = 0 is too small; allowed: a whole number from 1 to 5
E.seeds        | 1              | = 1 is too small; allowed: a whole number from 2
E.draws        | 0              | = 0 is too small; allowed: a whole number from 1
E.label_noise  | [20]           | [0] = 20 is too large; allowed: a number from 0 to 1
E.vary         | [seed]         | [0] = 'seed' is not a known value; allowed: 'split', 'initialisation', 'order'
E.vary         | split          | = 'split' is text; did you mean ["split"]? Allowed: a list of any number of entries
E.points       | 1              | = 1 is too small; allowed: 0, or at least 3: the start, the end and one between
E.grid         | {momentum: [1, x]} | .momentum[1] = 'x' is text; allowed: a number from 0
E.train_sizes  | [-50]          | [0] = -50 is too small; allowed: a whole number from 1
# empty
methods        | []             | = [] has too few entries; allowed: a list of one or more
scales         | {}             | = {} has too few entries; allowed: a mapping of names
L.hidden       | []             | = [] has too few entries; allowed: a list of 1 to 16 entries
E.datasets     | []             | = [] has too few entries; allowed: a list of one or more
E.methods      | []             | = [] has too few entries; allowed: 'all' or a list
# names
scale          | labtop         | = 'labtop' is not a known scale; did you mean 'laptop'? Allowed: smoke, laptop
scales.Mine    | {}             | = {} is not a plain name; allowed: names of lower-case letters, digits and underscores
methods        | [sgd, samm]    | [1] = 'samm' is not a known method; did you mean 'sam'? Allowed: sgd, adamw
methods        | [sgd, sma]     | [1] = 'sma' is not a known method; did you mean 'sam'? Allowed: sgd, adamw
methods        | [SGD]          | [0] = 'SGD' is not a known method; did you mean 'sgd'? Allowed: sgd
methods        | [sgd, sgd]     | [1] = 'sgd' is a method named twice; allowed: each name once
reference      | adam           | = 'adam' is not a known method of the list; did you mean 'radam'? Allowed: sgd
L.device       | gpu            | = 'gpu' is not a known value; allowed: 'auto', 'cpu', 'cuda'
L.device       | cpuu           | = 'cpuu' is not a known value; did you mean 'cpu'? Allowed: 'auto', 'cpu'
E.datasets     | [mnist-1d]     | [0] = 'mnist-1d' is not a known data set; did you mean 'mnist1d'? Allowed: colou
E.datasets     | [mnist1d, mnist1d] | [1] = 'mnist1d' is a data set named twice; allowed: each name once
E.methods      | al             | = 'al' is not a known value; did you mean 'all'? Allowed: 'all' or a list
E.methods      | [sgd, same]    | [1] = 'same' is not a known method; did you mean 'sam'? Allowed: sgd, adamw
E.methods      | [sam]          | = ["sam"] lacks the reference; allowed: 'all' or a list with the reference
# networks and what they are trained on
E.model        | vgg            | = 'vgg' is not a known network; allowed: adapting_mlp, attention_cnn,
E.model        | cnn            | = 'cnn' takes no signals, which 'mnist1d' holds; allowed: adapting_mlp, attention_cnn,
E.datasets     | [cifar10_1]    | [0] = 'cifar10_1' is there to test on alone; allowed: a data set with training ex
E.datasets     | [cifar10_c]    | [0] = 'cifar10_c' is there to test on alone; allowed: a data set with training ex
L.further.minima | {datasets: [cifar10], train_sizes: [50], seeds: 2, budget: 1} | = {"datasets": ["cifar10"], "train
L.further.Mine | {}             | = {} is not a plain name; allowed: names of lower-case letters, digits
L.further.one  | {datasets: [cifar100], train_sizes: [50], seeds: 2, budget: 1} | .train_sizes[0] = 50 is too small; all
L.further.one  | {datasets: [svhm], train_sizes: [50], seeds: 2, budget: 1} | .datasets[0] = 'svhm' is not a known data
L.further.one  | {datasets: [usps], train_sizes: [50], seeds: 2, budget: 1, measured: true, model: cnn} | .model = 'cnn'
# sizes
E.train_sizes  | [150, 50]      | = [150, 50] is not in ascending order without repeats; did you mean [50, 150]? Allowed
E.label_noise  | [0.2, 0.0]     | = [0.2, 0.0] is not in ascending order without repeats; did you mean [0.0, 0.2]?
E.train_sizes  | [50, 50]       | = [50, 50] is not in ascending order without repeats; did you mean [50]? Allowed
L.severities   | [1, 1, 2]      | = [1, 1, 2] is not in ascending order without repeats; did you mean [1, 2]?
E.train_sizes  | [50, 6000]     | [1] = 6000 is more training examples than 'optdigits' has; allowed: at most 540 (of
E.train_sizes  | [50, 600]      | [1] = 600 is more training examples than 'optdigits' has; allowed: at most 540 (of
E.train_sizes  | [5, 50]        | [0] = 5 is too small; allowed: at least 10, one of each class
L.test_size    | 1440           | = 1440 leaves nothing to train on; allowed: validation_size and test_size tog
L.validation_size | 1740        | = 1740 leaves nothing to train on; allowed: validation_size and test_size together
# examples held out
E.held_out     | 1.0            | = 1.0 is too large; allowed: a number from 0 to 0.9
E.held_out     | -0.2           | = -0.2 is too small; allowed: a number from 0 to 0.9
E.held_out     | 20 %           | = '20 %' is text; did you mean 0.2? Allowed: a number from 0 to 0.9
E.held_out     | 0.82           | = 0.82 leaves 9 to learn from; allowed: a share that leaves at least 10, one of
H.held_out     | 0.0            | = 0.0 holds no example out; allowed: a share above 0, such as 0.2
# groups
E.correlation  | 1.0            | = 1.0 is too large; allowed: a number from 0.001 to 0.999
E.correlation  | 0              | = 0 is too small; allowed: a number from 0.001 to 0.999
E.correlation  | 0.9            | = 0.9 needs an attribute, which 'mnist5k' has not; allowed: no correlation, or data
# streams
S.budget       | 100            | = 100 is not a known key; allowed: protocol, datasets, methods, model, seeds, vary, dr
E.evaluations  | [6]            | = [6] is not a known key; allowed: protocol, datasets, methods, model, seeds, vary, dr
S.protocol     | supervised     | = 'supervised' is not a known value; allowed: 'stream'
E.protocol     | stream         | = 'stream' is not a known value; allowed: 'supervised'
S.stream       | rotate         | = 'rotate' is not a known stream; did you mean 'rotated'? Allowed: permuted, rotated
S.evaluations  | [12, 6]        | = [12, 6] is not in ascending order without repeats; did you mean [6.0, 12.0]?
S.evaluations  | 6              | = 6 is a number; did you mean [6]? Allowed: a list of one or more entries, each
S.memory       | 600            | = 600 is too large; allowed: a whole number from 1 to 512
S.examples     | 55             | = 55 does not divide into batches; allowed: a multiple of examples_per_batch, 10
L.further.one  | {protocol: stream, datasets: [usps], seeds: 2, stream: split, tasks: 0} | .tasks = 0 is too small; all
L.further.one  | {protocol: stream, datasets: [usps], stream: split, tasks: 2} | .seeds is missing; all
L.further.one  | {protocol: streams, datasets: [usps]} | .protocol = 'streams' is not a known protocol; did you mean 'st
"""


def mistakes():
    for line in MISTAKES.strip().splitlines():
        if not line.startswith("#"):
            key, value, expected = (column.strip() for column in line.split("|", 2))
            yield (
                re.sub(r"^[LEHS](?=\.|$)", lambda letter: {"L": L, "E": E, "H": H, "S": S}[letter[0]], key),
                value,
                expected,
            )


@pytest.mark.parametrize(("key", "value", "expected"), list(mistakes()))
def test_a_mistake_is_reported_in_one_sentence(key, value, expected):
    joint = "" if expected.startswith(("[", ".")) else " "
    assert message(edited((key.split("."), quick_yaml.loaded(value)))).startswith(
        f"config.yaml: {key}{joint}{expected}"
    )


def test_a_correlation_that_the_groups_cannot_give():
    place, own = (*LAPTOP, "further", "one"), FURTHER | {"datasets": ["gauss_groups"], "correlation": 0.97}
    assert cfg.validate(edited((place, own | {"train_sizes": [10_008]})))
    text = message(edited((place, own | {"train_sizes": [100, 10_010]})))
    assert "one.correlation = 0.97 leaves 10,008 training examples of 'gauss_groups' in groups of that share" in text
    assert text.endswith("allowed: another correlation, or train_sizes of at most 10,008")
    text = message(edited((place, own | {"datasets": ["waterbirds"], "correlation": 0.05})))
    assert "leaves 0 training examples of 'waterbirds'" in text and text.endswith("allowed: another correlation")


def test_more_test_examples_than_there_are_in_equal_groups():
    config = cfg.validate(edited())
    scale = config.scales["laptop"]
    experiment = Supervised(**FURTHER | {"datasets": ["waterbirds"], "correlation": 0.9})
    path = ("scales", "laptop", "further", "one")
    assert not list(checks.problems(path, experiment, scale.model_copy(update={"test_size": 2568}), config))
    # At the same number the classes alone are too few as well, and are reported first.
    *_, problem = checks.problems(path, experiment, scale.model_copy(update={"test_size": 2569}), config)
    assert (problem.path, problem.value) == (("scales", "laptop", "test_size"), 2569)
    assert problem.allowed == "at most 2,568, the test examples of 'waterbirds' in equal groups"


def test_the_place_of_a_key_at_the_wrong_level_is_given():
    text = message(edited((("seeds",), 3)))
    assert re.search(
        r"scales \('seeds' is a key of scales.<name>.experiments.data_efficiency and of \d\d more\)$", text
    )
    text = message(edited(((*EXPERIMENT, "evaluations"), [6])))
    assert re.search(r"\('evaluations' is a key of scales.<name>.experiments.streams and of \d\d more\)$", text)
    text = message(edited(((*LAPTOP, "reference"), "sgd")))
    assert text.endswith("calibration ('reference' is a key of the top level)")


def test_a_key_that_is_no_text():
    assert message(edited(((7,), 1))).startswith("config.yaml: [7] = 1 is not a known key; allowed: scale")
    assert message(edited((("scales", 5), {}))).startswith("config.yaml: scales[5] = {} is not a plain name; allowed")


def test_a_missing_key():
    assert message(edited((("reference",), GONE))) == "config.yaml: reference is missing; allowed: a name"
    text = message(edited(((*EXPERIMENT, "seeds"), GONE)))
    assert text == f"config.yaml: {E}.seeds is missing; allowed: a whole number from 2 to 10,000"
    text = message(edited((("scales", "laptp"), {"hidden": [8]})))
    assert "scales.laptp.image_size is missing; did you mean 'scales.laptop'? Allowed: a whole number" in text


@pytest.mark.parametrize("raw", [None, [], "scale: laptop", 3])
def test_a_file_that_is_no_mapping(raw):
    assert "the whole file = " in message(raw)
    assert "allowed: a mapping with the keys scale, start, verify, methods" in message(raw)


def test_data_with_a_test_part_of_their_own():
    only_fashion = ((*EXPERIMENT, "datasets"), ["fashion_mnist"])
    text = message(edited(only_fashion, ((*LAPTOP, "test_size"), 4001)))
    assert f"{L}.test_size = 4001 is too large; allowed: at most 4,000, the test part of 'dominoes'" in text
    text = message(edited(only_fashion, ((*LAPTOP, "validation_size"), 60_000)))
    assert f"{L}.validation_size = 60000 leaves nothing to train on; allowed: validation_size below 60,000" in text
    text = message(edited(only_fashion, ((*EXPERIMENT, "train_sizes"), [59_701])))
    assert "train_sizes[0] = 59701 is more training examples than 'fashion_mnist' has; allowed: at most 59,700" in text
    cfg.validate(edited(only_fashion, ((*EXPERIMENT, "train_sizes"), [59_700]), ((*LAPTOP, "test_size"), 4000)))


def test_the_natural_shift_must_fit_too():
    text = message(edited(((*EXPERIMENT, "datasets"), ["mnist5k"]), ((*LAPTOP, "test_size"), 2000)))
    assert f"{L}.test_size = 2000 leaves nothing to train on" in text
    assert "'optdigits'" in text


def test_a_test_part_in_unequal_classes_must_fit_too():
    usps = ((*LAPTOP, "further"), {"digits": FURTHER | {"datasets": ["usps"]}})
    fashion = ((*EXPERIMENT, "datasets"), ["fashion_mnist"])
    said = message(edited(usps, fashion, ((*LAPTOP, "test_size"), 1471)))
    assert "test_size = 1471 is too large; allowed: at most 1,470, the test part of 'usps' in equal classes" in said
    cfg.validate(edited(usps, fashion, ((*LAPTOP, "test_size"), 1470)))


def test_the_largest_size_that_fits_is_accepted():
    cfg.validate(edited(((*EXPERIMENT, "train_sizes"), [540])))
    assert "541" in message(edited(((*EXPERIMENT, "train_sizes"), [541])))


def test_mistakes_in_a_scale_that_is_not_active_are_found():
    assert "scales.smoke.hidden[0] = 0" in message(edited((("scales", "smoke", "hidden"), [0])))


def test_several_mistakes_are_counted_and_a_misspelling_counts_once():
    raw = edited(((*EXPERIMENT, "seeds"), GONE), ((*EXPERIMENT, "sede"), 3), (("confidence",), 2), (("scale",), 1))
    assert message(raw).endswith("(and 2 more errors)")
    raw = edited(((*EXPERIMENT, "seeds"), GONE), ((*EXPERIMENT, "sede"), 3))
    assert "more error" not in message(raw)
    raw = edited((("scale",), "no"), (("reference",), "no"))
    assert message(raw).endswith("(and 1 more error)")


def test_long_values_are_cut():
    assert len(message(edited((("scale",), "x" * 10_000)))) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scale: [laptop", "line 1, column 15: "),
        ("scale: laptop\n\tmethods: all", "line 2, column 1: "),
        (
            "scale: laptop\nscale: smoke",
            "line 2, column 1: scale = smoke is given twice; keep one of the two (",
        ),
        ("a: {b: 1, b: 2}", "line 1, column 11: a.b = 2 is given twice"),
        ("a: *b", "line 1, column 4: "),
        ("a: !!python/name:os.system", "line 1, column 4: "),
        ("? [1, 2]\n: 3", "line 1, column 3: "),
        ("a: \x00", ": "),
        ("", "the whole file = null is empty"),
    ],
)
def test_bad_yaml_is_reported_with_its_place(tmp_path, text, expected):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        cfg.load(path)
    assert str(error.value).startswith(str(path))
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file; run from the folder that holds config\.yaml"):
        cfg.load(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read as a UTF-8 text file"):
        cfg.load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"scale: \xe9")
    with pytest.raises(ConfigError, match=r"latin\.yaml line 1: cannot be read as a UTF-8"):
        cfg.load(tmp_path / "latin.yaml")
    assert issubclass(ConfigError, UserError)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            {"scales": {"laptop": {"experiments": {"data_efficiency": {"train_sizes": [6000]}}}}},
            "--config: scales.laptop",
        ),
        ({"scale": "smok"}, "--config: scale = 'smok' is not a known scale; did you mean 'smoke'? Allowed: smoke"),
        ({"scael": "smoke"}, "--config: scael = 'smoke' is not a known key; did you mean 'scale'?"),
        ({"scales": {"smoke": {"hidden": 8}}}, "--config: scales.smoke.hidden = 8 is a number"),
        ({"scales": "smoke"}, "--config: scales = 'smoke' is text"),
    ],
)
def test_a_mistake_on_the_command_line_is_placed_there(overrides, expected):
    with pytest.raises(ConfigError) as error:
        cfg.load(FILE, overrides)
    assert expected in str(error.value)


def test_a_grid_sets_the_draws_and_needs_no_reference():
    with_grid = ((*EXPERIMENT, "grid"), {"momentum": [0.0, 0.9], "warmup": [0.1]})
    text = message(edited(with_grid))
    assert text.startswith(f"config.yaml: {E}.draws = 3 stands beside a grid, which sets the draws; allowed: 1, or no")
    config = cfg.validate(edited(with_grid, ((*EXPERIMENT, "draws"), 1), ((*EXPERIMENT, "methods"), ["sam"])))
    assert cfg.runs(cfg.train_settings(config, cfg.expand(config)[0])) == 3 * 10 * 2


def test_a_source_of_variation_is_named_once():
    text = message(edited(((*EXPERIMENT, "vary"), ["order", "split", "order"])))
    assert text.startswith(f"config.yaml: {E}.vary[2] = 'order' is a source named twice; allowed: each name once")
