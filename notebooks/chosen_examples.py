# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What becomes of methods that choose their examples by loss when labels are wrong?
#
# High losses mark both rare and wrongly labelled examples. RHO-LOSS subtracts what a model of other examples cannot
# learn either; the others do not.

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
experiment = "selection"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, reference = settings["confidence"], settings["reference"]
chosen = selected(table, experiment, RULES["validation"])
METRICS = {"accuracy": "mean", "accuracy_worst_group": "worst"}
found = {
    metric: means(scores(chosen, metric), ["dataset", "label_noise", "method"], confidence).set_index(
        ["dataset", "label_noise", "method"]
    )
    for metric in METRICS
}
gained = differences(scores(chosen, "accuracy"), ["label_noise"], "method", reference, confidence)
display(found, gained)

# %%
told = settings["experiments"][experiment]
levels = sorted(told["label_noise"])


def row(dataset, method):
    """Mean and worst-group accuracy with half of their intervals' widths at each level of label noise."""
    cells = [labels.escape(labels.method(method))]
    for level in levels:
        for rows in found.values():
            cell = rows.loc[(dataset, level, method)]
            cells.append(rf"{labels.percent(cell['mean'])}\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}")
    return cells


columns = 1 + len(levels) * len(METRICS)
parts = [
    [
        tables.heading(labels.escape(labels.dataset(dataset)), columns),
        *(row(dataset, method) for method in groups.in_order(told["methods"], reference)),
    ]
    for dataset in told["datasets"]
]
spans = [
    tables.span(rf"{100 * level:g}\,\% random labels", 2 + 2 * place, 3 + 2 * place)
    for place, level in enumerate(levels)
]
header = [
    ["", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["method", *list(METRICS.values()) * len(levels)],
]
captions.write(tables.booktabs(header, parts, "l" + "r" * (columns - 1)), out)

# %%
chosen = "Hyperparameters are the defaults; the finding is a mean over data sets."
captions.write(
    groups.caption("chosen_examples", groups.choices(gained), settings, table, experiment, chosen=chosen), caption
)
