# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # When does a model hold more features than it has dimensions?
#
# Toy models whose features are sparse: which of two features in one dimension are superposed, how many dimensions each
# of 80 features has, and how five features lie in a plane.

# %%
from IPython.display import display

from robustpath.figures import style, superposition
from robustpath.figures.captions import write
from robustpath.records import report_settings, traces
from robustpath.theory.feature_geometry import POLYTOPES, boundary
from robustpath.theory.table import read

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
theory = None  # files of the theory cases; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = read(traces.files(theory, settings["scale"], "theory/*.parquet"))
table = table[table["case"] == "superposition"]
models, many = superposition.phases(table), superposition.geometry(table)
five = superposition.arrangements(table)
display(models, many.each, many.plateau(), five)

# %%
figure, grid = style.panels(2, len(five), 4.1, height_ratios=[2.1, 1])
cells = grid[0][0].get_gridspec()
for panel in grid[0]:
    panel.remove()
diagram, dimensions = figure.add_subplot(cells[0, :2]), figure.add_subplot(cells[0, 2:])

for phase, look in superposition.PHASES.items():
    own = models[models["phase"] == phase]
    if len(own):
        diagram.plot(own["importance"], own["density"], ls="none", ms=3.6, mew=0.8, label=phase, **look)
span = [k / 100 for k in range(101)]
diagram.plot(span, [boundary(r) for r in span], color="black", lw=1.2, label="switch, ideal weights")
best = models.drop_duplicates("importance")
diagram.plot(best["importance"], best["best"], color="black", lw=0.9, ls=(0, (4, 2)), label="switch, best weights")
diagram.set_xlim(0, 1.05)
diagram.set_ylim(0, 1.02)
diagram.set_xlabel(r"importance $\iota$ of the second feature")
diagram.set_ylabel("density $p$")
diagram.set_title("(a) two features in one dimension")

# %% [markdown]
# Dimensionalities of polytopes are lines: what features of these arrangements have. Words that would touch move apart.

# %%
places = sorted((known, name) for name, (_, known) in POLYTOPES.items())
heights = [known for known, _ in places]
for lower, upper in zip(range(len(places)), range(1, len(places)), strict=False):
    short = max(superposition.APART - (heights[upper] - heights[lower]), 0)
    heights[lower] -= short / 2
    heights[upper] += short / 2
beside = dimensions.get_yaxis_transform()
for (known, name), height in zip(places, heights, strict=True):
    line = {"color": "0.75", "lw": 0.6, "zorder": 0, "transform": beside, "clip_on": False}
    dimensions.plot([0, 1, 1.03], [known, known, height], **line)
    dimensions.text(1.04, height, name, transform=beside, va="center", fontsize=7)
dimensions.plot(
    many.features["sparsity"], many.features["value"], ls="none", marker="o", ms=2.0, mew=0, alpha=0.25,
    color=style.COLOURS[4], label="a feature's dimensionality",
)  # fmt: skip
dimensions.plot(many.each["sparsity"], many.each["value"], "-o", color=style.COLOURS[5], label="dimensions a feature")
dimensions.set_xscale("log")
ticks = [1, 2, 5, 10, 20, 50]
dimensions.set_xticks(ticks, [str(tick) for tick in ticks])
dimensions.minorticks_off()
dimensions.set_ylim(0, 1.05)
dimensions.set_xlabel("sparsity $1/p$")
dimensions.set_title("(b) 80 features in eight dimensions")

# %%
reach = 1.1 * max(1.0, *(rows.abs().max(axis=None) for rows in five.values()))
for panel, (density, rows) in zip(grid[1], five.items(), strict=True):
    for place, (_, (x, y)) in enumerate(rows.iterrows()):
        panel.plot([0, x], [0, y], color=style.COLOURS[4], lw=1.0)
        panel.plot(x, y, style.MARKERS[place], color=style.COLOURS[4], ms=3)
    panel.set_xlim(-reach, reach)
    panel.set_ylim(-reach, reach)
    panel.set_aspect("equal")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.spines[:].set_visible(False)
    panel.axhline(0, color="0.85", lw=0.5, zorder=0)
    panel.axvline(0, color="0.85", lw=0.5, zorder=0)
    panel.set_title(f"$p$ = {density:g}")
grid[1][0].set_ylabel("(c) five features\nin a plane")
figure.legend(
    *diagram.get_legend_handles_labels(), loc="outside upper center", ncols=5, handlelength=2, columnspacing=1.2
)
key = dimensions.legend(loc="upper right", bbox_to_anchor=(1.0, 0.98), handlelength=1.5)
for handle in key.legend_handles:
    handle.set_alpha(1)
style.save(figure, out)

# %%
write(superposition.caption("superposition", settings, table, models, many), caption)
