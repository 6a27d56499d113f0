# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does the way to a minimum look like?
#
# Each panel is the plane of the first two principal components of one run's trajectory, with the training loss on it.
# The plane of one run is not that of another, so shapes compare and places do not.

# %%
import numpy as np
from matplotlib.colors import LogNorm

from robustpath.figures import captions, style
from robustpath.records import labels, load, report_settings
from robustpath.records import traces as traced

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
surfaces = None  # files of surfaces; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "trajectories"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
drawn = traced.surfaces(surfaces, settings["scale"], experiment)
names = [name for name in settings["methods"] if name in drawn]

# %%
columns = min(3, len(names))
rows = -(-len(names) // columns)
figure, axes = style.panels(rows, columns, 0.5 + 1.75 * rows)
panels = [axis for row in axes for axis in row]
highest = max(np.quantile(drawn[name]["way"], 0.9) for name in names)
lowest = min(drawn[name]["way"].min() for name in names)
levels = np.geomspace(lowest, highest, 14)
for name, axis in zip(names, panels, strict=False):
    own = drawn[name]
    first, second = own["way_first"], own["way_second"]
    filled = axis.contourf(
        first, second, own["way"].T, levels=levels, norm=LogNorm(lowest, highest), cmap="cividis", extend="both"
    )
    points, walking = own["coordinates"], own["walking"]
    axis.plot(*points.T, color="white", lw=0.9)
    axis.plot(*points.T, ".", color="white", ms=2.5)
    steps = walking | np.append(walking[1:], False)
    if walking.any():
        axis.plot(*points[steps].T, color=style.COLOURS[1], lw=2.2)
    axis.plot(*points[0], "o", color="white", ms=4.5, mec="black", mew=0.7)
    axis.plot(*points[-1], "*", color="white", ms=8, mec="black", mew=0.7)
    shares = " + ".join(f"{100 * share:.0f}" for share in own["explained"])
    axis.set_title(f"{labels.method(name)}\n({shares} %)", linespacing=1.0)
    axis.set_aspect("equal")
    axis.tick_params(labelsize=7)
for axis in panels[len(names) :]:
    axis.set_visible(False)
bar = figure.colorbar(filled, ax=panels[: len(names)], aspect=35, pad=0.01)
ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if lowest <= tick <= highest]
bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
bar.ax.minorticks_off()
bar.set_label("training loss")
figure.supxlabel("first principal component", fontsize=8.5)
figure.supylabel("second", fontsize=8.5)
style.save(figure, out)

# %%
captions.write(captions.headline("trajectories"), caption)
