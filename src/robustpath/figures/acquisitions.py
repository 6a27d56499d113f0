"""What tables and figures of acquisitions share: families of acquisitions, what a caption says of runs, findings."""

from collections.abc import Iterable

import pandas as pd

from robustpath.figures import captions
from robustpath.records import labels
from robustpath.statistics.comparison import cost

OURS = "parallelogram"
REFERENCES = ["random_acquisition", "oracle_acquisition"]
FAMILIES = ["references", "published", "ours", "ablations of ours"]


def family(method: str) -> str:
    """Which of FAMILIES an acquisition belongs to; the ablations of ours have its name and what was changed."""
    if method in REFERENCES:
        return "references"
    if method == OURS:
        return "ours"
    return "ablations of ours" if method.startswith(f"{OURS}_") else "published"


def families(methods: Iterable[str]) -> dict[str, list[str]]:
    """The acquisitions by family, in the order of FAMILIES and within one in the given order."""
    given = list(methods)
    found = {name: [method for method in given if family(method) == name] for name in FAMILIES}
    return {name: own for name, own in found.items() if own}


def short(method: str) -> str:
    """An acquisition as a table prints it below the heading of its family, in LaTeX."""
    changed = method.removeprefix(f"{OURS}_") if family(method) == "ablations of ours" else method
    return labels.escape(labels.method(changed.removesuffix("_acquisition")))


def words(method: str) -> str:
    """An acquisition within a sentence: an ablation of ours as the parallelogram and what was changed."""
    return f"{OURS} ({short(method)})" if family(method) == "ablations of ours" else labels.method(method)


def group_title(group: int, attributes: int = 2) -> str:
    """A title for a missing group; its number is label x attributes + attribute."""
    label, attribute = divmod(group, attributes)
    return f"no label {label} with attribute {attribute}"


def best_finder(discovered: pd.DataFrame, gains: pd.DataFrame) -> str:
    """discovered: columns method, mean, low, high, the share of the missing group in the first batch; gains: columns
    other, mean, low, high, that of ours less that of others. Who finds the group, without and with knowing groups."""
    blind = discovered[~discovered["method"].str.contains("oracle")].reset_index(drop=True)
    best = blind.loc[blind["mean"].idxmax()]
    parts = [f"{change(row)} against {words(row['other'])}" for _, row in gains.iterrows()]
    return (
        f"Of {labels.word(len(blind))} acquisitions that do not know groups, {words(best['method'])} buys most "
        rf"of the missing group first ({labels.percent(best['mean'])}\,\% "
        f"{labels.percent_range(best['low'], best['high'])}); the parallelogram {labels.listing(parts)}."
    )


def over_interaction(gains: pd.DataFrame) -> str:
    """Columns interaction, other, mean, low, high: what the advantage of ours over each other is at the least and at
    the greatest interaction."""
    low, high = gains["interaction"].min(), gains["interaction"].max()
    parts = []
    for other, own in gains.groupby("other", sort=False):
        rows = own.set_index("interaction")
        parts.append(
            f"over {words(other)} is {_numbers(rows.loc[low])} at {low:g} and {_numbers(rows.loc[high])} at {high:g}"
        )
    return f"With interactions of label and attribute, the advantage of the parallelogram {labels.listing(parts)}."


def change(row: pd.Series) -> str:
    """What a paired difference says: gains or loses only where the whole interval lies on one side of zero."""
    verb = "gains" if row["low"] > 0 else "loses" if row["high"] < 0 else "shows no clear change"
    return f"{verb} ({_numbers(row)})"


def caption(name: str, finding: str, settings: dict, table: pd.DataFrame, experiment: str, *notes: str) -> str:
    """The caption of a result on one experiment of acquisition in LaTeX: finding, question, notes, evidence, origin.

    `table` holds the records, all draws.
    """
    own = settings["experiments"][experiment]
    costs = cost(table[table["experiment"] == experiment], experiment)
    total, diverged = int(costs["runs"].sum()), int(costs["diverged"].sum())
    lost = "No run" if diverged == 0 else f"{labels.count(diverged)} of {labels.count(total)} runs"
    chosen = "Hyperparameters are the defaults."
    if own["draws"] > 1:
        chosen = (
            f"Hyperparameters: for each seed, the one of {labels.word(own['draws'])} draws with the highest validation "
            "accuracy."
        )
    sets = labels.listing([labels.escape(labels.dataset(each)) for each in own["datasets"]])
    facts = [
        f"Scale {labels.escape(settings['scale'])}; {sets}; {labels.count(own['seed_labels'])} labels at first, "
        f"{labels.count(own['acquired'])} bought in each of {labels.word(own['rounds'])} rounds from a pool of "
        f"{labels.count(own['pool'])}; {labels.count(own['seeds'])} paired seeds, "
        rf"{100 * settings['confidence']:g}\,\% $t$ intervals over seeds.",
        chosen,
        f"{lost} diverged.",
    ]
    entry = captions.manifest(name)
    head = rf"\textbf{{{finding}}} \emph{{{labels.escape(entry['question'])}}} {labels.escape(entry['shows'])}"
    return " ".join([head, *filter(None, notes), *facts, captions.origin(name)])


def _numbers(row: pd.Series) -> str:
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])} points"
