"""What the figures and tables of data with groups share: captions, and findings as sentences in LaTeX."""

from collections.abc import Mapping, Sequence

import pandas as pd

from robustpath import protocols
from robustpath.figures import captions
from robustpath.figures.streams import interval_words, noise_words
from robustpath.records import labels

NOTHING = "Nothing is compared: the experiment has one method alone."
CORRUPTED, MINORITY = "wrongly labelled", "in a minority of their label"
GIVEN_ATTRIBUTE = "irm"  # is given the attribute of an example: its environment
DESIGN = ("train_sizes", "label_noise", "correlation", "seeds", "draws", "grid", "budget")
FALLING = 0.5  # a warm-up below this share leaves the rate time to fall to zero


def rate_words(warmup: float) -> str:
    """How the learning rate ends, by the share of training that its warm-up has."""
    return "rate falls to zero" if warmup < FALLING else "rate rises to the end"


def by_rules(accuracy: dict[str, pd.DataFrame], differences: dict[str, pd.DataFrame], words: dict[str, str]) -> str:
    """By the name of a rule: means of worst-group accuracy (columns method, mean, low, high) and paired differences to
    the reference. The best method by each rule, which are never mixed, and what it is better by."""
    parts = []
    for name, rows in differences.items():
        if rows.empty:
            return NOTHING
        best = rows.loc[rows["mean"].idxmax()]
        level = accuracy[name].set_index("method").loc[best["method"], "mean"]
        parts.append(
            rf"{labels.method(best['method'])} at {labels.percent(level)}\,\% by {words[name]} "
            f"(over SGD: {interval_words(best)})"
        )
    return f"Of all methods but SGD, the highest worst-group accuracies are those of {labels.listing(parts)}."


def inferring(experiments: Mapping[str, dict]) -> list[str]:
    """The experiments that select draws and whose runs have a parent's losses in the place of groups."""
    return [
        name
        for name, own in experiments.items()
        if protocols.name_of(own) == protocols.DEFAULT
        and not own["grid"]
        and own.get("parent", {}).get("gives") == "losses"
    ]


def comparable(one: Mapping, other: Mapping) -> bool:
    """Whether a seed has the same data, and a method the same effort, in two experiments."""
    return all(one.get(key) == other.get(key) for key in DESIGN)


def inferred(gained: Mapping[str, Mapping[str, pd.DataFrame]], words: dict[str, str], datasets: Sequence[str]) -> str:
    """By the method that is compared with, then by the name of a rule: paired differences of worst-group accuracy of
    the methods that infer environments (columns method, n, mean, low, high)."""
    sentences = []
    for method in next(iter(next(iter(gained.values())).values()))["method"]:
        parts, pairs = [], set()
        for other, by_rule in gained.items():
            rows = [table.set_index("method").loc[method] for table in by_rule.values()]
            pairs |= {row["n"] for row in rows}
            twin = ", which is given the attribute" if other == GIVEN_ATTRIBUTE else ""
            parts.append(f"that of {labels.method(other)}{twin}: {labels.listing([short(row) for row in rows])} points")
        sentences.append(
            f"{labels.method(method)} infers environments from the losses of a first training (last lines). Its "
            f"worst-group accuracy on {_listed(datasets)} less {'; less '.join(parts)} "
            f"(by {labels.listing([words[name] for name in next(iter(gained.values()))])}; means over data sets, "
            f"$n = {labels.listing([labels.count(n) for n in sorted(pairs)])}$)."
        )
    return " ".join(sentences)


def short(row: pd.Series) -> str:
    """A difference in points with its interval, without the unit."""
    return f"{labels.points(row['mean'])} {labels.points_range(row['low'], row['high'])}"


def orders(differences: pd.DataFrame) -> str:
    """Columns warmup, method, mean, low, high: worst-group accuracy less that of the plain order. What meeting the
    minority first and last does, by how the rate ends."""
    parts = []
    for warmup, rows in differences.groupby("warmup"):
        said = [f"{labels.method(row['method'])} by {interval_words(row)}" for _, row in rows.iterrows()
                if row["method"] in ("minority_first", "minority_last")]  # fmt: skip
        if said:
            parts.append(f"where the {rate_words(warmup)}, {labels.listing(said)}")
    return f"Worst-group accuracy differs from that of the plain order: {'; '.join(parts)}." if parts else NOTHING


def choices(differences: pd.DataFrame) -> str:
    """Columns label_noise, method, mean, low, high: accuracy less that of SGD. The best and the worst at each level."""
    if differences.empty:
        return NOTHING
    parts = []
    for level, rows in differences.groupby("label_noise"):
        best, worst = rows.loc[rows["mean"].idxmax()], rows.loc[rows["mean"].idxmin()]
        parts.append(
            f"{noise_words(level)}, from {labels.method(worst['method'])} ({interval_words(worst)}) to "
            f"{labels.method(best['method'])} ({interval_words(best)})"
        )
    return f"Choosing examples by loss changes the accuracy, {'; '.join(parts)}."


def shares(found: dict[str, dict[str, pd.DataFrame]], reference: str) -> str:
    """By what marks an example, in words, and "chosen" or "candidates": columns label_noise, method, mean, low, high.
    Its shares among what each method chooses, rising, beside that among the candidates: of what is wrongly labelled at
    the highest level of label noise, of all else at the lowest. Nothing of labels that are all right."""
    sentences = []
    for words, rows in found.items():
        levels = rows["chosen"]["label_noise"]
        level = levels.max() if words == CORRUPTED else levels.min()
        own, among = (
            rows[whom][(levels == level) & (rows[whom]["method"] != reference)] for whom in ("chosen", "candidates")
        )
        if own.empty or (words == CORRUPTED and not level):
            continue
        rising = [row for _, row in own.sort_values("mean").iterrows()]
        said = [f"{interval_words(row, points=False)} ({labels.method(row['method'])})" for row in rising]
        start, share = noise_words(level), labels.percent(among["mean"].mean())
        sentences.append(
            rf"{start[0].upper()}{start[1:]}, {share}\,\% of the candidates are {words}; "
            f"of the chosen, {labels.listing(said)}."
        )
    return " ".join(sentences)


def caption(
    name: str, finding: str, settings: dict, table: pd.DataFrame, experiment: str, *notes: str, chosen: str,
    beside: Sequence[str] = (), intervals: str = "$t$ intervals",
) -> str:  # fmt: skip
    """The caption of a result on data with groups: finding, question, what is shown, notes, evidence, notebook.

    `table` holds the records, all draws; `chosen` says how hyperparameters were chosen; `beside` are further
    experiments whose runs are shown; `intervals` names their kind.
    """
    names = list(dict.fromkeys([experiment, *beside]))
    own = table[table["experiment"].isin(names)]
    each = [settings["experiments"][one] for one in names]
    there = set(own["dataset"].unique())
    shown = list(dict.fromkeys(dataset for one in each for dataset in one["datasets"] if dataset in there))
    numbers = sorted({size for one in each for size in one["train_sizes"]})
    sizes = labels.listing([labels.count(number) for number in numbers])
    seeds = captions.seeds(sorted({one["seeds"] for one in each}), settings, intervals)
    facts = [
        f"{_listed(shown)}, {sizes} training examples; {seeds}. {_groups_of_tests(own, shown)}",
        chosen,
        captions.diverged(own, names),
    ]
    return " ".join(filter(None, [captions.headline(name, finding), *notes, *facts]))


def _groups_of_tests(records: pd.DataFrame, shown: Sequence[str]) -> str:
    """Which of the data sets have groups in their test data, as their records say."""
    scored = set(records.loc[records["metric"] == "accuracy_worst_group", "dataset"])
    grouped, others = ([name for name in shown if (name in scored) is there] for there in (True, False))
    if not others:
        return "Test data have equal groups."
    return f"Test data of {_listed(grouped)} have equal groups; {_listed(others)} have no groups."


def _listed(datasets: Sequence[str]) -> str:
    return labels.listing([labels.escape(labels.dataset(name)) for name in datasets])


def in_order(methods: Sequence[str], reference: str) -> list[str]:
    """The methods, the reference first."""
    return [reference, *(name for name in methods if name != reference)]
