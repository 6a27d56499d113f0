# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which methods are accurate, robust and cheap?
#
# One row a method: its accuracy on unshifted test data and under each kind of shift, each kind in a column of its own.
# Under each accuracy is the paired difference to the reference, of the selected draws and of the defaults; a star marks
# those of selected draws that remain after Holm's correction over all of them. The last columns say what a run costs
# and how many runs diverged.

# %%
from IPython.display import display

from robustpath.figures import captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.comparison import KINDS, compare, cost

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])

# %% [markdown]
# The seed is the unit of replication: data sets, numbers of examples, shifts and severities are averaged within a seed,
# and the interval is over seeds.

# %%
comparison = compare(table, experiment, settings["reference"], settings["confidence"])
plain = compare(table[table["draw"] == 0], experiment, settings["reference"], settings["confidence"])
display(comparison, plain)

# %%
costs = cost(table, experiment)
display(costs)

# %%
cells, defaults = (each.set_index(["method", "shift_family"]) for each in (comparison, plain))
kinds = [kind for kind in KINDS if kind in set(comparison["shift_family"])]
reference, level = settings["reference"], 1 - settings["confidence"]


def rows(method):
    """The rows of a method: accuracies and costs, then the differences of the selected draws and of the defaults."""
    counts = costs.loc[method]
    own = [cells.loc[(method, kind)] for kind in kinds]
    evaluations = labels.count(counts["gradient_evaluations"])
    diverged = f"{labels.count(counts['diverged'])} of {labels.count(counts['runs'])}"
    accuracies = [labels.percent(cell["mean"]) for cell in own]
    first = [labels.escape(labels.method(method)), *accuracies, evaluations, diverged]
    if method == reference:
        return [first]
    selected = [difference(cell, cell["holm"] < level) for cell in own]
    default = [difference(defaults.loc[(method, kind)]) for kind in kinds]
    return [first, [r"\quad selected", *selected, "", ""], [r"\quad defaults", *default, "", ""]]


def difference(cell, starred=False):
    """A paired difference with half the width of its interval, and a star where it remains after Holm's correction."""
    star = r"\rlap{$^{\ast}$}" if starred else ""
    half = labels.percent(cell["difference_high"] - cell["difference"])
    return rf"{labels.points(cell['difference'])}\,$\pm$\,{half}{star}"


columns = len(kinds) + 3
others = [name for name in costs.index if name != reference]
groups, families = [rows(reference)], {settings["methods"][name] for name in others}
for family in dict.fromkeys(settings["methods"].values()):
    members = [name for name, its in settings["methods"].items() if its == family and name in others]
    for position, name in enumerate(members):
        groups.append([tables.heading(family, columns)] * (position == 0 and len(families) > 1) + rows(name))
over, rule = tables.span(r"test accuracy (\%)", 2, len(kinds) + 1)
header = [["", over, "gradient", "runs"], rule, ["method", *(KINDS[kind] for kind in kinds), "evaluations", "diverged"]]
captions.write(tables.booktabs(header, groups, "l" + "c" * len(kinds) + "rr"), out)

# %%
compared = comparison["holm"].count()
correction = (
    rf"A star marks differences that remain at {100 * level:.3g}\,\% after Holm's correction over "
    f"the {compared} comparisons of selected draws."
)
captions.write(captions.caption("method_comparison", settings, table, experiment, correction=correction), caption)
