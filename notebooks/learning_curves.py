# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How does accuracy grow with the number of training examples?
#
# One panel a data set. The upper row has the accuracy on unshifted test data; since methods lie close together there,
# the lower row has the difference to the reference, seed by seed: where a bar does not touch zero, a method differs at
# that number of examples.

# %%
import numpy as np
from IPython.display import display
from matplotlib.ticker import NullLocator

from robustpath.figures import captions, style
from robustpath.records import labels, load, report_settings, test_scores
from robustpath.records.selection import select
from robustpath.statistics.intervals import average, interval, paired

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])

# %% [markdown]
# Each method is represented by the draw that was best on the validation data of the same seed.

# %%
scores = test_scores(select(table), experiment)
scores = average(scores[scores["shift_family"] == "none"], ["label_noise", "shift_family", "shift", "severity"])
accuracy = interval(scores, ["dataset", "train_size", "method"], settings["confidence"])
difference = paired(scores, ["dataset", "train_size"], settings["reference"], settings["confidence"])
display(difference)

# %%
there = [name for name in settings["methods"] if name in set(scores["method"])]
methods = style.looks(there, settings["reference"])
datasets = [name for name in settings["experiments"][experiment]["datasets"] if name in set(scores["dataset"])]
sizes = np.sort(scores["train_size"].unique())
gap = np.diff(np.log(sizes)).min() if len(sizes) > 1 else 1.0


def draw(axes, rows, names, spread, **look):
    """The means of each method with their intervals, the methods side by side over `spread` of the gap between two
    sizes."""
    for position, name in enumerate(names):
        shift = np.exp(gap * spread * ((position + 0.5) / len(names) - 0.5))
        line = rows[rows["method"] == name].sort_values("train_size")
        places, reach = line["train_size"] * shift, 100 * (line["high"] - line["mean"])
        axes.errorbar(places, 100 * line["mean"], reach, elinewidth=0.7, **{**methods[name], **look})


figure, axes = style.panels(2, len(datasets), 3.9, sharex=True, sharey="row", height_ratios=[1, 1.2])
others = [name for name in methods if name != settings["reference"]]
for column, name in enumerate(datasets):
    upper, lower = axes[0][column], axes[1][column]
    draw(upper, accuracy[accuracy["dataset"] == name], [settings["reference"]], 0.0)
    # Side by side, the points of a method are not where a line between them would put them.
    draw(lower, difference[difference["dataset"] == name], others, 0.8, linestyle="none")
    lower.axhline(0, color=methods[settings["reference"]]["color"], linewidth=0.6)
    upper.set_title(labels.dataset(name))
    lower.set_xscale("log")
    lower.set_xticks(sizes, [str(size) for size in sizes])
    lower.xaxis.set_minor_locator(NullLocator())
    lower.set_yscale("symlog", **style.DIFFERENCES)
    lower.yaxis.set_minor_locator(NullLocator())
ticks = style.difference_ticks(*lower.get_ylim())
lower.set_yticks(list(ticks), ticks.values())
axes[0][0].set_ylabel(f"accuracy of {labels.method(settings['reference'])} (%)")
axes[1][0].set_ylabel(f"difference to {labels.method(settings['reference'])} (points)")
figure.supxlabel("number of training examples", fontsize=8.5)
style.legend(figure, {name: methods[name] | {"linestyle": "none"} for name in others})
style.save(figure, out)

# %%
captions.write(captions.caption("learning_curves", settings, table, experiment), caption)
