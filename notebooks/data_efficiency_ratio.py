# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How many examples is a method worth?
#
# One measure for all families: the number of examples that a plain, tuned method needs for the accuracy that another
# method reaches, over the number that this one had. A ratio of 2 means that the plain method needs twice as many.

# %%
from IPython.display import display
from matplotlib.lines import Line2D

from robustpath.claims import verdicts
from robustpath.figures import captions, efficiency, left_out, style
from robustpath.records import load, report_settings
from robustpath.statistics.efficiency import EQUAL
from robustpath.statistics.evidence import OOD
from robustpath.statistics.rulers import COMPARISONS, YARDSTICKS, experiments, measured

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
compared = [*COMPARISONS, *YARDSTICKS]
found = measured(load(records, settings["scale"], experiments(compared, settings)), settings, compared)
judged = verdicts.read(claims, settings["scale"])
blocks = efficiency.rows(found, judged, settings)
display(found.drop(columns="by_dataset"))

# %% [markdown]
# A method is in the figure if it has a high validation accuracy for its role: ours, published or control. Of the ruler
# itself one half of the seeds is measured by the other half, so it need not be at 1.


# %%
def mark(panel, row, height, colour, filled):
    """A ratio with its interval: a circle, or a bar and an arrow where it is a bound or lies off the axis. An arrow
    leads out of an end of the interval that lies beyond the ruler or the axis."""
    reach = efficiency.REACH
    low, high, place = (min(max(row[each], reach[0]), reach[1]) for each in ("low", "high", "ratio"))
    side = row["side"] or (">" if row["ratio"] > place else "<" if row["ratio"] < place else "")
    panel.plot([low, high], [height, height], color=colour, linewidth=0.8, solid_capstyle="butt")
    shape, size = {"": ("o", 2.8), "?": ("d", 3.0)}.get(side, ("|", 4.2))
    face = colour if filled else "white"
    panel.plot(
        place, height, shape, color=colour, markerfacecolor=face, markersize=size, markeredgewidth=0.8, clip_on=False
    )
    for end, symbol, name in ((low, "<", "low_open"), (high, ">", "high_open")):
        if side == symbol or (row[name] and not side):
            look = {"arrowstyle": "<|-" if filled else "<-", "color": colour, "linewidth": 0.8, "mutation_scale": 4.5}
            panel.annotate(
                "", (end, height), (-ARROW if symbol == "<" else ARROW, 0), textcoords="offset points",
                arrowprops=look | {"shrinkA": 0, "shrinkB": 0}, annotation_clip=False,
            )  # fmt: skip


ARROW, BEYOND = 6.5, 1.17  # points of paper, and the factor that the axis goes on for arrows
count = sum(len(own) + 1 for own in blocks.values())
figure, panels = style.panels(1, 2, min(4.6, 1.2 + 0.115 * count), sharex=True, sharey=True)
heights, names, height = {}, {}, 0.0
for block, own in blocks.items():
    # Begins left of the panel, where its row has no name, so that it ends within it.
    panels[0][0].text(
        -0.25, height, efficiency.heading(block, settings), transform=panels[0][0].get_yaxis_transform(),
        fontsize=6.8, fontstyle="italic", va="center", zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
    )  # fmt: skip
    # Two marks side by side need a wider row than one.
    step = 1.2 if OOD in set(found.loc[found["comparison"] == block, "kind"]) else 0.93
    for comparison, method, role in own:
        height += step
        heights[comparison, method] = height, role
        names[height] = efficiency.name(comparison, method)
    height += 1.1
for panel, place in zip(panels[0], (0, -1), strict=True):
    panel.axvspan(1 / EQUAL, EQUAL, color="0.9", linewidth=0)
    panel.axvline(1, color="0.45", linewidth=0.6)
    for (comparison, method), (at, role) in heights.items():
        levels = efficiency.levels(found, comparison)
        if place == -1 and len(levels) < 2:
            continue
        here = (found["comparison"] == comparison) & (found["method"] == method)
        shown = found[here & (found["label_noise"] == levels[place])].set_index("kind")
        offset = 0.27 if OOD in shown.index else 0.0
        for kind, sign in (("none", -1), (OOD, 1)):
            if kind in shown.index:
                mark(panel, shown.loc[kind], at + sign * offset, efficiency.COLOURS[role], kind == "none")
    panel.set_xscale("log")
    panel.set_xlim(efficiency.REACH[0] / BEYOND, efficiency.REACH[1] * BEYOND)
    panel.set_xticks(list(efficiency.TICKS), efficiency.TICKS.values())
    panel.minorticks_off()
    panel.set_ylim(height - 0.6, -0.7)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.grid(axis="x", color="0.93", linewidth=0.5)
    panel.set_axisbelow(True)
panels[0][0].set_yticks(list(names), names.values(), fontsize=7)
panels[0][0].set_title("clean labels")
panels[0][1].set_title("noisy labels")
figure.supxlabel("examples that the ruler needs, over those of the method", fontsize=8.5)
shapes = {"in distribution": ("o", "0.2", 3.6), "under shift": ("o", "white", 3.6), "a bound": (r"$\mapsto$", "0.2", 8)}
handles = [
    Line2D([], [], linestyle="", marker=shape, color="0.2", markerfacecolor=face, markersize=size, label=words,
           markeredgewidth=0.3 if size > 4 else 0.8) for words, (shape, face, size) in shapes.items()
]  # fmt: skip
handles += [
    Line2D([], [], linestyle="", marker="s", color=efficiency.COLOURS[role], markersize=3.6, label=role)
    for role in ("ruler", "ours", "published", "control")
]
figure.legend(handles=handles, loc="outside upper center", ncols=7, handlelength=0.8, columnspacing=1.0, fontsize=7.5)
style.save(figure, out)

# %%
if why := efficiency.lacking(bool(blocks)):
    left_out.write("data_efficiency_ratio", captions.manifest("data_efficiency_ratio"), why, out, caption)
else:
    percent = rf"{100 * settings['confidence']:g}\,\%"
    finding = efficiency.finding(found, judged, settings)
    facts = (
        "Counted are the ratios of all methods, shown or not, by test data and label noise, without those to a second "
        f"ruler of the same runs{efficiency.added(blocks)}.{efficiency.beyond(found, blocks, settings)} Data: "
        f"{efficiency.evidence(found, blocks, settings)}. {percent} percentile intervals of a bootstrap over paired "
        "seeds within data sets, not corrected for their number; ratios are geometric means over data sets. The band "
        f"is $\\pm${100 * (EQUAL - 1):.0f}\\,\\%."
    )
    captions.write(f"{captions.headline('data_efficiency_ratio', finding)} {facts}", caption)
