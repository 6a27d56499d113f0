# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Under which conditions do losses on activations help?
#
# The largest strength of the grid less strength zero, seed by seed: by the width of the last hidden layer, the strength
# of the shortcut, label noise, and on images under shift, whose labels go with no attribute.

# %%
from IPython.display import display

from robustpath.figures import activation_losses, captions, groups, representations, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics import factors

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "activation_losses"
references = "activation_references"  # holds plain training
methods = ("double_well_occupancy", "hoyer", "activation_l1")

# %%
settings = report_settings(settings)
experiments = settings["experiments"]
table = load(records, settings["scale"], [experiment, references, *factors.varied(experiments)])
strength = max(experiments[experiment]["grid"]["strength"])
asked = factors.conditions(experiments, factors.families(table, experiments))
found = factors.changes(table, asked, references, settings["reference"], strength, settings["confidence"])
found = found[found["method"].isin(methods)]
display(found)

# %%
asked = [each for each in asked if (found["experiment"].eq(each.experiment) & found["dataset"].eq(each.dataset)).any()]
order = list(dict.fromkeys(each.dataset for each in asked))
asked.sort(key=lambda each: order.index(each.dataset))
words = [representations.condition(each, experiments) for each in asked]
figure, panels = style.panels(1, 1, 0.9 + 0.27 * len(asked))
panel = panels[0][0]
for offset, method in enumerate(methods):
    colour, marker = activation_losses.LOOKS[activation_losses.kind(method, settings["reference"])]
    for place, each in enumerate(asked):
        rows = found[(found["method"] == method)]
        for name, value in each._asdict().items():
            rows = rows[rows[name] == value]
        if len(rows):
            row = rows.iloc[0]
            panel.errorbar(
                100 * row["mean"], place + 0.22 * (offset - 1), xerr=100 * (row["high"] - row["mean"]), elinewidth=0.8,
                color=colour, marker=("s", "^", "v")[offset], fillstyle="none" if offset == 2 else "full",
                label=labels.method(method) if place == 0 else None,
            )  # fmt: skip
panel.axvline(0, color="0.6", linewidth=0.6)
panel.set_yticks(range(len(asked)), words)
panel.set_ylim(len(asked) - 0.5, -0.5)
panel.set_xlabel(f"accuracy at strength {strength:g} less strength 0 (points)")
figure.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=3)
style.save(figure, out)

# %%
finding = representations.helped(found, len(asked))
note = f"Strength {strength:g}, the largest of the grid, on every set; nothing is selected or corrected for."
shown = list(dict.fromkeys(each.experiment for each in asked))
text = groups.caption("activation_factors", finding, settings, table, experiment, chosen=note, beside=shown)
captions.write(text, caption)
