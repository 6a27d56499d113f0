# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which training method protects the worst group, and how much does that depend on how its draw is selected?
#
# Three rules select the draw: accuracy on validation data as skewed as the training data, worst-group accuracy there,
# which needs the groups of a validation set, and worst-group accuracy on test data, which bounds what selection can do.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, groups, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.groups import RULES, scores, selected
from robustpath.statistics.streams import differences, means

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "groups"

# %%
settings = report_settings(settings)
confidence, reference, experiments = settings["confidence"], settings["reference"], settings["experiments"]
METRICS = {"accuracy_worst_group": "worst", "accuracy": "mean"}
rule_words = {name: rule.words for name, rule in RULES.items()}
inferring = groups.inferring(experiments)
table = load(records, settings["scale"], [experiment, *inferring])
chosen = {(own, name): selected(table, own, rule) for own in (experiment, *inferring) for name, rule in RULES.items()}


def found(own, by):
    """(rule, metric) -> means of an experiment, columns `by`, method, n, mean, low, high."""
    return {
        (name, metric): means(scores(chosen[own, name], metric), [*by, "method"], confidence)
        for name in RULES
        for metric in METRICS
    }


def gained(worst, over):
    """Paired differences of worst-group accuracies to those of the method `over`."""
    return differences(worst, [], "method", over, confidence)


overall = found(experiment, [])
worst = {name: overall[name, "accuracy_worst_group"] for name in RULES}
over_reference = {name: gained(scores(chosen[experiment, name], "accuracy_worst_group"), reference) for name in RULES}
display(worst, over_reference)

# %% [markdown]
# Environments that are inferred are compared on their own data sets: with the reference, and with the method that is
# given the attribute, where that was trained alike on the same seeds.

# %%
notes = []
for own in inferring:
    datasets = experiments[own]["datasets"]
    against = {reference: {}}
    for name in RULES:
        rows = scores(chosen[own, name], "accuracy_worst_group")
        against[reference][name] = gained(rows, reference)
        twin = scores(chosen[experiment, name], "accuracy_worst_group")
        twin = twin[(twin["method"] == groups.GIVEN_ATTRIBUTE) & twin["dataset"].isin(datasets)]
        alike = groups.comparable(experiments[own], experiments[experiment])
        if alike and set(twin["dataset"].unique()) == set(datasets):
            both = pd.concat([rows[rows["method"] != reference], twin])
            against.setdefault(groups.GIVEN_ATTRIBUTE, {})[name] = gained(both, groups.GIVEN_ATTRIBUTE)
    notes.append(groups.inferred(against, rule_words, datasets))
display(notes)


# %%
def row(method, cells, wide, name=""):
    """Worst-group and mean accuracy by each rule; `wide` adds half of the interval's width to the first."""
    words = [labels.escape(labels.method(method) + name)]
    for rule in RULES:
        for metric in METRICS:
            cell = cells[rule, metric].loc[method]
            half = rf"\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}" if wide and "worst" in metric else ""
            words.append(labels.percent(cell["mean"]) + half)
    return words


def panels(own):
    """Data set, or "" for the mean over them -> the means of each method in an experiment, by rule and metric."""
    each = {key: rows.set_index(["dataset", "method"]) for key, rows in found(own, ["dataset"]).items()}
    return {"": {key: rows.set_index("method") for key, rows in found(own, []).items()}} | {
        dataset: {key: rows.loc[dataset] for key, rows in each.items()} for dataset in experiments[own]["datasets"]
    }


columns, parts = 1 + len(RULES) * len(METRICS), []
for dataset, cells in panels(experiment).items():
    heading = labels.escape(labels.dataset(dataset)) if dataset else "mean over data sets"
    methods = groups.in_order(experiments[experiment]["methods"], reference)
    parts.append([tables.heading(heading, columns), *(row(name, cells, not dataset) for name in methods)])
for own in inferring:
    methods = groups.in_order(experiments[own]["methods"], reference)
    parts.append([tables.heading("environments inferred", columns)])
    for dataset, cells in panels(own).items():
        where = f", {labels.dataset(dataset)}" if dataset else ", mean of these"
        parts[-1] += [row(name, cells, True, where) for name in methods]
spans = [tables.span(words, 2 + 2 * place, 3 + 2 * place) for place, words in enumerate(rule_words.values())]
header = [
    ["", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["method", *list(METRICS.values()) * len(RULES)],
]
captions.write(tables.booktabs(header, parts, "l" + "r" * (columns - 1), stretch=0.9), out)

# %%
finding = groups.by_rules(worst, over_reference, rule_words)
draws = labels.word(experiments[experiment]["draws"])
how = f"Hyperparameters: for each seed, the one of {draws} draws that is best by the rule."
text = groups.caption("group_methods", finding, settings, table, experiment, *notes, chosen=how, beside=inferring)
captions.write(text, caption)
