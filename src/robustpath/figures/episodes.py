"""What the table of episodes says: its finding as a sentence, and its caption, in LaTeX."""

import pandas as pd

from robustpath.figures import captions
from robustpath.figures.findings import change
from robustpath.records import labels


def finding(differences: pd.DataFrame, reference: str) -> str:
    """Columns shots, method, steps, mean, low, high: of methods that learn from episodes, accuracy less that of the
    reference after as many steps. What the best of them does after the fewest steps and after the most."""
    if differences.empty:
        return "Nothing is compared: no method learns from episodes."
    steps, parts = sorted(differences["steps"].unique()), []
    for shots in sorted(differences["shots"].unique()):
        said = []
        for number in dict.fromkeys([steps[0], steps[-1]]):
            own = differences[(differences["shots"] == shots) & (differences["steps"] == number)]
            best = own.loc[own["mean"].idxmax()]
            name, verbs = labels.escape(labels.method(best["method"])), ("leads", "is behind")
            said.append(f"{name} {change(best, verbs, 'does not differ clearly')} after {steps_words(number)}")
        parts.append(f"{' and '.join(said)} with {shots_words(shots)}")
    against = labels.escape(labels.method(reference))
    return f"The best method that learns from episodes, compared with {against}: {'; '.join(parts)}."


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
    datasets = labels.listing([labels.dataset(own) for own in each["datasets"]])
    facts = [
        f"{datasets}; {labels.count(each['budget'])} gradient evaluations of training; "
        f"{captions.seeds([each['seeds']], settings)}; for each {labels.count(each['test_episodes'])} test episodes "
        f"of {labels.word(each['ways'])} classes with {labels.word(each['queries'])} queries each.",
        captions.chosen(each["draws"]),
        captions.diverged(table, [experiment]),
    ]
    return " ".join(filter(None, [captions.headline(name, said), *facts]))
