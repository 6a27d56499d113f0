# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the descent keep the curvature that a walk has found?
#
# The largest eigenvalue of the Hessian of the training loss along the whole way of a run, each method against the
# reference. Walks are drawn thick. Were the minimum decided by where the descent starts, the curves would stay apart
# after a walk has ended.

# %%
import numpy as np
from IPython.display import display

from robustpath.figures import captions, streams, style
from robustpath.records import labels, load, present, report_settings
from robustpath.records import traces as traced
from robustpath.statistics import walks
from robustpath.statistics.intervals import interval

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
traces = None  # files of traces; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment, beside = "trajectories", "minima"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
way = traced.quantities(traces, settings["scale"])
way = way[(way["experiment"] == experiment) & (way["quantity"] == "lambda_max")]

# %% [markdown]
# Eigenvalues differ by factors, so mean and interval are those of their logarithms.

# %%
positive = way[way["value"] > 0].assign(value=lambda rows: np.log(rows["value"]))
keys = ["method", "moment", "gradient_evaluations", "walking"]
curves = interval(positive.groupby([*keys, "seed"], as_index=False)["value"].mean(), keys, settings["confidence"])
curves[["mean", "low", "high"]] = np.exp(curves[["mean", "low", "high"]])
display(curves)

# %% [markdown]
# The study of minima has the same curvature after training on more data sets, where it differs by data set.

# %%
minima = walks.of_defaults(table, beside)
minima = minima[(minima["method"] == settings["reference"]) & (minima["metric"] == walks.TRAINED)]
noise = [float(level) for level in sorted(way["label_noise"].unique())]
minima = minima[minima["label_noise"].isin(noise)]
trained = minima.groupby("dataset", sort=False)["value"].median()
display(trained)

# %%
reference = settings["reference"]
others = [name for name in present(settings["methods"], curves["method"]) if name != reference]
columns = min(3, len(others))
rows = -(-len(others) // columns)
figure, axes = style.panels(rows, columns, 0.4 + 1.5 * rows, sharex=True, sharey=True)
panels = [axis for row in axes for axis in row]
for name, axis in zip(others, panels, strict=False):
    for method, colour in ((reference, "0.45"), (name, style.COLOURS[4])):
        curve = curves[curves["method"] == method].sort_values("gradient_evaluations")
        axis.fill_between(curve["gradient_evaluations"], curve["low"], curve["high"], color=colour, alpha=0.2, lw=0)
        axis.plot(curve["gradient_evaluations"], curve["mean"], color=colour, lw=1.0)
        # A walk's line begins where the moment before it lies.
        steps = curve["walking"] | curve["walking"].shift(-1, fill_value=False)
        if curve["walking"].any():
            walk = curve[steps]
            axis.plot(walk["gradient_evaluations"], walk["mean"], color=style.COLOURS[5], lw=2.6, solid_capstyle="butt")
    axis.set_title(labels.method(name))
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
free = panels[len(others) :]
for axis in free:
    axis.set_axis_off()
for place, axis in enumerate(panels[: len(others)]):
    axis.tick_params(labelbottom=place + columns >= len(others))  # the lowest panel of each column
handles = [
    style.Line2D([], [], color="0.45", label=labels.method(reference)),
    style.Line2D([], [], color=style.COLOURS[4], label="the method of the panel"),
    style.Line2D([], [], color=style.COLOURS[5], lw=2.6, label="its walk"),
]
if free:  # the place of a panel
    free[0].legend(handles=handles, loc="center")
else:
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
figure.supxlabel("gradient evaluations", fontsize=8.5)
figure.supylabel(r"largest eigenvalue $\lambda_{\max}$", fontsize=8.5)
style.save(figure, out)

# %%
lost = len(way) - len(positive)
doubtful = int((~way["converged"]).sum())
words = labels.listing([streams.noise_words(level) for level in noise])
note = f"{doubtful} of {len(way)} eigenvalues have not converged and {lost} are not positive and left out."
note = f"Trained {words}. {note}"
if len(trained) > 1:
    each = labels.listing([f"{value:.2f} on {labels.escape(labels.dataset(name))}" for name, value in trained.items()])
    note += (
        f" {captions.see('descent_forgets')} has medians over the runs of {labels.word(len(trained))} data sets, whose "
        f"curvature differs: after training by {labels.method(reference)} its median is {each}."
    )
captions.write(captions.caption("forgetting", settings, table, experiment, correction=note), caption)
