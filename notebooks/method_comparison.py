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
# those of selected draws that remain after Holm's correction over all of them. Last columns say what a run costs and
# how many runs diverged, where methods differ in it.

# %%
from IPython.display import display

from robustpath.figures import captions, tables
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.comparison import KINDS, compare, cost

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])

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
kinds = present(KINDS, comparison["shift_family"])
reference, level = settings["reference"], 1 - settings["confidence"]


def rows(method):
    """The rows of a method: accuracies and costs, then the differences of the selected draws and of the defaults."""
    own = [cells.loc[(method, kind)] for kind in kinds]
    paid = [labels.count(costs.loc[method, name]) for name in differing]
    accuracies = [each for cell in own for each in tables.effect(labels.percent(cell["mean"]))]
    first = [labels.escape(labels.method(method)), *accuracies, *paid]
    if method == reference:
        return [first]
    selected = [each for cell in own for each in difference(cell, cell["holm"] < level)]
    default = [each for kind in kinds for each in difference(defaults.loc[(method, kind)])]
    nothing = [""] * len(paid)
    return [first, [r"\quad selected", *selected, *nothing], [r"\quad defaults", *default, *nothing]]


def difference(cell, starred=False):
    """The cells of a paired difference with half the width of its interval, and a star where it remains after Holm's
    correction."""
    half = labels.percent(cell["difference_high"] - cell["difference"])
    return tables.effect(labels.points(cell["difference"]), half, starred)


# A cost that is the same for all methods is said in the caption.
headings = {"gradient_evaluations": ("gradient", "evaluations"), "diverged": ("runs", "diverged")}
differing = [name for name in headings if costs[name].nunique() > 1]
groups = [rows(reference)] + [rows(name) for name in settings["methods"] if name in costs.index and name != reference]
above, rule = tables.span(r"test accuracy (\%)", 2, 2 * len(kinds) + 1)
header = [
    ["", above, *(headings[name][0] for name in differing)],
    rule,
    ["method", *(tables.over(KINDS[kind]) for kind in kinds), *(headings[name][1] for name in differing)],
]
captions.write(tables.booktabs(header, groups, "l" + tables.EFFECT * len(kinds) + "r" * len(differing)), out)

# %%
compared = comparison["holm"].count()
correction = (
    rf"A star marks differences that remain at {100 * level:.3g}\,\% after Holm's correction over "
    f"the {compared} comparisons of selected draws."
)
if "gradient_evaluations" not in differing:
    correction += f" Every run spends {labels.count(costs['gradient_evaluations'].iloc[0])} gradient evaluations."
captions.write(captions.caption("method_comparison", settings, table, experiment, correction=correction), caption)
