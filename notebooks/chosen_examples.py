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
# learn either; the others do not. So which examples does each choose?

# %%
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
experiment = "selection"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
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
MARKS = {"corrupted": groups.CORRUPTED, "minority": groups.MINORITY}
WHOM = ["chosen", "candidates"]
panels, overall = {"": found}, {}
for mark, words in MARKS.items():
    taken = {whom: scores(chosen, f"{whom}_{mark}", split="train") for whom in WHOM}
    panels[mark] = {
        whom: means(rows, ["dataset", "label_noise", "method"], confidence).set_index(
            ["dataset", "label_noise", "method"]
        )
        for whom, rows in taken.items()
    }
    overall[words] = {whom: means(rows, ["label_noise", "method"], confidence) for whom, rows in taken.items()}
display(overall)

# %%
plan = settings["experiments"][experiment]
levels = sorted(plan["label_noise"])


def row(dataset, method, columns):
    """Means with half of their intervals' widths at each level of label noise."""
    cells = [labels.escape(labels.method(method))]
    for level in levels:
        for rows in columns:
            cell = rows.loc[(dataset, level, method)]
            cells.append(rf"{labels.percent(cell['mean'])}\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}")
    return cells


parts = []
for mark, of_panel in panels.items():
    names = [METRICS.get(name, name) for name in of_panel]
    for dataset in plan["datasets"]:
        about = ", ".join(filter(None, [labels.escape(labels.dataset(dataset)), mark]))
        rows = [row(dataset, method, of_panel.values()) for method in groups.in_order(plan["methods"], reference)]
        parts.append([[rf"\textit{{{about}}}", *names * len(levels)], *rows])
spans = [
    tables.span(rf"{100 * level:g}\,\% random labels", 2 + 2 * place, 3 + 2 * place)
    for place, level in enumerate(levels)
]
header = [["", *(text for text, _ in spans)], " ".join(rule for _, rule in spans)]
captions.write(tables.booktabs(header, parts, "l" + "rr" * len(levels)), out)

# %%
finding = f"{groups.shares(overall, reference)} {groups.choices(gained)}".strip()
how = "Hyperparameters are the defaults; the findings are means over data sets."
captions.write(groups.caption("chosen_examples", finding, settings, table, experiment, chosen=how), caption)
