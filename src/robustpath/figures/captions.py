"""Captions by code: what is asked and shown, and on what evidence, so that none can be out of step with its numbers."""

from pathlib import Path

import pandas as pd

from robustpath import models, records
from robustpath.config.yaml import read
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.records import labels
from robustpath.records.selection import VALIDATION, Rule
from robustpath.statistics.comparison import cost


def manifest(name: str, folder: Path | None = None) -> dict:
    """What notebooks/manifest.yaml says of a figure or table: kind (figure or table), question, shows."""
    path = (folder or records.root() / "notebooks") / "manifest.yaml"
    entries = read(path, "notebooks/manifest.yaml")
    if name not in entries:
        raise UserError(f"{path}: no entry {name}, only {', '.join(entries)}; add its kind, question and shows")
    return entries[name]


def caption(
    name: str,
    settings: dict,
    table: pd.DataFrame,
    experiment: str,
    rule: Rule | None = VALIDATION,
    correction: str = "",
    intervals: str = "$t$ intervals over seeds",
) -> str:
    """The caption of a result in LaTeX: question, what is shown, on what evidence, by which notebook.

    `table` holds the records the result is drawn from, all draws; without a rule, the result is drawn from the defaults
    (draw 0) alone. `correction` says how many comparisons were corrected and how, in LaTeX; `intervals` their kind.
    """
    own = table[table["experiment"] == experiment]
    own = own if rule else own[own["draw"] == 0]
    costs = cost(own, experiment)
    seeds, draws = own["seed"].nunique(), own["draw"].nunique()
    total, diverged = int(costs["runs"].sum()), int(costs["diverged"].sum())
    level = f"{100 * settings['confidence']:g}\\,\\%"
    chosen = "Hyperparameters are the defaults."
    if draws > 1:
        best = f"the one of {labels.word(draws)} draws with the {labels.escape(rule.words)}"
        chosen = f"Hyperparameters: for each seed, {best}."
    lost = "No run" if diverged == 0 else f"{labels.count(diverged)} of {labels.count(total)} runs"
    noise = sorted(own["label_noise"].unique())
    network = settings["experiments"].get(experiment, {}).get("model", models.DEFAULT)
    facts = [
        f"Scale {labels.escape(settings['scale'])}, {labels.count(seeds)} paired seeds"
        + (f", {level} {intervals}." if intervals else "."),
        f"Share of random training labels: {labels.levels(noise)}." if any(noise) else "",
        f"Network: {labels.escape(network)}." if network != models.DEFAULT else "",
        chosen,
        correction,
        f"{lost} diverged.",
    ]
    return " ".join([headline(name), *filter(None, facts), origin(name)])


def trained_on(settings: dict, table: pd.DataFrame, experiment: str) -> str:
    """Data sets, numbers of training examples and label noise of an experiment's runs, in LaTeX, as part of a
    sentence."""
    own = table[table["experiment"] == experiment]
    datasets = labels.listing([labels.dataset(name) for name in settings["experiments"][experiment]["datasets"]])
    sizes = labels.listing([labels.count(size) for size in sorted(own["train_size"].unique())])
    return f"{datasets}, {sizes} training examples, {labels.levels(sorted(own['label_noise'].unique()))} label noise"


def headline(name: str) -> str:
    """Question and reading of a figure or table from the manifest, in LaTeX."""
    entry = manifest(name)
    return f"\\textbf{{{labels.escape(entry['question'])}}} {labels.escape(entry['shows'])}"


def origin(name: str) -> str:
    """Which notebook made it, in LaTeX, as a link to how."""
    return f"\\origin{{{name}}}{{Made by \\texttt{{notebooks/{labels.escape(name)}.py}}.}}"


def write(text: str, out: str | Path | None) -> None:
    """Write LaTeX text to `out`; with None it is only printed."""
    if out is None:
        print(text)
        return
    with replacing(Path(out)) as temporary:
        temporary.write_text(text.rstrip("\n") + "\n")
