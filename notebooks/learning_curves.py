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
from robustpath.records import labels, load, present, report_settings, test_scores
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
there = present(settings["methods"], scores["method"])
methods = style.looks(there, settings["reference"])
datasets = present(settings["experiments"][experiment]["datasets"], scores["dataset"])
sizes = np.sort(scores["train_size"].unique())
others = [name for name in methods if name != settings["reference"]]

# %% [markdown]
# A method is a row that has its name, so that no shape of a small mark has to; within it the number of examples grows
# from top to bottom.

# %%
tall = 0.6 + 0.2 * len(others) * max(len(sizes) / 3, 1)
figure, axes = style.panels(2, len(datasets), 2.0 + tall, sharey="row", height_ratios=[1.3, tall])
for column, name in enumerate(datasets):
    upper, lower = axes[0][column], axes[1][column]
    line = accuracy[(accuracy["dataset"] == name) & (accuracy["method"] == settings["reference"])]
    line = line.sort_values("train_size")
    reach = 100 * (line["high"] - line["mean"])
    upper.errorbar(line["train_size"], 100 * line["mean"], reach, elinewidth=0.7, **methods[settings["reference"]])
    upper.set_title(labels.dataset(name))
    upper.set_xscale("log")
    upper.set_xticks(sizes, [str(size) for size in sizes])
    upper.xaxis.set_minor_locator(NullLocator())
    upper.set_xlabel("training examples")
    own = difference[difference["dataset"] == name]
    style.rows(lower, own, others, "train_size", sizes, methods)
    lower.axvline(0, color=methods[settings["reference"]]["color"], linewidth=0.6, zorder=1)
    lower.set_xscale("symlog", **style.DIFFERENCES)
    lower.xaxis.set_minor_locator(NullLocator())
    ticks = style.difference_ticks(*lower.get_xlim())
    lower.set_xticks(list(ticks), ticks.values())
axes[0][0].set_ylabel(f"accuracy of {labels.method(settings['reference'])} (%)")
figure.supxlabel(f"difference to {labels.method(settings['reference'])} (points)", fontsize=8.5)
style.save(figure, out)

# %%
captions.write(captions.caption("learning_curves", settings, table, experiment), caption)
