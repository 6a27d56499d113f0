# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How wide are the minima that were reached?
#
# The training loss on a plane through the end of a run, spanned by the same two random directions for every method,
# each normalised filter by filter, so that a network with larger weights does not look flatter for that alone.

# %%
import numpy as np
from matplotlib.colors import LogNorm

from robustpath.figures import captions, style
from robustpath.records import labels, load, report_settings
from robustpath.records import traces as traced

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
surfaces = None  # files of surfaces; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "trajectories"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
drawn = traced.surfaces(surfaces, settings["scale"], experiment)
names = [name for name in settings["methods"] if name in drawn]

# %%
columns = min(3, len(names))
rows = -(-len(names) // columns)
figure, axes = style.panels(rows, columns, 0.5 + 1.75 * rows, sharex=True, sharey=True)
panels = [axis for row in axes for axis in row]
lowest = min(drawn[name]["random"].min() for name in names)
highest = max(drawn[name]["random"].max() for name in names)
levels = np.geomspace(lowest, highest, 14)
for name, axis in zip(names, panels, strict=False):
    own = drawn[name]
    span, loss = own["random_axis"], own["random"]
    filled = axis.contourf(span, span, loss.T, levels=levels, norm=LogNorm(lowest, highest), cmap="cividis")
    lines = axis.contour(span, span, loss.T, levels=levels[::2], colors="white", linewidths=0.5)
    axis.clabel(lines, fontsize=6, fmt="%.2g")
    axis.plot(0, 0, "*", color="white", ms=8, mec="black", mew=0.7)
    axis.set_title(labels.method(name))
    axis.set_aspect("equal")
    axis.set_xticks([-1, 0, 1])
    axis.set_yticks([-1, 0, 1])
for axis in panels[len(names) :]:
    axis.set_visible(False)
bar = figure.colorbar(filled, ax=panels[: len(names)], aspect=35, pad=0.01)
ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if lowest <= tick <= highest]
bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
bar.ax.minorticks_off()
bar.set_label("training loss")
figure.supxlabel("first direction (filter lengths)", fontsize=8.5)
figure.supylabel("second direction", fontsize=8.5)
style.save(figure, out)

# %%
trained = captions.setting(table[table["experiment"] == experiment])
captions.write(f"{captions.headline('loss_surfaces')} {trained}.", caption)
