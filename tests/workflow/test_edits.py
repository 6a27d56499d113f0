"""Small edits of the project, each with exactly the jobs that it may run again."""

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from checkouts import REPOSITORY, edit, plan

from robustpath.figures.manifest import manifest
from robustpath.study import expand, experiments, load

SOURCE = "src/robustpath"
SUPERVISED = f"{SOURCE}/protocols/supervised"
# Rules with more than one job at this scale: the words that say which, in the message of a job.
WORDS = {
    "prepare": r"Prepare (\w+)$",
    "train": r"Train (\w+) on (\w+) for (\w+) ",
    "evaluate": r"Evaluate all methods of (\w+) on (\w+) ",
    "measure": r"Measure the minima of (\w+) on (\w+) ",
    "trace": r"Trace the runs of (\w+) on (\w+) ",
    "theory": r"Run the theory case (\w+)$",
}
PRINTED = {"paper", "all"}
NUMBERS = {"numbers", "origin"} | PRINTED
JUDGED = {"claims", "calibrate"} | NUMBERS
NEW_CLAIM = """
      - id: M9
        statement: The walk after descent is not worse than SGD.
        subject: walk
        variants: [contour_cooldown]
        label_noise: *levels
        conditions:
          - {kind: difference, test_set: none, against: sgd, threshold: -0.5}
"""
NEW_EXPERIMENT = """
      again: {datasets: [mnist1d], methods: [sgd], train_sizes: [50], seeds: 2, budget: 60}
    theory:
      spurious_minimum:"""


class Edit(NamedTuple):
    """What is changed in a checkout, the jobs that this may run again, and what such an edit stands for."""

    change: Callable[[Path], None]
    jobs: Callable[[Path], Iterable[str]]
    name: str


def at(file: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of some words in a file."""
    return lambda folder: edit(folder / file, old, new)


def more(file: str, text: str = "\nUNUSED = 1\n") -> Callable[[Path], None]:
    """Text at the end of a file."""
    return lambda folder: edit(folder / file, whole := (folder / file).read_text(), whole + text)


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    """Several changes at once."""
    return lambda folder: [change(folder) for change in changes]


def copied(file: str, to: str, old: str, new: str) -> Callable[[Path], None]:
    """A new file like another one, with one word changed."""

    def change(folder: Path) -> None:
        (folder / to).parent.mkdir(exist_ok=True)
        shutil.copy(folder / file, folder / to)
        edit(folder / to, old, new)

    return change


def written(text: str, file: str) -> Callable[[Path], None]:
    """A new file with this text."""

    def change(folder: Path) -> None:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)

    return change


def these(*jobs: str) -> Callable[[Path], set[str]]:
    """The same jobs in every checkout."""
    return lambda folder: set(jobs)


def drawn(folder: Path, *inputs: str) -> set[str]:
    """The figures and tables; those that read one of these inputs beside the records, where any is named."""
    entries = manifest(folder / "notebooks/manifest.yaml")
    return {name for name, entry in entries.items() if not inputs or set(inputs) & set(entry.get("inputs", []))}


def scored(*jobs: str) -> Callable[[Path], set[str]]:
    """These jobs, the records, and all that is made from the records."""
    return lambda folder: {*jobs, "collate"} | drawn(folder) | JUDGED


def rescored(folder: Path) -> set[str]:
    """Every evaluation, but those on designed sets, whose scores are all their own; and all that these change."""
    config = load(folder / "config.yaml")
    own = {name for name, chosen in experiments(config).items() if chosen.protocol == "designed"}
    cells = [cell for cell in expand(config) if cell.experiment not in own]
    return scored(*(f"evaluate {cell.experiment} {cell.dataset}" for cell in cells))(folder)


def of_theory(case: str) -> Callable[[Path], set[str]]:
    """A theory case and what shows the cases."""
    return lambda folder: {f"theory {case}"} | drawn(folder, "theory") | PRINTED


def judged(folder: Path) -> set[str]:
    """What is made of the claims and the records."""
    return JUDGED | drawn(folder, "claims", "calibration")


def jobs(folder: Path) -> set[str]:
    """What a dry run would do: a rule, with the words that say which of its jobs."""
    planned = plan(folder)
    found = set(planned.rules) - set(WORDS)
    for rule, words in WORDS.items():
        matches = (re.match(words, message) for message in planned.messages)
        own = {" ".join([rule, *match.groups()]) for match in matches if match}
        assert len(own) == planned.rules[rule]
        found |= own
    return found


NEW_METHOD = copied(
    f"{SOURCE}/methods/minima/sam.py", f"{SOURCE}/methods/minima/newcomer.py", "def sam(", "def newcomer("
)
# Code that plans, lists, checks or publishes: no job runs it.
NO_JOB = [
    "__main__",
    "command_line",
    "operations/fork_client",
    "operations/fork_server",
    "commands",
    "operations/listing",
    "operations/outcome",
    "operations/costs",
    "protocols/supervised/checks",
    "publication/publishing",
    "publication/verification",
]
OF_MINIMA = ("evaluate minima optdigits", "measure minima optdigits")
NEW_SCORE = more(
    f"{SUPERVISED}/scores.py",
    '\nSCORES["error"] = accuracy\nFACTS["error"] = Metric("fraction", 0.0, 1.0, "lower", ALL_SPLITS, "error")\n',
)

ADDED = [
    Edit(
        copied(f"{SOURCE}/data/sets/optdigits.py", f"{SOURCE}/data/sets/newcomer.py", '"optdigits"', '"newcomer"'),
        these(),
        "a data set that no experiment uses",
    ),
    Edit(
        copied(f"{SOURCE}/models/cnn.py", f"{SOURCE}/models/newcomer.py", "WIDTHS = (32,", "WIDTHS = (16,"),
        these(),
        "a network that no experiment uses",
    ),
    # The text may name a method that no experiment uses: its numbers are "not measured".
    Edit(NEW_METHOD, these(*NUMBERS), "a method that no experiment uses"),
    Edit(
        both(
            written('"""Newcomers."""\n', f"{SOURCE}/methods/newcomers/__init__.py"),
            copied(
                f"{SOURCE}/methods/minima/sam.py", f"{SOURCE}/methods/newcomers/newcomer.py", "def sam", "def newcomer"
            ),
        ),
        these(*NUMBERS),
        "a family with a method that no experiment uses",
    ),
    Edit(
        both(NEW_METHOD, at("config.yaml", "  - sam\n", "  - sam\n  - newcomer\n")),
        scored("train newcomer optdigits minima", *OF_MINIMA),
        "a method that the study of minima trains",
    ),
    Edit(NEW_SCORE, rescored, "a score"),
    Edit(
        at(
            f"{SUPERVISED}/metrics.py",
            '    "margin":',
            '    "newcomer": _measure("norm", "none", "neither"),\n    "margin":',
        ),
        these("measures", "paper", "all"),  # the table says which measures may be lower bounds
        "a measure that is declared, but that nothing measures",
    ),
    Edit(
        lambda folder: shutil.copytree(REPOSITORY / "tests/protocols/toy", folder / SOURCE / "protocols/toy"),
        these(),
        "a protocol with an axis and a metric of its own that no experiment has",
    ),
    Edit(more("paper/claims.yaml", NEW_CLAIM), judged, "a claim"),
    Edit(
        at("config.yaml", "\n    theory:\n      spurious_minimum:", NEW_EXPERIMENT),
        scored("train sgd mnist1d again", "evaluate again mnist1d"),
        "an experiment",
    ),
]
WORDED = [
    Edit(
        at(
            f"{SOURCE}/data/sets/optdigits.py", 'package="sklearn"', 'urls=("https://example.org/",), package="sklearn"'
        ),
        these(),
        "an address more of a data set",
    ),
    Edit(
        at(f"{SOURCE}/data/sets/fashion_mnist.py", "githubusercontent", "example"), these(), "an address of a data set"
    ),
    Edit(at(f"{SOURCE}/data/sets/optdigits.py", 'title="UCI', 'title="The UCI'), these(), "the title of a data set"),
    Edit(at(f"{SOURCE}/data/sets/mnist1d.py", 'licence="', 'licence="As is: '), these(), "the licence of a data set"),
    Edit(
        at(f"{SOURCE}/protocols/section.py", "Paired repetitions", "Repetitions"),
        these(),
        "the description of a key of every experiment",
    ),
    Edit(at(f"{SOURCE}/study.py", "Widths of the", "Units of the"), these(), "the description of a key of a scale"),
    Edit(
        at(f"{SOURCE}/data/splits.py", "lower them", "make them smaller"), these(), "the remedy of an error of the data"
    ),
    Edit(
        at(f"{SOURCE}/engine/device.py", "set `device: auto`", "write `device: auto`"),
        these(),
        "the remedy of an error of the engine",
    ),
    Edit(
        at(f"{SUPERVISED}/training.py", "out of memory, going", "too large, going"),
        these(),
        "a printed line of a training",
    ),
    Edit(at(f"{SUPERVISED}/training.py", '"""Train a cell', '"""Trains a cell'), these(), "a docstring of a training"),
    Edit(at(f"{SUPERVISED}/protocol.py", "number of training examples", "examples"), these(), "the meaning of an axis"),
    Edit(
        at("notebooks/learning_curves.py", 'set_xlabel("training examples")', 'set_xlabel("examples")'),
        these("learning_curves", *PRINTED),
        "the title of an axis of a figure",
    ),
    Edit(
        at(f"{SOURCE}/records/labels.py", '"RAdam"', '"Rectified Adam"'),
        lambda folder: drawn(folder) | NUMBERS,
        "a name as the paper prints it",
    ),
    Edit(more("paper/main.tex", "% Words.\n"), these("origin", *PRINTED), "the text of the paper"),
]
CODED = [
    Edit(at(f"{SOURCE}/models/cnn.py", "WIDTHS = (32,", "WIDTHS = (16,"), these(), "a network that no experiment uses"),
    Edit(more(f"{SOURCE}/data/sets/svhn.py"), these(), "a data set that no experiment uses"),
    Edit(both(*(more(f"{SOURCE}/{name}.py") for name in NO_JOB)), these(), "what plans, lists and checks"),
    Edit(
        more(f"{SOURCE}/methods/minima/lookahead.py"),
        scored(
            "train lookahead optdigits minima", *OF_MINIMA
        ),  # not the measures of experiments where it does not take part
        "a method",
    ),
    Edit(
        more(f"{SUPERVISED}/measures/norms.py"),
        scored("measure minima optdigits", "measure lengths optdigits"),
        "some measures",
    ),
    Edit(more(f"{SUPERVISED}/scores.py"), rescored, "the scores"),
    Edit(more(f"{SOURCE}/theory/memorisation.py"), of_theory("memorisation"), "a theory case"),
    Edit(more(f"{SOURCE}/data/registry.py"), these("origin", *PRINTED), "the list of the data sets"),
    Edit(more(f"{SOURCE}/config/section.py"), these("origin", *PRINTED), "the form of all sections of the config"),
]
VALUES = [
    Edit(
        at("config.yaml", "sizes: [10, 25], seeds: 3", "sizes: [10, 25], seeds: 4"),
        of_theory("memorisation"),
        "of a theory case",
    ),
    Edit(
        at("config.yaml", "        budget: 60\n        held_out: 0.2\n", "        budget: 60\n        held_out: 0.3\n"),
        scored(
            *(f"train {method} optdigits held_out" for method in ("sgd", "adamw", "contour_warmup")),
            "evaluate held_out optdigits",
        ),
        "the share of one experiment that is held out",
    ),
    Edit(at("config.yaml", "    budget: 1000\n", "    budget: 1001\n"), these(), "of another scale"),
]
EDITS = {"added": ADDED, "words": WORDED, "code": CODED, "value": VALUES}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{kind}: {case.name}") for kind, cases in EDITS.items() for case in cases]
)
def test_an_edit_runs_again_what_depends_on_it_and_nothing_else(finished, case):
    expected = set(case.jobs(finished))
    case.change(finished)
    assert jobs(finished) == expected
