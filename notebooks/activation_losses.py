# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What do losses on activations change at the same accuracy?
#
# Each loss has the largest strength that costs little validation accuracy, chosen once a data set on means over seeds.
# Validation data are as skewed as training data: accuracy on them is accuracy in distribution.

# %%
from IPython.display import display

from robustpath.figures import activation_losses, captions, groups, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics import matched

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "activation_losses"
references = "activation_references"  # holds the base where the experiment itself does not
points = 0.5  # of validation accuracy that a loss may cost

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, reference = settings["confidence"], settings["reference"]
plan = settings["experiments"][experiment]
base = matched.Base(experiment if reference in plan["methods"] else references, reference)
found = matched.arms(table, experiment, base, points)
own = matched.compared(found, "accuracy", confidence, "validation")
worst = matched.compared(found, "accuracy_worst_group", confidence)
MEASURES = ("polysemanticity", "mid_mass", "bimodality")
measured = {name: matched.compared(found, name, confidence) for name in MEASURES}
display(found.chosen, own, worst, measured)


# %%
def row(dataset, method):
    """Strength, accuracies, worst-group difference, then the measures of the representation."""
    arm = found.chosen.query("dataset == @dataset and method == @method")
    accuracy, group, *rest = (
        rows.set_index(["dataset", "method"]).reindex([(dataset, method)]).iloc[0]
        for rows in (own, worst, *measured.values())
    )
    strength = "--" if arm.empty else f"{arm['strength'].iloc[0]:g}" + ("" if arm["kept"].iloc[0] else r"\rlap{$^*$}")
    changes = ["--", "--"]
    if method != reference:
        changes = [
            f"{labels.points(group['difference'])} "
            f"{labels.points_range(group['difference_low'], group['difference_high'])}",
            activation_losses.difference_words(rest[0], points=False),
        ]
    cells = [labels.escape(labels.method(method)), strength, labels.percent(accuracy["mean"])]
    cells += [labels.percent(group["mean"]), changes[0], labels.score(rest[0]["mean"]), changes[1]]
    return cells + [labels.score(each["mean"]) for each in rest[1:]]


methods = [name for own in activation_losses.by_kind([reference, *plan["methods"]], reference).values() for name in own]
methods = list(dict.fromkeys(methods))
HEADER = ["loss", "strength", "acc.", "worst", "worst, less base", "polys.", "polys., less base", "mid", "bimod."]
parts = []
for dataset in plan["datasets"]:
    heading = tables.heading(labels.escape(labels.dataset(dataset)), len(HEADER))
    parts.append([heading, *(row(dataset, method) for method in methods)])
captions.write(tables.booktabs([HEADER], parts, "lrrrrrrrr", gap="2.5pt", size="scriptsize"), out)

# %%
finding = activation_losses.arms(found.chosen, measured["polysemanticity"], worst, points)
chosen = (
    f"Strength: the largest of {labels.listing([f'{value:g}' for value in plan['grid']['strength']])} whose mean "
    f"validation accuracy is at most {points:g} points below that of {labels.method(reference)}; a star marks the "
    "smallest where there is none."
)
captions.write(groups.caption("activation_losses", finding, settings, table, experiment, chosen=chosen), caption)
