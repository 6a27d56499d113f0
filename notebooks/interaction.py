# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the parallelogram lose its advantage where label and attribute interact?
#
# Its target is right where an example is a sum of what label and attribute do. An interaction moves the missing group
# away from the target: at 1 as far as an attribute moves an example.

# %%
from IPython.display import display

from robustpath.data import sets
from robustpath.figures import acquisitions, captions, style
from robustpath.records import load, report_settings
from robustpath.statistics.acquisitions import advantages, scores

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_interaction"
OTHERS = {"core_set": ("#009E73", "s"), "parallelogram_random_direction": ("#D55E00", "^")}

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, told = settings["confidence"], settings["experiments"][experiment]
degree = {name: getattr(sets.load(name), "INTERACTION", 0.0) for name in told["datasets"]}
rows = scores(table, experiment, "discovered")
rows = rows.assign(interaction=rows["dataset"].map(degree))
each = advantages(rows, ["missing", "interaction"], acquisitions.OURS, list(OTHERS), confidence)
whole = advantages(rows, ["interaction"], acquisitions.OURS, list(OTHERS), confidence)
display(each, whole)

# %%
figure, panels = style.panels(1, len(told["missing"]), 2.1, sharey=True)
for panel, group in zip(panels[0], told["missing"], strict=True):
    panel.axhline(0, color="0.6", linewidth=0.6)
    here = each[each["missing"] == group]
    for place, (other, (colour, marker)) in enumerate(OTHERS.items()):
        own = here[here["other"] == other].sort_values("interaction")
        panel.errorbar(
            own["interaction"] + 0.02 * (place - 0.5), 100 * own["mean"], 100 * (own["high"] - own["mean"]),
            color=colour, marker=marker, elinewidth=0.8, label=f"less {acquisitions.words(other)}",
        )  # fmt: skip
    panel.set_title(acquisitions.group_title(group).replace(" with ", "\nwith "))
    panel.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    panel.set_xlim(-0.1, 1.1)
panels[0][0].set_ylabel("share of first batch,\nparallelogram less (points)")
figure.supxlabel("interaction of label and attribute", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
finding = acquisitions.over_interaction(whole)
captions.write(acquisitions.caption("interaction", finding, settings, table, experiment), caption)
