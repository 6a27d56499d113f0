# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is a method robust, or only accurate?
#
# Accuracy under shift follows accuracy in distribution. The line is fitted on published methods alone; what a method
# has above it is its effective robustness (Taori et al. 2020). Above: every method against the line, on logit scales.
# Below: the distance from the line, method by method.

# %%
import numpy as np
import pandas as pd
from IPython.display import display
from scipy.special import expit, logit

from robustpath.claims import verdicts
from robustpath.figures import captions, style
from robustpath.figures.point_names import name_points
from robustpath.records import labels, load, present, report_settings
from robustpath.records.selection import select
from robustpath.statistics import robustness
from robustpath.statistics.evidence import accuracies, lengths
from robustpath.statistics.intervals import interval

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "minima"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
judged = verdicts.read(claims, settings["scale"])
accuracy = accuracies(select(table[table["experiment"] == experiment])).drop(columns="draw")

# %%
baselines, size = judged["baselines"], settings["test_size"]
curve = lengths(table[table["experiment"] == judged["curve"]])
lines = robustness.lines(accuracy, baselines, size, curve)
means = robustness.points(accuracy, size).groupby([*robustness.PLACE, "method"], as_index=False)[["none", "ood"]].mean()
left = robustness.residuals(accuracy, baselines, size, curve)
seeds = left.groupby(["method", "label_noise", "seed"], as_index=False)["value"].mean()
residual = interval(seeds, ["method", "label_noise"], settings["confidence"])
display(pd.DataFrame(lines.values(), index=pd.MultiIndex.from_tuples(lines, names=robustness.PLACE)), residual)

# %%
groups = verdicts.grouped(present(settings["methods"], means["method"]), judged, "")
order = {name: [method for method in settings["methods"] if method in members] for name, members in groups.items()}
dots = {"published methods": ("0.55", "o"), "controls": (style.COLOURS[4], "s")}
dots |= {"contour-parallel variants": (style.COLOURS[5], "D"), "neighbours": (style.COLOURS[3], "^")}
dots |= {"other methods": (style.COLOURS[6], "v")}
noise = sorted(means["label_noise"].unique())
datasets = present(settings["experiments"][experiment]["datasets"], means["dataset"])
places, place = {}, 0.0
for members in order.values():
    for method in members:
        places[method] = place
        place += 1
    place += 0.6


def inside(rows):
    """Which methods lie within the range of the published ones, widened by its own width: the rest hide the line."""
    near = pd.Series(True, index=rows.index)
    for name in ("none", "ood"):
        values = logit(rows[name])
        known = values[rows["method"].isin(baselines)]
        width = max(np.ptp(known), 0.1) if len(known) else np.inf
        near &= values.between(known.min() - width, known.max() + width) | known.empty
    return near


def farthest(rows):
    """Of the methods of a panel, those at the greatest distance from the middle, where most lie; one whose name would
    lie on that of another is left out."""
    places = logit(rows.set_index("method")[["none", "ood"]])
    spread = (places - places.median()) / (places.max() - places.min())
    chosen = []
    for name in spread.pow(2).sum(axis=1).sort_values(ascending=False, kind="stable").index:
        gaps = [(spread.loc[name] - spread.loc[other]).abs() for other in chosen]
        if len(chosen) < NAMED and all(gap["ood"] > 0.11 or gap["none"] > 0.75 for gap in gaps):
            chosen.append(name)
    return places.loc[chosen]


NAMED = 4  # methods of a panel that are named
style.panels(1, 1, 1.0)  # for its settings
heights = [1.35 * len(noise) + 0.35, 0.55 + 0.105 * place]
figure = style.plt.figure(figsize=(style.TEXT_WIDTH, sum(heights)), layout="constrained")
upper, lower = figure.subfigures(2, 1, height_ratios=heights)
panels = upper.subplots(len(noise), len(datasets), squeeze=False)
hidden, drawn = 0, {}
for line_of_panels, level in zip(panels, noise, strict=True):
    for panel, dataset in zip(line_of_panels, datasets, strict=True):
        here = means[(means["dataset"] == dataset) & (means["label_noise"] == level)]
        near = inside(here)
        drawn[panel] = here[near]
        hidden += int((~near).sum())
        for name, members in order.items():
            rows = here[near & here["method"].isin(members)]
            colour, marker = dots[name]
            look = {"s": 9, "c": colour, "marker": marker, "linewidths": 0, "label": name}
            panel.scatter(logit(rows["none"]), logit(rows["ood"]), **look)
        for key, line in lines.items():
            if (key[0], key[2]) == (dataset, level):
                ends = logit(here.loc[near, "none"]).agg(["min", "max"]).to_numpy()
                panel.plot(ends, line.intercept + line.slope * ends, color="0.3", linewidth=0.8)
                panel.text(0.04, 0.97, f"$R^2$ = {line.r_squared:.2f}", transform=panel.transAxes, va="top", fontsize=7)
        panel.margins(0.15)
        for axis in (panel.xaxis, panel.yaxis):
            ticks = style.logit_ticks(*expit(axis.get_view_interval()))
            axis.set_ticks(list(ticks), ticks.values())
        panel.tick_params(labelsize=7)
        panel.set_title(f"{labels.dataset(dataset)}, {100 * level:g} % label noise", fontsize=8)
upper.supxlabel("accuracy in distribution (%)", fontsize=8.5)
upper.supylabel("accuracy under shift (%)", fontsize=8.5)
upper.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(order))

axes = lower.subplots(1, len(noise), sharex=True, sharey=True, squeeze=False)[0]
for panel, level in zip(axes, noise, strict=True):
    panel.axvline(0, color="0.4", linewidth=0.6)
    for name, members in order.items():
        rows = residual[(residual["label_noise"] == level) & residual["method"].isin(members)]
        colour, marker = dots[name]
        reach = 100 * (rows["high"] - rows["mean"])
        heights = rows["method"].map(places)
        panel.errorbar(
            100 * rows["mean"], heights, xerr=reach, fmt=marker, color=colour, elinewidth=0.7, markersize=2.8
        )
    for height in places.values():
        panel.axhline(height, color="0.92", linewidth=0.5, zorder=0)
    panel.set_xscale("symlog", **style.DIFFERENCES)
    panel.set_title(f"{100 * level:g} % label noise", fontsize=8)
    panel.margins(x=0.08)
    panel.tick_params(axis="y", length=0)
ticks = style.difference_ticks(*axes[0].get_xlim())
for panel in axes:
    panel.set_xticks(list(ticks), ticks.values())
    panel.minorticks_off()
axes[0].set_yticks(list(places.values()), [labels.method(name) for name in places], fontsize=7)
axes[0].set_ylim(max(places.values()) + 0.8, -0.8)
lower.supxlabel("effective robustness (points)", fontsize=8.5)

figure.draw_without_rendering()  # names are placed in the final layout
for panel, rows in drawn.items():
    at = {labels.method(method): tuple(place) for method, place in farthest(rows).iterrows()}
    name_points(panel, at, logit(rows[["none", "ood"]]).to_numpy(), fontsize=6, color="0.25")
style.save(figure, out)

# %%
fits = [line.r_squared for line in lines.values()]
facts = "Too few published methods to fit a line."
if lines:
    fits = [line.r_squared for line in lines.values()]
    most = max(lines.values(), key=lambda line: line.methods)
    most_lengths = max(line.lengths for line in lines.values())
    facts = (
        f"The line is fitted by least squares on {labels.word(most.methods)} published methods and up to "
        f"{labels.word(most_lengths)} shorter runs of SGD of similar accuracy, each a point; its $R^2$ lies between "
        f"{min(fits):.2f} and {max(fits):.2f}. Intervals do not include the uncertainty of the line."
    )
if hidden:
    points, be = ("point", "is") if hidden == 1 else ("points", "are")
    facts += (
        f" {labels.word(hidden).capitalize()} {points} far outside the range of the published methods {be} not drawn."
    )
captions.write(captions.caption("effective_robustness", settings, table, experiment, correction=facts), caption)
