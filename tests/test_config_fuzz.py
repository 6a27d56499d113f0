"""Every key of the config, at every depth, made wrong in every way: it is refused in a sentence that names the key, its
value and the remedy; what the schema allows loads, or a rule between keys refuses it as clearly.

The cases come from config.yaml and the schema alone, so that a new key is covered without an edit here; of each kind
every second one is tried, all where ROBUSTPATH_CASES is given.
"""

import copy
import json
import math
import os
import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import quick_yaml as quick

from robustpath import study as cfg
from robustpath.config.errors import ConfigError
from robustpath.config.schema import node_at
from robustpath.methods import search
from robustpath.protocols.experiments import OVER_A_GRID

ROOT = Path(__file__).parents[1]
FILE = ROOT / "config.yaml"
SHIPPED = quick.loaded(FILE.read_text(encoding="utf-8"))
SCHEMA = cfg.Config.model_json_schema()
# With every key that config.yaml leaves to its default.
FULL = cfg.Config.model_validate(SHIPPED).model_dump(round_trip=True)
GONE = object()

# What is put in place of any value, by what is wrong with it; the schema tells where it is right.
REPLACEMENTS = {
    "text": ["zebra", "12", ""],
    "number": [7, 2.5],
    "truth value": [True],
    "empty": [None],
    "list": [[], ["zebra"], [[1]]],
    "mapping": [{}, {"zebra": 1}],
}
SIZES = [0, -1, 1e308, 10**30, math.nan, math.inf, -math.inf]
STRICT = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) in (int, float) and math.isfinite(value),
        }
    ),
)
DUMPS = ("Traceback", "pydantic", "validation error", "Input should", "<class", "object at 0x", "{what}", "None")


class Case(NamedTuple):
    """One mutation: its kind, the key, the value put there (GONE: the key is taken away), the key's new name."""

    kind: str
    path: tuple
    value: Any
    name: str = ""


def walk(value, path=()):
    """Every key below `value` with its path, and the first and the last entry of every list."""
    entries = {0, len(value) - 1} if isinstance(value, list) and value else ()
    for part in value if isinstance(value, dict) else sorted(entries):
        yield (*path, part)
        yield from walk(value[part], (*path, part))


def value_at(raw, path):
    for part in path:
        raw = raw[part]
    return raw


def address(path):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def found(raw, path):
    """{address: value} of a path, empty where `raw` has no such key."""
    try:
        return {address(path): value_at(raw, path)}
    except (LookupError, TypeError):
        return {}


def form(path):
    """What makes two places alike: the same key of a block of the same kind, given there or left to its default."""
    keys = [position for position, part in enumerate(path) if isinstance(part, str)]
    block, entry = path[: keys[-1]], path[keys[-1] :]
    try:
        given = entry[0] in value_at(SHIPPED, block)
    except KeyError:  # a block that is left to its default
        given = False
    ends = tuple("entry" if isinstance(part, int) and part else part for part in entry)
    return json.dumps([node_at(SCHEMA, block).get("title"), given, ends])


def sampled():
    """One place of every form, from another scale or experiment each time."""
    alike = sorted(walk(FULL), key=form)
    for position, (_, group) in enumerate(groupby(alike, key=form)):
        places = list(group)
        yield places[position % len(places)]


def cases():
    for path in sampled():
        node, value = node_at(SCHEMA, path), value_at(FULL, path)
        for kind, replacements in REPLACEMENTS.items():
            yield from (Case(f"{kind} in its place", path, other) for other in replacements)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = next((branch for branch in node.get("anyOf", ()) if "minimum" in branch), node)
            bounds = [number["minimum"] - 1, number["maximum"] + 1]
            yield from (Case("out of range", path, size) for size in SIZES + bounds)
        if isinstance(value, list) and value:
            yield Case("repeated entry", path, [*value, value[-1]])
        if isinstance(value, str):
            yield Case("unknown name", path, value[:-1] + "q")
        if isinstance(path[-1], str):
            yield Case("missing", path, GONE)
            yield Case("misspelt", path, value, path[-1][0] + path[-1][2:])


CASES = list(cases())
ADDRESSES = {address(path): path for path in walk(FULL)}


def mutated(case):
    """FULL with the case's mutation, everything else shared."""
    raw = here = dict(FULL)
    for part in case.path[:-1]:
        here[part] = copy.copy(here[part])
        here = here[part]
    if case.value is GONE or case.name:
        del here[case.path[-1]]
    if case.value is not GONE:
        here[case.name or case.path[-1]] = case.value
    return raw


def allowed(case):
    """Whether the schema allows the mutation: the reading of jsonschema, which knows nothing of pydantic or of cfg."""
    above = node_at(SCHEMA, case.path[:-1])
    if case.value is GONE:
        return case.path[-1] not in above.get("required", []) and len(value_at(FULL, case.path[:-1])) > above.get(
            "minProperties", 0
        )
    if case.name:
        return "properties" not in above
    return STRICT({**node_at(SCHEMA, case.path), "$defs": SCHEMA["$defs"]}).is_valid(case.value)


def written(value):
    """A value as the message has it, cut where it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:50]


@pytest.fixture
def message(monkeypatch):
    """What loading a mutated config says, '' where it loads; the YAML is taken as read."""

    def say(raw):
        monkeypatch.setattr(cfg, "read", lambda path: raw)
        try:
            cfg.load(FILE)
        except ConfigError as error:
            return str(error).replace(str(FILE), "config.yaml")
        return ""

    return say


def faults(text):
    """What keeps a message from being one sentence with a place and a remedy."""
    if len(text.splitlines()) != 1:
        yield "not one line"
    if not text.startswith("config.yaml"):
        yield "no file"
    if len(text) > 900:
        yield "too long"
    if not re.search(r"; (allowed: |did you mean .+\? Allowed: )\S", text):
        yield "no remedy"
    yield from (f"a dump: {sign}" for sign in DUMPS if re.search(rf"(?<!'){re.escape(sign)}", text))


def faults_of(case, text):
    """What the message of a refused case lacks."""
    yield from faults(text)
    subject = text.removeprefix("config.yaml: ")
    raw, below = mutated(case), (*case.path[:-1], case.name or case.path[-1])
    place = re.match(r"\S+", subject).group()
    known = {}
    if place in ADDRESSES:
        known = found(raw, ADDRESSES[place])
    if not known and case.value is not GONE:
        known = {
            address(path): value for path in (below, *walk(case.value, below)) for value in found(raw, path).values()
        }
    shown = re.match(r"\S+ = (.{1,50})", subject)
    if not allowed(case):
        at = address(below)
        if not place.startswith(at):
            yield f"not at {at}"
        if case.value is GONE and not subject.startswith(f"{at} is missing; "):
            yield "not reported as missing"
        if case.name and f"did you mean '{case.path[-1]}'" not in subject:
            yield "the key's right spelling is not proposed"
        scalar = not isinstance(case.value, (list, dict)) and case.value is not GONE
        if scalar and not case.name and not subject.startswith(f"{at} = {written(case.value)}"):
            yield "the value is not shown"
        if case.kind == "out of range" and not re.search(r" is (too small|too large|not a finite number); ", subject):
            yield "the size is not what is reported"
        if case.kind == "unknown name" and "did you mean" not in subject and len(case.value) > 3:
            yield "no name is proposed"
    if shown and place in known and not shown.group(1).startswith(written(known[place])[:40]):
        yield f"the value shown is not that of {place}"
    absent = re.match(r"\S+ is missing; ", subject) or (case.kind == "missing" and place == address(case.path))
    if place not in known and not absent:
        yield "names no key of the file"
    if not shown and not absent:
        yield "shows no value"


def by_kind():
    step = 1 if "ROBUSTPATH_CASES" in os.environ else 2
    return [
        pytest.param([case for case in CASES if case.kind == kind][::step], id=kind)
        for kind in Counter(case.kind for case in CASES)
    ]


@pytest.mark.parametrize("alike", by_kind())
def test_what_is_wrong_is_refused_and_what_is_right_loads(alike, message):
    bad = []
    for case in alike:
        text = message(mutated(case))
        if text:
            bad += [f"{case}: {fault}: {text}" for fault in faults_of(case, text)]
        if not text and not allowed(case):
            bad.append(f"{case}: loads")
        if text and same(case):
            bad.append(f"{case}: changes nothing and is refused: {text}")
    assert not bad, f"{len(bad)} faults\n" + "\n".join(bad[:40])


def same(case):
    """Whether a case leaves the config as it was: a key with its default taken away."""
    if case.value is not GONE or not allowed(case):
        return False
    above = node_at(SCHEMA, case.path[:-1])
    missing = above.get("properties", {}).get(case.path[-1], {})
    return "default" in missing and missing["default"] == value_at(FULL, case.path)


def test_a_list_that_is_written_as_text_is_proposed_as_a_list(message):
    lists = [(path, value) for path in sampled() if isinstance(value := value_at(FULL, path), list) and value]
    numbers = [(path, value) for path, value in lists if isinstance(value[0], (int, float)) and len(str(value)) < 50]
    assert len(numbers) >= 20
    for path, value in numbers[::6]:
        for written_as, meant in ((json.dumps(value), value), (value[0], value[:1])):
            text = message(mutated(Case("as text", path, written_as)))
            proposed = re.search(r"; did you mean (\[.*?\])\? Allowed: ", text)
            if message(mutated(Case("as a list", path, meant))):  # one entry of several is too few for another key
                assert not proposed, text
            else:
                assert proposed and json.loads(proposed.group(1)) == meant, text


def test_a_proposal_that_would_be_refused_is_not_made(message):
    raw = copy.deepcopy(FULL)
    for name, said in (("zebra", "allowed: a list"), ("optdigits", 'did you mean ["optdigits"]? Allowed: a list')):
        raw["scales"]["smoke"]["experiments"]["minima"]["datasets"] = name
        assert f"scales.smoke.experiments.minima.datasets = '{name}' is text; {said}" in message(raw)


def test_a_grid_that_is_gone_is_reported_as_itself(message):
    for name in OVER_A_GRID:
        raw = copy.deepcopy(SHIPPED)
        del raw["scales"]["laptop"]["experiments"][name]["grid"]
        assert message(raw).startswith(f"config.yaml: scales.laptop.experiments.{name}.grid is missing; allowed: ")


def test_every_key_is_mutated_in_every_way():
    count = Counter(case.kind for case in CASES)
    assert len(CASES) >= 200
    assert sum(not allowed(case) for case in CASES) >= 200
    assert sum(map(same, CASES)) >= 5
    keys = {path[-1] for path in walk(FULL) if isinstance(path[-1], str)}
    for kind in ("missing", "misspelt", "text in its place", "empty in its place"):
        assert {case.path[-1] for case in CASES if case.kind == kind} >= keys - set(FULL["scales"]), kind
    assert min(count.values()) >= 20, count


@pytest.fixture
def loaded(tmp_path):
    """What loading a file of this text says, '' where it loads."""

    def say(text):
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        try:
            cfg.load(path)
        except ConfigError as error:
            return str(error).replace(str(path), "config.yaml")
        return ""

    return say


@pytest.mark.parametrize("case", CASES[:: len(CASES) // 12])
def test_the_file_is_reported_as_what_is_taken_for_read(case, loaded, monkeypatch):
    from_file = loaded(quick.dumped(mutated(case), sort_keys=False))
    monkeypatch.setattr(cfg, "read", lambda path: mutated(case))
    assert from_file == loaded("")


def test_every_key_given_twice_is_reported_with_both_places(loaded):
    paths = [path for path in walk(FULL) if not any(isinstance(part, int) for part in path)]
    distinct = {(path[-1], len(path)): path for path in paths}.values()
    assert len(distinct) >= 50
    for path in distinct:
        lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(path)]
        text = loaded("\n".join([*lines[:-1], f"{lines[-1]} 1", f"{lines[-1]} 2"]))
        place = f"config.yaml line {len(path) + 1}, column {2 * len(path) - 1}: {address(path)} = 2 is given twice; "
        assert text == f"{place}keep one of the two (the other is in line {len(path)})"


# What is put where, each right by itself | the message after the file's name. L. and E.: the laptop scale and its
# experiments, likewise in the message.
CONTRADICTIONS = """
reference: adamv                                  | reference = 'adamv' is not a known method of the list; did you mean
reference: adam                                   | reference = 'adam' is not a method of the list, though there is one
reference: lookahead                              | scales.smoke.experiments.data_efficiency.methods = ["sgd", "adamw",
E.minima.methods: [sam]                           | E.minima.methods = ["sam"] lacks the reference; allowed: 'all' or
E.minima.methods: [sgd, third_orde]               | E.minima.methods[1] = 'third_orde' is not a known method; did you
E.minima.datasets: [mnist5]                      | E.minima.datasets[0] = 'mnist5' is not a known data set; did you mean
E.minima.train_sizes: [300, 541]                  | E.minima.train_sizes[1] = 541 is more training examples than
E.minima.train_sizes: [5]                         | E.minima.train_sizes[0] = 5 is too small; allowed: at least 10, one
L.test_size: 1440                                 | L.test_size = 1440 leaves nothing to train on; allowed:
L.validation_size: 1740                           | L.validation_size = 1740 leaves nothing to train on; allowed:
E.trajectories.points: 602                        | E.trajectories.points = 602 is too large; allowed: at most 601
E.trajectories.points: 1                          | E.trajectories.points = 1 is too small; allowed: 0, or at least 3
E.lengths.draws: 2                                | E.lengths.draws = 2 stands beside a grid, which sets the draws;
E.lengths.grid: {shares: [0.1]}                   | E.lengths.grid.shares = [0.1] is no hyperparameter of
E.random_labels.grid: {share: [0.5]}              | E.random_labels.grid.share = [0.5] is no hyperparameter of 'sgd';
E.lengths.grid: {share: [0.1, 0.2, 0.1]}          | E.lengths.grid.share[2] = 0.1 is a value named twice; allowed: each
E.lengths.grid: {}                                | E.lengths.grid = {} has no entry; allowed: values of
E.minima.label_noise: [0.2, 0]                    | E.minima.label_noise = [0.2, 0] is not in ascending order without
L.severities: [5, 1]                              | L.severities = [5, 1] is not in ascending order without repeats; did
L.severities: [0, 1]                              | L.severities[0] = 0 is too small; allowed: a whole number from 1
L.severities: [5, 6]                              | L.severities[1] = 6 is too large; allowed: a whole number from 1
L.theory.memorisation.sizes: [50, 25]             | L.theory.memorisation.sizes = [50, 25] is not in ascending order
L.theory.spurious_minimum.noise: [0, 0]           | L.theory.spurious_minimum.noise = [0, 0] is not in ascending order
L.theory.uniform_convergence.linear_sizes: [9, 8] | L.theory.uniform_convergence.linear_sizes = [9, 8] is not in
L.theory.superposition.importances: [1, 0.5]      | L.theory.superposition.importances = [1, 0.5] is not in ascending
L.theory.superposition.importances: [0]           | L.theory.superposition.importances[0] = 0 is too small; allowed: a
L.theory.associative_retrieval.letters: 9         | L.theory.associative_retrieval.letters = 9 is too small; allowed: a
L.theory.saddles.methods: [sgd, saddle]           | L.theory.saddles.methods[1] = 'saddle' is not a known method;
verify.level: 1.5                                 | verify.level = 1.5 is a number; allowed: a whole number from 0 to 3
{verify.level: 3, start: records}                 | verify.level = 3 compares with a run from raw data, but start =
{start: records, scale: nothing, scales.nothing: S} | start = 'records' needs published files, but nothing is
{start: text, scale: nothing, scales.nothing: S}  | start = 'text' needs published files, but nothing is published of
L: {true: 1}                                      | L[true] = 1 is not a known key; allowed: device
verify: {1.5: 1, null: 2}                         | verify[1.5] = 1 is not a known key; allowed: level
"""


def contradictions():
    for line in CONTRADICTIONS.strip().splitlines():
        edits, _, expected = re.sub(r"\bE\.", "L.experiments.", line).partition("|")
        expected = re.sub(r"\bL(?=[.[])", "scales.laptop", expected.strip())
        yield pytest.param(quick.loaded(re.sub(r"\bL(?=[.:])", "scales.laptop", edits)), expected, id=expected[:40])


@pytest.mark.parametrize(("edits", "expected"), list(contradictions()))
def test_what_contradicts_another_key_is_refused(edits, expected, message):
    raw = copy.deepcopy(FULL)
    for key, value in edits.items():
        *above, last = key.split(".")
        value_at(raw, above)[last] = raw["scales"]["smoke"] if value == "S" else value
    text = message(raw)
    assert text.startswith(f"config.yaml: {expected}")
    assert not list(faults(text))


def test_more_draws_than_a_method_without_hyperparameters_can_have_are_refused(message, monkeypatch):
    monkeypatch.setattr(search, "hyperparameters", lambda family, name: {"sgd": frozenset()}.get(name))
    text = message(FULL)
    assert text.startswith(
        "config.yaml: scales.smoke.experiments.data_efficiency.draws = 2 is more draws than 'sgd' can"
    )
    assert not list(faults(text))
