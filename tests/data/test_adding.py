"""A data set is added by one file: what the package then knows of it, and what it leaves as it was."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from robustpath.core.fingerprint import SOURCE, fingerprint
from robustpath.data import sets

ROOT = Path(__file__).parents[2]
# Two classes of 4 x 4 pixels: stripes that lie or stand, each brighter than the one before it.
STRIPES = [
    ",".join(str((row if label else column) % 2 * (number + 10)) for row in range(4) for column in range(4))
    + f",{label}"
    for number in range(60)
    for label in (0, 1)
]
CONTENT = "\n".join(STRIPES).encode()
FILE = f'''"""Stripes that lie or stand."""

from robustpath.data.entries import DataSet, File

ENTRY = DataSet(
    name="stripes",
    title="Stripes that lie or stand",
    kind="image",
    classes=2,
    examples=120,
    official_test=0,
    smallest_class=60,
    files=(
        File(
            "stripes.csv",
            "{hashlib.sha256(CONTENT).hexdigest()}",
            {len(CONTENT)},
            urls=("https://example.org/stripes.csv",),
        ),
    ),
    licence="CC0",
    citation="lecun1998gradient",
)


def read(payloads):
    """Images uint8 [120, 4, 4], labels, official-test mask (all false)."""
    from robustpath.data.formats import official, table

    images, labels = table(payloads["stripes.csv"], 4)
    return images, labels, official(len(labels), 0)
'''
SETTINGS = """
import json
from robustpath import study
experiment = dict(datasets=["stripes"], methods=["sgd"], train_sizes=[20], seeds=2, budget=10)
scale = dict(validation_size=20, test_size=20, severities=[1], image_size=8, hidden=[4], further=dict(added=experiment))
config = study.load(overrides=dict(scale="smoke", scales=dict(smoke=scale)))
print(json.dumps([
    study.prepare_settings(config, "stripes"),
    study.train_settings(config, study.Cell("added", "stripes", "sgd")),
    study.evaluate_settings(config, "added", "stripes"),
]))
"""


def package(folder: Path) -> Path:
    """A copy of the package and the config in `folder`."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE / "robustpath", folder / "src/robustpath", ignore=ignored)
    shutil.copy(ROOT / "config.yaml", folder)
    return folder


def python(folder: Path, *arguments) -> subprocess.CompletedProcess:
    """Python on the copy in `folder`, with the data files of that folder and without a network."""
    own = {"PYTHONPATH": str(folder / "src"), "ROBUSTPATH_DATA": str(folder), "ROBUSTPATH_OFFLINE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)


def done(ran: subprocess.CompletedProcess) -> str:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def fingerprints(root: Path) -> dict[tuple[str, str], str]:
    """The code of preparing, training on and evaluating each data set, as workflow/rules/common.smk takes it."""
    training = fingerprint("robustpath.protocols.supervised.training", root=root)
    scoring = "robustpath.protocols.supervised.score"
    found = {}
    for name in sets.names():
        own = f"robustpath.data.sets.{name}"
        generated = [own] if sets.load(name).ENTRY.knobs else []
        found["prepare", name] = fingerprint("robustpath.data.prepare", own, root=root)
        found["train", name] = training
        found["evaluate", name] = fingerprint(scoring, *generated, root=root)
    return found


@pytest.fixture
def copy(tmp_path):
    return package(tmp_path)


def test_one_file_is_listed_prepared_split_trained_on_and_evaluated(copy):
    (copy / "src/robustpath/data/sets/stripes.py").write_text(FILE)
    (copy / "stripes.csv").write_bytes(CONTENT)
    listed = json.loads(done(python(copy, "-m", "robustpath", "list", "data", "--json")))
    assert {row["dataset"] for row in listed} == {*sets.names(), "stripes"}
    shifts = json.loads(done(python(copy, "-m", "robustpath", "list", "shifts", "--json")))
    assert "stripes" in next(row["datasets"] for row in shifts if row["shift"] == "rotate")

    of_prepare, of_train, of_evaluate = map(json.dumps, json.loads(done(python(copy, "-c", SETTINGS))))
    run = ["-m", "robustpath"]
    data, card = copy / "stripes.safetensors", copy / "stripes.json"
    done(python(copy, *run, "prepare", "--settings", of_prepare, "--out", data, "--card", card))
    assert json.loads(card.read_text())["examples_per_class"] == [60, 60]
    weights, path, runs, seconds, scores = (
        copy / name for name in ("w.safetensors", "p.safetensors", "runs.parquet", "seconds.parquet", "scores.parquet")
    )
    out = ["--weights", weights, "--path", path, "--runs", runs, "--seconds", seconds, "--scores", copy / "on_the_way"]
    done(python(copy, *run, "train", "--settings", of_train, "--data", data, *out))
    given = ["--data", f"stripes={data}", "--weights", weights, "--runs", runs, "--scores", scores]
    done(python(copy, *run, "evaluate", "--settings", of_evaluate, *given))
    found = pd.read_parquet(scores)
    assert set(found["dataset"]) == {"stripes"}
    assert set(found["split"]) == {"train", "validation", "test"}
    assert set(found["shift_family"]) == {"none", "corruption"}


def test_it_changes_the_code_of_no_other_data_set(copy):
    before = fingerprints(SOURCE)
    (copy / "src/robustpath/data/sets/stripes.py").write_text(FILE)
    assert fingerprints(copy / "src") == before


def test_a_corruption_changes_the_code_of_evaluations_alone(copy):
    before = fingerprints(SOURCE)
    names = copy / "src/robustpath/data/shift_names.py"
    names.write_text(names.read_text().replace('"translate")', '"translate", "negative")'))
    corruptions = copy / "src/robustpath/data/corruptions.py"
    corruptions.write_text(corruptions.read_text() + '\n\nCORRUPTIONS["negative"] = contrast\n')
    after = fingerprints(copy / "src")
    assert {key for key in before if before[key] != after[key]} == {("evaluate", name) for name in sets.names()}


# What is made of the digits of Optdigits.
DOMAINS = {("prepare", name) for name in ("digit_domains", "digit_domains_28")}
DIGITS = DOMAINS | {("prepare", name) for name in ("optdigits", "digits_patch")}


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("fashion_mnist", "https://raw.githubusercontent.com", "https://example.org", set()),
        ("optdigits", "UCI optical recognition", "Optical recognition", set()),
        ("optdigits", '"""UCI optical', '"""Optical', set()),
        ("optdigits", "CC BY 4.0", "CC BY 3.0", set()),
        ("mnist", "https://ossci-datasets", "https://other-datasets", set()),
        ("optdigits", "6ebb3d2f", "00000000", DIGITS),
        ("optdigits", "/ 16", "/ 15", DIGITS),
        ("digit_domains", "[:PER_CLASS] for", "[: PER_CLASS - 1] for", DOMAINS),
        ("mnist1d", "signal_generator.shifted_test(knob", "signal_generator.shifted_test(str(knob)",
         {("prepare", "mnist1d"), ("evaluate", "mnist1d")}),
    ],
)  # fmt: skip
def test_an_edit_of_one_file_changes_the_code_of_that_data_set_and_of_what_joins_it_alone(
    copy, file, old, new, changed
):
    before, own = fingerprints(SOURCE), copy / f"src/robustpath/data/sets/{file}.py"
    text = own.read_text()
    assert old in text
    own.write_text(text.replace(old, new))
    after = fingerprints(copy / "src")
    assert {key for key in before if before[key] != after[key]} == changed


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("stripes_again", FILE, "describes the data set 'stripes': give the file and its entry the same name"),
        ("stripes", FILE.replace("ENTRY", "DATA"), "has no ENTRY = DataSet"),
        (
            "stripes",
            FILE.replace("classes=2,", 'classes=2, natural_shift_to=("mnist6k",),'),
            "is to be tested on 'mnist6k'",
        ),
        ("stripes", FILE.replace("classes=2,", ""), "cannot be imported (TypeError: "),
        ("stripes", FILE.replace("ENTRY = ", "ENTRY == = "), "cannot be imported (SyntaxError: "),
    ],
)
def test_a_file_that_is_no_data_set_is_one_sentence(copy, file, text, fault):
    if file == "stripes_again":
        (copy / "src/robustpath/data/sets/stripes.py").write_text(FILE)
    (copy / f"src/robustpath/data/sets/{file}.py").write_text(text)
    for command in ("data", "cells"):
        ran = python(copy, "-m", "robustpath", "list", command)
        assert ran.returncode == 1
        assert ran.stderr.startswith("error: ") and ran.stderr.count("\n") == 1
        assert f"sets/{file}.py {fault}" in ran.stderr
