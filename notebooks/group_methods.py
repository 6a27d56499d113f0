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
from IPython.display import display

from robustpath.figures import captions, groups, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.groups import RULES, scores, selected
from robustpath.statistics.streams import differences, means

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "groups"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, reference = settings["confidence"], settings["reference"]
METRICS = {"accuracy_worst_group": "worst", "accuracy": "mean"}
overall, each, gained = {}, {}, {}
for name, rule in RULES.items():
    chosen = selected(table, experiment, rule)
    for metric in METRICS:
        own = scores(chosen, metric)
        overall[name, metric] = means(own, ["method"], confidence)
        each[name, metric] = means(own, ["dataset", "method"], confidence).set_index(["dataset", "method"])
    gained[name] = differences(scores(chosen, "accuracy_worst_group"), [], "method", reference, confidence)
worst = {name: overall[name, "accuracy_worst_group"] for name in RULES}
display(worst, gained)


# %%
def row(method, found, wide):
    """Worst-group and mean accuracy by each rule; `wide` adds half of the interval's width to the first."""
    cells = [labels.escape(labels.method(method))]
    for name in RULES:
        for metric in METRICS:
            cell = found[name, metric].loc[method]
            half = rf"\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}" if wide and "worst" in metric else ""
            cells.append(labels.percent(cell["mean"]) + half)
    return cells


told = settings["experiments"][experiment]
methods = groups.in_order(told["methods"], reference)
columns = 1 + len(RULES) * len(METRICS)
indexed = {key: rows.set_index("method") for key, rows in overall.items()}
parts = [[tables.heading("mean over data sets", columns), *(row(method, indexed, True) for method in methods)]]
for dataset in told["datasets"]:
    own = {key: rows.loc[dataset] for key, rows in each.items()}
    heading = tables.heading(labels.escape(labels.dataset(dataset)), columns)
    parts.append([heading, *(row(method, own, False) for method in methods)])
spans = [tables.span(rule.words, 2 + 2 * place, 3 + 2 * place) for place, rule in enumerate(RULES.values())]
header = [
    ["", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["method", *list(METRICS.values()) * len(RULES)],
]
captions.write(tables.booktabs(header, parts, "l" + "r" * (columns - 1), size="scriptsize", stretch=0.9), out)

# %%
finding = groups.by_rules(worst, gained, {name: rule.words for name, rule in RULES.items()})
chosen = f"Hyperparameters: for each seed, the one of {labels.word(told['draws'])} draws that is best by the rule."
captions.write(groups.caption("group_methods", finding, settings, table, experiment, chosen=chosen), caption)
