"""What the table of episodes says: its finding as a sentence, and its caption, in LaTeX."""

import pandas as pd

from robustpath.figures import captions
from robustpath.figures.findings import change
from robustpath.records import labels
from robustpath.statistics.comparison import cost


def finding(differences: pd.DataFrame, reference: str) -> str:
    """Columns shots, method, steps, mean, low, high: accuracy less that of the reference after as many steps.

    Of the most accurate other method after the fewest steps and after the most, with one example a class and with most.
    """
    if differences.empty:
        return "Nothing is compared: the experiment has one method alone."
    steps = sorted(differences["steps"].unique())
    parts = []
    for shots in sorted(differences["shots"].unique()):
        said = []
        for number in dict.fromkeys([steps[0], steps[-1]]):
            own = differences[(differences["shots"] == shots) & (differences["steps"] == number)]
            best = own.loc[own["mean"].idxmax()]
            words = f"after {steps_words(number)} {labels.escape(labels.method(best['method']))}"
            said.append(f"{words} {change(best, ('leads', 'is behind'), 'is not clearly apart')}")
        parts.append(f"with {shots_words(shots)}, {' and '.join(said)}")
    told = f"Of the methods compared with {labels.escape(labels.method(reference))}, the most accurate: "
    return told + "; ".join(parts) + "."


def steps_words(steps: int) -> str:
    """So many steps in words."""
    return f"{labels.word(steps)} step{'' if steps == 1 else 's'}"


def shots_words(shots: int) -> str:
    """So many examples of each class in words."""
    return f"{labels.word(shots)} example{'' if shots == 1 else 's'} a class"


def caption(name: str, said: str, settings: dict, table: pd.DataFrame, experiment: str) -> str:
    """The caption of a result on episodes: finding, question, what is shown, on what evidence, by which notebook.
    `table` holds the records, all draws."""
    each = settings["experiments"][experiment]
    costs = cost(table[table["experiment"] == experiment], experiment)
    total, diverged = int(costs["runs"].sum()), int(costs["diverged"].sum())
    lost = "No run" if diverged == 0 else f"{labels.count(diverged)} of {labels.count(total)} runs"
    chosen = "Hyperparameters are the defaults."
    if each["draws"] > 1:
        draws = labels.word(each["draws"])
        chosen = f"Hyperparameters: for each seed, the one of {draws} draws with the highest validation accuracy."
    datasets = labels.listing([labels.dataset(own) for own in each["datasets"]])
    facts = [
        f"Scale {labels.escape(settings['scale'])}; {datasets}; "
        f"{labels.count(each['budget'])} gradient evaluations of training; {labels.count(each['seeds'])} paired seeds, "
        f"for each {labels.count(each['test_episodes'])} test episodes of {labels.word(each['ways'])} classes with "
        rf"{labels.word(each['queries'])} queries each; {100 * settings['confidence']:g}\,\% $t$ intervals over seeds.",
        chosen,
        f"{lost} diverged.",
    ]
    entry = captions.manifest(name)
    head = rf"\textbf{{{said}}} \emph{{{labels.escape(entry['question'])}}} {labels.escape(entry['shows'])}"
    return " ".join([head, *facts, captions.origin(name)])
