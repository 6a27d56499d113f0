"""CONTRIBUTING.md and pages of docs/, held to the code; their examples run on a copy of it."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from argparse import _SubParsersAction
from pathlib import Path

import pytest
import quick_yaml

from robustpath import methods
from robustpath.command_line import parser
from robustpath.methods import memory
from robustpath.methods.base import build
from robustpath.protocols.stream import kinds, metrics, needs, source, watching
from robustpath.study import Config, expand, load

ROOT = Path(__file__).parents[1]
PAGES = (
    "docs/architecture.md",
    "docs/adding.md",
    "docs/streams.md",
    "docs/acquisition.md",
    "docs/designed.md",
    "CONTRIBUTING.md",
)
TEXT = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
PROSE = {page: re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.S | re.M) for page, text in TEXT.items()}
CODE = {page: " ".join(re.findall(r"`([^`\n]+)`", text)) for page, text in PROSE.items()}
ALL_CODE = " ".join(CODE.values()) + "".join(re.findall(r"^```\n.*?^```$", TEXT["CONTRIBUTING.md"], re.S | re.M))
# Where an example goes, whether it is a new file or is added to one, and its text.
EXAMPLES = re.findall(r"^```\w+\n[#%] (at the end of )?([\w/.]+)\n(.*?)^```$", TEXT["docs/adding.md"], re.S | re.M)
NEW = {file for added, file, _ in EXAMPLES if not added}
MADE = ("results/",)  # by a run
TRIED = """
import json, sys
import torch
from robustpath import methods, models, protocols, theory
from robustpath.claims import model
from robustpath.core.randomness import generator
from robustpath.data import corruptions
from robustpath.figures.manifest import manifest
from robustpath.models.functional import initialise, predict
from robustpath import numbers
from robustpath.protocols.supervised import scores
from robustpath.protocols.supervised.measures import norms

stream = generator("docs")
network = models.network({"model": "linear"}, [3, 2], 4)
params = initialise(network, stream)
inputs = torch.rand(5, 3, 2, generator=stream)
images = torch.rand(2, 4, 4, generator=stream)
logits, labels = torch.randn(2, 3, 4, generator=stream), torch.tensor([0, 3, 1])
quadratic = theory.load("quadratic").run({"steps": 3})
print(json.dumps({
    "method": [methods.load("smoothed_sgd").family, sorted(methods.load("smoothed_sgd").search)],
    "stream method": methods.load("batch_lookahead").family,
    "families": methods.families(),
    "network": [list(predict(network)(params, inputs).shape), list(models.facts("linear").kinds)],
    "score": scores.SCORES["brier"](logits, labels).tolist(),
    "slow score": [
        sum(float(((row.exp() / row.exp().sum() - torch.eye(4)[y]) ** 2).sum()) for row, y in zip(rows, labels)) / 3
        for rows in logits
    ],
    "part": protocols.metrics()["brier"].part,
    "measure": norms.largest_weight({"0.weight": torch.tensor([[[1.0, -3.0]], [[0.5, 0.0]]])}).tolist(),
    "protocols": protocols.names(),
    "figure": manifest()["brier_scores"]["kind"],
    "number": numbers._brier.experiments,
    "claim": model.load("paper/claims.yaml").families["minima"].claims[-1].id,
    "theory": ["quadratic" in theory.CASES, *(quadratic["value"] - quadratic["expected"])],
    "shift": float((corruptions.CORRUPTIONS["negative"](images, 5, stream) - 0.5).abs().max()),
}))
"""


def commands() -> dict:
    """The commands of the package by name."""
    (sub,) = (action for action in parser()._actions if isinstance(action, _SubParsersAction))
    return sub.choices


def keys(part: object) -> set[str]:
    """Every key of the config, read off its JSON schema."""
    if isinstance(part, list):
        return set().union(*map(keys, part))
    if not isinstance(part, dict):
        return set()
    return set(part.get("properties", {})).union(*map(keys, part.values()))


def defined(file: Path) -> set[str]:
    """The names that a file defines, takes as arguments or sets."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess:
    """Python in a copy of the repository, on the package of that copy."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1", "ROBUSTPATH_OFFLINE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def done(ran: subprocess.CompletedProcess) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of what the examples touch, with all examples in it."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("src", "notebooks", "paper"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("config.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for added, file, text in EXAMPLES:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text((f"{(folder / file).read_text().rstrip()}\n\n\n" if added else "") + text)
    single_pass = folder / "src/robustpath/protocols/single_pass"
    (single_pass / "__init__.py").touch()
    line = re.search(r"`(from robustpath\.protocols\.supervised\.training import train[^`]*)`", TEXT["docs/adding.md"])[
        1
    ]
    (single_pass / "training.py").write_text(line + "\n")
    score = line.replace("training", "score").replace("train ", "evaluate ")
    (single_pass / "score.py").write_text(score + "\n")
    return folder


def test_the_layers_are_those_of_the_test_of_imports():
    listed = re.findall(r"^\| `(\w+)` \| [A-Z].*\. \|$", TEXT["docs/architecture.md"], re.M)
    assert listed == runpy.run_path(str(ROOT / "tests/test_architecture.py"))["FLOORS"]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_folder_that_is_named_exists(page):
    links = {os.path.normpath(Path(page).parent / name) for name in re.findall(r"\]\(([\w./]+)\)", TEXT[page])}
    named = links | {word for word in CODE[page].split() if re.fullmatch(r"[\w.<>]+/[\w./<>]*|\w+\.\w{2,4}", word)}
    named |= {file for added, file, _ in EXAMPLES if added and page == "docs/adding.md"}
    assert len(named) >= 5
    beside = {path.name for path in (ROOT / "src").rglob("*.py")}  # `metrics.py` is named with its folder nearby
    missing = {
        name
        for name in named
        if not name.startswith(MADE)
        and not any(ROOT.glob(re.sub(r"<\w+>", "*", name).rstrip("/")))
        and name not in beside
    }
    assert missing - NEW == set()
    assert not [name for name in NEW if (ROOT / name).exists()]


def test_every_command_target_and_module_that_is_named_exists():
    said = re.findall(r"python -m robustpath ([a-z_]+)", ALL_CODE)
    assert len(set(said)) > 10 and set(said) <= set(commands())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    asked = set(re.findall(r"\bmake ([a-z]+)", ALL_CODE))
    assert len(asked) > 3 and asked <= targets
    for module in re.findall(r"\brobustpath((?:\.\w+)+)", ALL_CODE):
        path = ROOT / "src/robustpath" / module.lstrip(".").replace(".", "/")
        assert path.with_suffix(".py").is_file() or path.is_dir(), module


def test_the_page_on_streams_says_what_the_code_does():
    page = TEXT["docs/streams.md"]
    tables = [dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.M)) for table in page.split("\n## ")]
    assert next(table for table in tables if "permuted" in table) == kinds.KINDS
    assert next(table for table in tables if "replay" in table).keys() == needs.DEALS
    scored = next(part for part in page.split("\n## ") if part.startswith("What is scored"))
    rows = " ".join(row.split("|")[3] for row in scored.splitlines() if row.startswith("| "))
    assert set(re.findall(r"`(\w+)`", rows)) == set(metrics.METRICS)
    batches = [name for name in methods.names() if "stream" in methods.protocols_of(name)]
    others = {name for name in batches if build(methods.load(name), {}).order != "batches"}
    assert set(re.findall(r"`(\w+)`", re.search(r"^Two kinds of methods.*?\n\n", page, re.S | re.M)[0])) == others
    for said, number in (
        ("at most {}.", memory.CAPACITY), ("| {} validation examples", watching.PROBE), ("every {}th", watching.EVERY)
    ):  # fmt: skip
        assert said.format(number) in page
    assert source.DROPPED == 0.1 and "a tenth of the numbers" in page


def test_the_keys_and_names_that_are_in_code_type_are_known():
    schema = keys(Config.model_json_schema())
    table = re.search(r"^\| to add a .*?\n\n", TEXT["docs/architecture.md"], re.S | re.M)[0]
    used = re.findall(r"`([a-z_]+)`", " ".join(row.split("|")[3] for row in table.strip().splitlines()[2:]))
    assert {"methods", "datasets", "model", "measured", "further"} <= set(used) <= schema
    code = set().union(*(defined(file) for file in (ROOT / "src").rglob("*.py")))
    code |= {path.stem for path in (ROOT / "src").rglob("*") if path.suffix in ("", ".py")}
    code |= set(quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text())) | schema | set(commands())
    code |= {*metrics.METRICS, *kinds.KINDS, *needs.DEALS}
    words = {word for page in PAGES[:3] for word in re.findall(r"`([a-z_]{3,})`", PROSE[page])}
    assert len(words) > 20 and words - code - {Path(name).stem for name in NEW} == set()
    for name, file in re.findall(r"`(\w+)` (?:in|of) `(src/[\w/]+\.py)`", PROSE["docs/architecture.md"]):
        assert name in defined(ROOT / file), f"{name} is not in {file}"


def test_the_examples_do_what_is_said_of_them(copy):
    found = json.loads(done(run(copy, "-c", TRIED)).splitlines()[-1])
    assert found["method"][0] == "minima" and "radius" in found["method"][1]
    assert found["stream method"] == "batches"
    assert "augmentations" in found["families"]
    assert found["network"] == [[5, 4], ["image", "signal"]]
    assert found["score"] == pytest.approx(found["slow score"])
    assert found["part"] == "brier"
    assert found["measure"] == [3.0, 0.5]
    assert found["protocols"] == [
        "supervised",
        "acquisition",
        "attention",
        "choices",
        "designed",
        "episodes",
        "representations",
        "single_pass",
        "stream",
    ]
    assert (found["figure"], found["number"], found["claim"]) == ("figure", ["minima"], "M9")
    assert found["theory"] == [True, 0.0]
    assert found["shift"] == pytest.approx(0.0, abs=1e-6)  # half an image and half its negative: grey


@pytest.mark.parametrize(
    ("what", "name"),
    [
        *(("methods", "smoothed_sgd"), ("data", "breast_cancer"), ("models", "linear"), ("metrics", "brier")),
        *(("protocols", "single_pass"), ("figures", "brier_scores")),
    ],
)
def test_an_example_is_found_by_its_name(copy, what, name):
    rows = json.loads(done(run(copy, "-m", "robustpath", "list", what, "--json")))
    assert name in {next(iter(row.values())) for row in rows}


def test_the_data_set_of_the_example_is_prepared_as_its_entry_says(copy):
    settings = json.dumps({"dataset": "breast_cancer", "image_size": None})
    out = ["--out", copy / "data.safetensors", "--card", copy / "card.json"]
    done(run(copy, "-m", "robustpath", "prepare", "--settings", settings, *out))
    card = json.loads((copy / "card.json").read_text())
    assert card["examples_per_class"] == [212, 357]
    assert card["tensors"]["inputs"]["shape"] == [569, 30]


def test_the_method_of_the_example_passes_the_tests_of_every_method(copy):
    options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", ROOT]
    chosen = "smoothed_sgd and (loss_falls or switched_off or same_alone or search_space)"
    ran = run(copy, "-m", "pytest", *options, ROOT / "tests/methods", "-k", chosen)
    assert re.search(r"(\d+) passed", done(ran))[1] == "4"


def test_the_method_of_a_stream_of_the_example_passes_tests_of_every_method_on_a_stream(copy):
    options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", ROOT]
    chosen = "batch_lookahead and (parameters_and_scores or beside_others)"
    ran = run(copy, "-m", "pytest", *options, ROOT / "tests/protocols/stream/test_every_method.py", "-k", chosen)
    assert re.search(r"(\d+) passed", done(ran))[1] == "2"


def test_the_acquisition_of_the_example_passes_the_tests_of_every_acquisition(copy):
    options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", ROOT]
    ran = run(copy, "-m", "pytest", *options, ROOT / "tests/protocols/acquisition", "-k", "far_from_mean")
    assert int(re.search(r"(\d+) passed", done(ran))[1]) >= 5


def test_a_budget_of_more_than_one_pass_is_refused_by_the_protocol_of_the_example(copy):
    experiment = {"protocol": "single_pass", "datasets": ["optdigits"], "methods": ["sgd"]}
    experiment |= {"train_sizes": [100], "seeds": 2, "budget": 3}
    program = "from robustpath import study; study.load(overrides={'scales': {'smoke': {'further': {'once': %s}}}})"
    done(run(copy, "-c", program % experiment))
    refused = run(copy, "-c", program % (experiment | {"budget": 4}))
    assert "scales.smoke.further.once.budget = 4 is more than one pass" in refused.stderr


def test_the_examples_are_written_as_the_project_is(copy):
    files = [file for _, file, _ in EXAMPLES if file.endswith(".py")]
    done(run(copy, "-m", "ruff", "check", "--no-cache", *files))
    done(run(copy, "-m", "ruff", "format", "--no-cache", "--check", *files))


def test_the_experiment_on_a_set_that_is_got_by_hand_is_a_valid_one():
    """Where it is added to the scale that the page is about; no shipped experiment needs the set."""
    page = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    (added,) = (quick_yaml.loaded(block) for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.S | re.M))
    raw = quick_yaml.loaded((ROOT / "config.yaml").read_text())
    for scale in raw["scales"].values():
        shipped = {**scale["experiments"], **scale.get("further", {})}
        assert not any("celeba" in experiment["datasets"] for experiment in shipped.values())
    config = load(overrides={"scale": "cluster", "scales": {"cluster": {"further": added}}})
    assert any(cell.dataset == "celeba" for cell in expand(config))
