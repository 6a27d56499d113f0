"""What the figure of networks on graphs shows: errors by size of graph, and in LaTeX what was found."""

import pandas as pd

from robustpath.figures import captions, style
from robustpath.records import labels
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


def means(found: pd.DataFrame) -> pd.DataFrame:
    """(task, architecture) -> the mean error over seeds and sizes, `inside` and `outside` the range of training."""
    where = (found["nodes"] > RANGE[1]).map({False: "inside", True: "outside"})
    return found.assign(where=where).pivot_table(index=["task", "architecture"], columns="where", values="value")


def finding(found: pd.DataFrame) -> str:
    """What was found: the errors of the network aligned with each task, and of the best other one out of range."""
    mean, parts = means(found), []
    for task in TASKS:
        own = mean.loc[task.name]
        aligned = own.loc[task.architectures[0].name]
        other = own["outside"].drop(task.architectures[0].name).min()
        parts.append(
            f"on {NOUNS[task.name]} by {percent(aligned['outside'])} ({percent(aligned['inside'])} in range), "
            f"the best other one by {percent(other)}"
        )
    return f"On larger graphs the network aligned with the task errs {'; '.join(parts)}."


def percent(value: float) -> str:
    """Two digits and the sign, in LaTeX."""
    return f"{value:.0f}\\,\\%" if value >= 9.95 else f"{value:.1f}\\,\\%" if value >= 0.995 else f"{value:.2f}\\,\\%"


def caption(name: str, settings: dict, table: pd.DataFrame, found: pd.DataFrame) -> str:
    """The caption in LaTeX: finding, question, what is shown, the rays, the bands, evidence, its notebook."""
    entry, own = captions.manifest(name), settings["theory"]["algorithmic_alignment"]
    bands = table[table["quantity"] == "bands that hold"]
    judged = "Networks that learnt so little are not judged by bands."
    if len(bands):
        held, of = (labels.count(bands.iloc[0][column]) for column in ("value", "expected"))
        judged = f"Of {of} bands that were fixed before the run, {held} hold (\\cref{{tab:theory_cases}})."
    straight = table[(table["landscape"] == RAYS) & (table["quantity"] == LINE)]["value"].min()
    seeds = f"{labels.word(own['seeds'])} seed{'s' if own['seeds'] > 1 else ''}"
    facts = (
        r"The question and the tasks are those of \citet{xu2020reason} and \citet{xu2021extrapolate}. "
        f"Scale {labels.escape(settings['scale'])}: {labels.count(own['steps'])} steps, half as many on degrees, on "
        f"{labels.count(own['graphs'])} graphs; lines are means over {seeds}, points the seeds themselves, tested on "
        "the same graphs. Perceptrons of ReLUs are close to lines out of range: "
        f"along any ray a line has at least {straight:.4f} of the variance."
    )
    said = finding(found)
    head = rf"\textbf{{{said}}} \emph{{{labels.escape(entry['question'])}}} {labels.escape(entry['shows'])}"
    return " ".join([head, judged, facts, captions.origin(name)])
