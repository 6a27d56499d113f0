# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What becomes of activations under each loss?
#
# Of the last hidden layer, on test examples. Activations are relative to the high level of their unit, the mean of its
# activations weighted by themselves, so that bins are comparable between units. Strengths are those of the table of
# losses: the largest that keeps validation accuracy.

# %%
from IPython.display import display

from robustpath.figures import activation_losses, captions, groups, representations, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics import matched

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "activation_losses"
references = "activation_references"  # holds the base
points = 0.5  # of validation accuracy that a loss may cost

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, reference = settings["confidence"], settings["reference"]
plan = settings["experiments"][experiment]
found = matched.arms(table, experiment, matched.Base(references, reference), points)
masses = {name: matched.compared(found, name, confidence) for name in representations.MASSES}
silent = matched.compared(found, "activation_silent", confidence)
middle = matched.compared(found, "mid_mass", confidence)
display(masses, silent, middle)

# %%
kinds = activation_losses.by_kind([reference, *plan["methods"]], reference)
methods = [name for own in kinds.values() for name in own]
figure, panels = style.panels(1, len(plan["datasets"]), 1.1 + 0.2 * len(methods))
for panel, dataset in zip(panels[0], plan["datasets"], strict=True):
    left = dict.fromkeys(methods, 0.0)
    for metric, look in representations.MASSES.items():
        rows = masses[metric].query("dataset == @dataset").set_index("method")["mean"].reindex(methods)
        panel.barh(methods, 100 * rows, 0.75, left=list(left.values()), color=look.colour, label=look.words)
        left = {name: left[name] + 100 * rows[name] for name in methods}
    shares = silent.query("dataset == @dataset").set_index("method")["mean"]
    for place, name in enumerate(methods):
        panel.text(102, place, labels.percent(shares[name]) if name in shares else "", va="center", fontsize=7)
    panel.text(102, -1, "silent", va="center", fontsize=7)
    panel.set_xlim(0, 100)
    panel.set_yticks(range(len(methods)), [labels.method(name) for name in methods] if dataset == plan["datasets"][0]
                     else [""] * len(methods))  # fmt: skip
    panel.invert_yaxis()
    panel.set_title(labels.dataset(dataset), pad=14)
    panel.set_xlabel(r"share of active values (%)")
entries = [(handle, words) for handle, words in zip(*panels[0][0].get_legend_handles_labels(), strict=True) if words]
entries = [pair for pair in entries if not pair[1].startswith("_")]
figure.legend(*zip(*entries, strict=True), loc="outside upper center", ncols=4)
style.save(figure, out)

# %%
note = (
    "Strengths: the largest at which mean validation accuracy falls by at most "
    f"{points:g} points; on the right, the share of silent values among all. Means over seeds."
)
finding = representations.emptied(middle, reference)
captions.write(groups.caption("activations", finding, settings, table, experiment, chosen=note), caption)
