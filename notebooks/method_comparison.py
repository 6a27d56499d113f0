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
# Under each accuracy stands the paired difference to the reference; a star marks those that stand after Holm's
# correction over all comparisons of the table. The last columns say what a run costs and how many runs diverged.

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
display(comparison)

# %%
costs = cost(table, experiment)
display(costs)

# %%
cells = comparison.set_index(["method", "shift_family"])
kinds = [kind for kind in KINDS if kind in set(comparison["shift_family"])]
reference, level = settings["reference"], 1 - settings["confidence"]


def rows(method):
    """The rows of a method: accuracies and costs, then the differences to the reference."""
    counts = costs.loc[method]
    own = [cells.loc[(method, kind)] for kind in kinds]
    evaluations = labels.count(counts["gradient_evaluations"])
    diverged = f"{labels.count(counts['diverged'])} of {labels.count(counts['runs'])}"
    accuracies = [labels.percent(cell["mean"]) for cell in own]
    first = [labels.escape(labels.method(method)), *accuracies, evaluations, diverged]
    if method == reference:
        return [first]
    return [first, ["", *(difference(cell) for cell in own), "", ""]]


def difference(cell):
    """A paired difference with half the width of its interval, starred when it stands after Holm's correction."""
    star = r"\rlap{$^{\ast}$}" if cell["holm"] < level else ""
    half = labels.percent(cell["difference_high"] - cell["difference"])
    return rf"{labels.points(cell['difference'])}\,$\pm$\,{half}{star}"


columns = len(kinds) + 3
others = [name for name in costs.index if name != reference]
groups = [[tables.heading("reference", columns), *rows(reference)]]
for family in dict.fromkeys(settings["methods"].values()):
    members = [name for name, its in settings["methods"].items() if its == family and name in others]
    for position, name in enumerate(members):
        groups.append([tables.heading(family, columns)] * (position == 0) + rows(name))
over, rule = tables.span(r"test accuracy (\%)", 2, len(kinds) + 1)
header = [["", over, "gradient", "runs"], rule, ["method", *(KINDS[kind] for kind in kinds), "evaluations", "diverged"]]
captions.write(tables.booktabs(header, groups, "l" + "c" * len(kinds) + "rr"), out)

# %%
compared = comparison["holm"].count()
correction = (
    rf"A star marks differences that stand at {100 * level:.3g}\,\% after Holm's correction over "
    f"the {compared} comparisons of the table."
)
captions.write(captions.caption("method_comparison", settings, table, experiment, correction=correction), caption)
