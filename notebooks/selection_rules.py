# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the comparison depend on how draws are selected?
#
# A validation set of hundreds of labels is large beside a training set of fifty examples. The second rule does
# without it: the end of the training set is held out, and the draw with the highest accuracy there is selected.

# %%
from IPython.display import display

from robustpath.figures import captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.records.selection import HOLDOUT, VALIDATION
from robustpath.statistics.selection_rules import two_rules

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "held_out"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
reference = settings["reference"]

# %% [markdown]
# Both rules are shown on the same data sets, methods and numbers of training examples.

# %%
found = two_rules(table, reference, settings["confidence"])
display(found)


# %%
def row(size, method):
    """Accuracy, difference and interval by each rule; a star where the sign or the verdict is another."""
    own = found.loc[(size, method)]
    cells = [labels.escape(labels.method(method))]
    for rule in ("validation", "holdout"):
        cell = own[rule]
        cells += [labels.percent(cell["mean"])]
        cells += ["", ""] if method == reference else [labels.points(cell["difference"])]
        if method != reference:
            cells.append(labels.points_range(cell["low"], cell["high"]))
    changed = method != reference and bool(own["changes"].item())
    return [*cells, r"$\ast$" if changed else ""]


share = settings["experiments"][experiment]["held_out"]
spans = [
    tables.span(rf"{labels.count(settings['validation_size'])} validation labels", 2, 4),
    tables.span(rf"{100 * share:g}\,\% held out", 5, 7),
]
header = [
    ["", *(text for text, _ in spans), ""],
    " ".join(rule for _, rule in spans),
    ["method", "acc.", "difference", "interval", "acc.", "difference", "interval", ""],
]
groups = []
for size in sorted(found.index.unique("train_size")):
    held = set(found.loc[size].index)
    methods = [reference, *(name for name in settings["methods"] if name in held and name != reference)]
    heading = tables.heading(f"{labels.count(size)} training examples", len(header[2]))
    groups.append([heading, *(row(size, method) for method in methods)])
captions.write(tables.booktabs(header, groups, "l" + "rrl" * 2 + "c", gap="6pt"), out)

# %%
compared = found.dropna(subset=[("validation", "difference"), ("holdout", "difference")])
correction = (
    f"Those are the runs on the right, which are counted here; on the left it is the draw with the {VALIDATION.words}. "
    f"A star marks the {labels.count(compared['changes'].sum())} of {labels.count(len(compared))} differences whose "
    "sign, or whose verdict by the interval, is another by the second rule. Nothing is corrected."
)
captions.write(captions.caption("selection_rules", settings, table, experiment, HOLDOUT, correction), caption)
