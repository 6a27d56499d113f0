# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How does the accuracy of plain, tuned training grow with the number of examples?
#
# The curves by which data-efficiency ratios are read off: means over seeds with their intervals, and the line through
# them that never falls.

# %%
import numpy as np
from IPython.display import display
from matplotlib.ticker import MaxNLocator

from robustpath.figures import captions, efficiency, left_out, style
from robustpath.figures.point_names import name_points
from robustpath.records import labels, load, report_settings
from robustpath.statistics.efficiency import isotonic
from robustpath.statistics.evidence import OOD
from robustpath.statistics.intervals import interval
from robustpath.statistics.rulers import COMPARISONS, WORST, experiments, ruler_of, rulers, scores

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], experiments(COMPARISONS, settings))
curves = {}
for comparison in COMPARISONS:
    if comparison in efficiency.SHOWN and rulers(comparison, settings):
        rows = scores(table, comparison, settings)
        rows = rows[(rows["method"] == ruler_of(comparison, settings)) & (rows["kind"].isin(["none", OOD]))]
        rows = rows[rows["label_noise"] == rows["label_noise"].min()]
        if len(rows):
            rows = rows.groupby(["kind", "dataset", "size", "seed"], as_index=False)["value"].mean()
            curves[comparison] = interval(rows, ["kind", "dataset", "size"], settings["confidence"])
            display(curves[comparison])

# %%
TITLES = {"minima": "minima", "streams": "streams", "rehearsal": "streams", "groups": "groups", "holes": "acquisition"}
places = dict.fromkeys(TITLES[comparison] for comparison in curves)
figure, panels = style.panels(1, max(len(places), 1), 1.9, gridspec_kw={"wspace": 0.09})
panel_of = dict(zip(places, panels[0], strict=False))
curve_names = {panel: {} for panel in panel_of.values()}
for comparison, own in curves.items():
    panel, scored = panel_of[TITLES[comparison]], COMPARISONS[comparison].score
    for (dataset, kind), line in own.groupby(["dataset", "kind"], sort=False):
        names = list(own["dataset"].unique())
        position = names.index(dataset) + (2 if comparison == "rehearsal" else 0)
        sizes, means = line["size"].to_numpy(), 100 * line["mean"].to_numpy()
        colour, marker = style.COLOURS[[4, 5, 3, 1][position % 4]], style.MARKERS[position % 5]
        twin = TITLES[comparison] == "streams"
        label = labels.method(ruler_of(comparison, settings)) if twin else labels.dataset(dataset)
        panel.errorbar(
            sizes, means, 100 * (line["high"] - line["mean"]).to_numpy(), fmt=marker, color=colour, elinewidth=0.6,
            markersize=2.6, markerfacecolor=colour if kind == "none" else "white", markeredgewidth=0.7,
            label=label if kind == "none" else None, clip_on=False,
        )  # fmt: skip
        if kind == "none":
            curve_names[panel][label] = colour, np.column_stack([sizes, isotonic(means)])
        dashes = "-" if kind == "none" else (0, (3, 1.5))
        panel.plot(sizes, isotonic(means), color=colour, linewidth=0.7, linestyle=dashes)
    panel.set_xscale("log")
    panel.set_title(TITLES[comparison])
    low, high = panel.get_xlim()
    steps = (10, 100, 1000) if high > 25 * low else (50, 100, 200, 400)
    ticks = [number for number in steps if low <= number <= high]
    panel.set_xticks(ticks, [f"{number:g}" for number in ticks])
    panel.minorticks_off()
    panel.set_ylabel("worst group (%)" if scored == WORST else "accuracy (%)", labelpad=1)
for panel in curve_names:
    low, high = panel.dataLim.intervaly
    room = low - 0.4 * (high - low)  # for a legend below the curves
    panel.set_ylim(max(room, 0), min(high + 0.08 * (high - low), 100))  # a mark at an end is drawn whole
    panel.yaxis.set_major_locator(MaxNLocator(5))
    if room >= 0:
        panel.legend(
            loc="lower right",
            fontsize=6.5,
            handlelength=1.0,
            handletextpad=0.4,
            borderpad=0.1,
            labelspacing=0.2,
            borderaxespad=0.1,
        )
figure.supxlabel("number of training examples, of examples of a task, or of labels", fontsize=8.5)
figure.draw_without_rendering()
for panel, named in curve_names.items():
    if panel.get_legend():
        continue
    drawn = np.concatenate([line.get_xydata() for line in panel.lines])
    for label, (colour, line) in named.items():
        name_points(panel, {label: line[len(line) // 2]}, drawn, color=colour, fontsize=7)
style.save(figure, out)

# %%
if why := efficiency.lacking(bool(curves)):
    left_out.write("ruler", captions.manifest("ruler"), why, out, caption)
else:
    first = next(iter(curves))
    gains = {}
    for kind, own in curves[first].groupby("kind"):
        ends = own.sort_values("size").groupby("dataset")[["size", "mean"]].agg(["first", "last"])
        doublings = np.log2(ends["size", "last"] / ends["size", "first"])
        gains[kind] = labels.points(float(((ends["mean", "last"] - ends["mean", "first"]) / doublings).mean()))
    shifted = f" and {gains[OOD]} under shift" if OOD in gains else ""
    finding = (
        f"On {TITLES[first]}, twice the examples bring {labels.method(ruler_of(first, settings))} {gains['none']} "
        f"points in distribution{shifted}, on average over sizes and data sets."
    )
    seeds = captions.seeds(sorted({int(own["n"].min()) for own in curves.values()}), settings)
    facts = (
        f"Lowest level of label noise; {seeds}. Hyperparameters: for each seed and size, the draw with the highest "
        "validation accuracy."
    )
    captions.write(f"{captions.headline('ruler', finding)} {facts}", caption)
