# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How does accuracy fall as the test data shift?
#
# One panel a data set: images are corrupted, MNIST-1D is generated with other settings. The upper row has the accuracy
# at each severity, 0 being unshifted data. Methods differ far less than severities do, so the lower row has the
# difference to the reference as a map: a row that turns blue to the right is a method that gains as the shift grows.

# %%
import numpy as np
from IPython.display import display
from matplotlib.colors import SymLogNorm
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
# The natural shift has one severity only and is left to the table. Within each seed the accuracy is averaged over the
# shifts of one severity and over the numbers of training examples.

# %%
scores = test_scores(select(table), experiment)
scores = scores[scores["shift_family"] != "natural"].drop(columns="shift_family")
scores = average(average(scores, ["shift"]), ["train_size", "label_noise"])
accuracy = interval(scores, ["dataset", "severity", "method"], settings["confidence"])
difference = paired(scores, ["dataset", "severity"], settings["reference"], settings["confidence"])
display(difference)

# %%
reference = settings["reference"]
methods = style.looks(present(settings["methods"], scores["method"]), reference)
datasets = present(settings["experiments"][experiment]["datasets"], scores["dataset"])
severities = np.sort(scores["severity"].unique())
others = [name for name in methods if name != reference]
names = [methods[name]["label"] for name in others]
limit = 100 * difference["mean"].abs().max() or 1.0

scale = SymLogNorm(**style.DIFFERENCES, vmin=-limit, vmax=limit)

figure, axes = style.panels(2, len(datasets), 2.4 + 0.16 * len(methods), height_ratios=[1.6, 0.16 * len(methods)])
for column, name in enumerate(datasets):
    upper, lower = axes[0][column], axes[1][column]
    if column:
        upper.sharey(axes[0][0])
    rows = accuracy[(accuracy["dataset"] == name) & (accuracy["method"] == reference)]
    reach = 100 * (rows["high"] - rows["mean"])
    upper.errorbar(rows["severity"], 100 * rows["mean"], reach, elinewidth=0.7, **methods[reference])
    here = difference[difference["dataset"] == name]
    means = here.pivot(index="method", columns="severity", values="mean").loc[others]
    clear = here[(here["low"] > 0) | (here["high"] < 0)]
    image = lower.pcolormesh(100 * means, cmap="RdBu", norm=scale, edgecolors="white", linewidth=0.5)
    places = [(means.columns.get_loc(row.severity) + 0.5, others.index(row.method) + 0.5) for row in clear.itertuples()]
    shades = np.where(np.abs(scale(100 * clear["mean"].to_numpy()) - 0.5) > 0.3, "white", "black")
    lower.scatter(*np.array(places).reshape(-1, 2).T, s=4, c=shades, linewidths=0)
    lower.invert_yaxis()
    lower.set_yticks(np.arange(len(others)) + 0.5, names if column == 0 else [])
    lower.set_xticks(np.arange(len(severities)) + 0.5, severities)
    lower.tick_params(length=0)
    lower.spines[:].set_visible(False)
    upper.set_title(labels.dataset(name))
    upper.set_xticks(severities)
    upper.tick_params(labelleft=column == 0)
axes[0][0].set_ylabel(f"accuracy of {labels.method(reference)} (%)")
figure.supxlabel("severity of the shift", fontsize=8.5)
bar = figure.colorbar(image, ax=list(axes[1]), aspect=12, pad=0.01)
ticks = style.difference_ticks(-limit, limit)
bar.set_ticks(list(ticks), labels=list(ticks.values()))
bar.ax.yaxis.set_minor_locator(NullLocator())
bar.set_label(f"difference to {labels.method(reference)}\n(points)", linespacing=1.0)
bar.outline.set_visible(False)
style.save(figure, out)

# %%
captions.write(captions.caption("shift_severity", settings, table, experiment), caption)
