"""Captions by code: what was found, what is shown and on what evidence, so that none can differ from its numbers.

What the section on the protocol says of all results (paired seeds, equal budgets) is not repeated.
"""

from collections.abc import Collection
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
    """What notebooks/manifest.yaml says of a figure or table: kind (figure or table), question, shows, place."""
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
    intervals: str = "$t$ intervals",
    finding: str = "",
) -> str:
    """The caption of a result in LaTeX: finding (if there is one), question, what is shown, and on what evidence.

    `table` holds the records the result is drawn from, all draws; without a rule, the result is drawn from the defaults
    (draw 0) alone. `correction` says how many comparisons were corrected and how, in LaTeX; `intervals` their kind.
    """
    own = table[table["experiment"] == experiment]
    own = own if rule else own[own["draw"] == 0]
    network = settings["experiments"].get(experiment, {}).get("model", models.DEFAULT)
    facts = [
        f"{setting(own)}; {seeds([own['seed'].nunique()], settings, intervals)}.",
        f"Network: {labels.escape(labels.network(network))}." if network != models.DEFAULT else "",
        chosen(own["draw"].nunique(), rule.words if rule else ""),
        correction,
        diverged(own, [experiment]),
    ]
    return " ".join([headline(name, finding), *filter(None, facts)])


def setting(own: pd.DataFrame) -> str:
    """Data sets, numbers of training examples and levels of label noise of some records, in LaTeX."""
    sizes = labels.listing([labels.count(size) for size in sorted(own["train_size"].unique())])
    noise = sorted(own["label_noise"].unique())
    parts = [
        labels.listing([labels.dataset(dataset) for dataset in own["dataset"].unique()]),
        f"{sizes} training examples",
        f"{labels.levels(noise)} label noise" if any(noise) else "",
    ]
    return "; ".join(filter(None, parts))


def seeds(numbers: Collection[int], settings: dict, intervals: str = "$t$ intervals") -> str:
    """Numbers of seeds, and the kind of intervals with their level, in LaTeX; without a kind the seeds alone."""
    said = f"{labels.listing([labels.count(number) for number in numbers])} seeds"
    return said + (rf", {100 * settings['confidence']:g}\,\% {intervals}" if intervals else "")


def chosen(draws: int, words: str = VALIDATION.words) -> str:
    """How hyperparameters were chosen, as a sentence: one draw is the default, of several one has `words`."""
    if draws == 1:
        return "Default hyperparameters."
    return f"Hyperparameters: of {labels.word(draws)} draws a seed, the one with the {labels.escape(words)}."


def diverged(table: pd.DataFrame, experiments: Collection[str]) -> str:
    """How many runs of some experiments diverged, as a sentence in LaTeX; nothing where none did."""
    costs = pd.concat([cost(table, experiment) for experiment in experiments])
    total, lost = int(costs["runs"].sum()), int(costs["diverged"].sum())
    return f"{labels.count(lost)} of {labels.count(total)} runs diverged." if lost else ""


def headline(name: str, finding: str = "") -> str:
    """The opening of a caption in LaTeX: the finding in bold and the question, or without a finding the question in
    bold; then what is shown, from the manifest."""
    entry = manifest(name)
    question, shows = (labels.escape(entry[key]) for key in ("question", "shows"))
    opening = rf"\textbf{{{finding}}} \emph{{{question}}}" if finding else rf"\textbf{{{question}}}"
    return f"{opening} {shows}"


def see(name: str) -> str:
    """A reference to a figure or table in LaTeX, by its name where the paper does not show it."""
    entry = manifest(name)
    if entry.get("place") == "repository":
        return f"\\texttt{{{labels.escape(name)}}} in the repository"
    return f"\\cref{{{'fig' if entry['kind'] == 'figure' else 'tab'}:{name}}}"


def write(text: str, out: str | Path | None) -> None:
    """Write LaTeX text to `out`; with None it is only printed."""
    if out is None:
        print(text)
        return
    with replacing(Path(out)) as temporary:
        temporary.write_text(text.rstrip("\n") + "\n")
