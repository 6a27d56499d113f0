"""What the figure of networks on graphs shows: errors by size of graph, and in LaTeX what was found."""

import numpy as np
import pandas as pd

from robustpath.figures import captions, style
from robustpath.records import labels
from robustpath.statistics.intervals import interval
from robustpath.theory.algorithmic_alignment import DEGREE, LINE, PATH, RANGE, RAYS, TASKS

NOUNS = {DEGREE: "maximum degrees", PATH: "shortest paths"}


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """A row a network and size: task, architecture, nodes, seed, and value, the error in per cent."""
    own = table[table["quantity"].str.fullmatch(r"error at \d+ nodes")]
    parts = own["landscape"].str.extract(r"^(?P<task>.+), (?P<architecture>.+)$")
    nodes = own["quantity"].str.extract(r"(\d+)")[0].astype(int)
    return parts.assign(nodes=nodes, seed=own["seed"], value=own["value"])


def looks() -> dict[str, dict[str, dict]]:
    """Task -> architecture -> how its line looks and is named; that which is aligned with the task alike in all."""
    colours = [style.COLOURS[place] for place in (5, 4, 3, 6)]
    return {
        task.name: {
            architecture.name: {
                "color": colours[place],
                "marker": style.MARKERS[place],
                "linestyle": style.LINES[place],
                "label": architecture.name + (" (aligned)" if place == 0 else ""),
            }
            for place, architecture in enumerate(task.architectures)
        }
        for task in TASKS
    }


def lines(found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns task, architecture, nodes, n, mean, low, high: of the errors of each size, as `of_logarithms`."""
    return of_logarithms(found, ["task", "architecture", "nodes"], confidence)


def means(found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns task, architecture, part (`inside` or `outside` the range of training), n, mean, low, high: of the errors
    of each seed, averaged over sizes, as `of_logarithms`."""
    part = (found["nodes"] > RANGE[1]).map({False: "inside", True: "outside"})
    keys = ["task", "architecture", "part"]
    each = found.assign(part=part).groupby([*keys, "seed"], as_index=False)["value"].mean()
    return of_logarithms(each, keys, confidence)


def of_logarithms(errors: pd.DataFrame, by: list[str], confidence: float) -> pd.DataFrame:
    """Columns `by`, n, mean, low, high: geometric means over seeds and the t intervals of the logarithm, since errors
    are positive and differ by factors. One seed has no interval."""
    table = interval(errors.assign(value=np.log(errors["value"])), by, confidence)
    columns = ["mean", "low", "high"]
    return table.assign(**np.exp(table[columns]))


def finding(found: pd.DataFrame, confidence: float) -> str:
    """What was found: the errors of the network aligned with each task, and of the best other one out of range."""
    table, parts = means(found, confidence).set_index(["task", "part"]).sort_index(), []
    for task in TASKS:
        inside, outside = (table.loc[(task.name, part)].set_index("architecture") for part in ("inside", "outside"))
        aligned = task.architectures[0].name
        others = outside.drop(aligned)
        parts.append(
            f"on {NOUNS[task.name]} by {said(outside.loc[aligned])} ({percent(inside.loc[aligned, 'mean'])} in range), "
            f"the best other one by {said(others.loc[others['mean'].idxmin()])}"
        )
    return f"On larger graphs the network aligned with the task errs {'; '.join(parts)}."


def said(row: pd.Series) -> str:
    """A mean with its interval, which one seed has not, in LaTeX."""
    if row["n"] == 1:
        return percent(row["mean"])
    low, high = (percent(row[end], sign="") for end in ("low", "high"))
    return f"{percent(row['mean'])} \\mbox{{[{low}, {high}]}}"


def percent(value: float, sign: str = r"\,\%") -> str:
    """Two digits and the sign, in LaTeX."""
    digits = 0 if value >= 9.95 else 1 if value >= 0.995 else 2
    return f"{value:.{digits}f}{sign}"


def caption(name: str, settings: dict, table: pd.DataFrame, found: pd.DataFrame) -> str:
    """The caption in LaTeX: finding, question, what is shown, the rays, the bands, evidence, its notebook."""
    own = settings["theory"]["algorithmic_alignment"]
    bands = table[table["quantity"] == "bands that hold"]
    judged = "Networks that learnt so little are not judged by bands."
    if len(bands):
        held, of = (labels.count(bands.iloc[0][column]) for column in ("value", "expected"))
        judged = f"Of {of} bands that were fixed before the run, {held} hold ({captions.see('theory_cases')})."
    straight = table[(table["landscape"] == RAYS) & (table["quantity"] == LINE)]["value"].min()
    seeds = "lines are of one seed, which has no interval"
    if own["seeds"] > 1:
        level = rf"{100 * settings['confidence']:g}\,\%"
        seeds = (
            f"lines are geometric means over {labels.word(own['seeds'])} seeds, bands and brackets {level} $t$ "
            "intervals of the logarithm over seeds, points the seeds themselves"
        )
    facts = (
        r"The question and the tasks are those of \citet{xu2020reason} and \citet{xu2021extrapolate}. "
        f"{labels.count(own['steps'])} steps on shortest paths and half of that on degrees, on "
        f"{labels.count(own['graphs'])} graphs; {seeds}. All networks are tested on the same graphs. "
        "Perceptrons of ReLUs are close to lines out of range: "
        f"along any ray a line has at least {straight:.4f} of the variance."
    )
    opening = finding(found, settings["confidence"])
    return " ".join([captions.headline(name, opening), judged, facts])
