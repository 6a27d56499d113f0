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
from robustpath.records import labels, load, report_settings
from robustpath.statistics.efficiency import EQUAL, exceeds, falls_below
from robustpath.statistics.evidence import OOD
from robustpath.statistics.rulers import COMPARISONS, YARDSTICKS, measured

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
found = measured(table, settings, [*COMPARISONS, *YARDSTICKS])
judged = verdicts.read(claims, settings["scale"])
blocks = efficiency.rows(found, judged, settings)
display(found.drop(columns="by_dataset"))

# %% [markdown]
# A method is in the figure if it has a high validation accuracy for its role: ours, published or control. Of the ruler
# itself one half of the seeds is measured by the other half, so it need not be at 1.


# %%
def mark(panel, row, height, colour, filled):
    """A ratio with its interval; a triangle in place of the circle where it is a bound or lies off the axis."""
    low, high = (min(max(row[end], efficiency.REACH[0]), efficiency.REACH[1]) for end in ("low", "high"))
    place = min(max(row["ratio"], efficiency.REACH[0]), efficiency.REACH[1])
    panel.plot([low, high], [height, height], color=colour, linewidth=0.8, solid_capstyle="butt")
    side = row["side"] or (">" if row["ratio"] > place else "<" if row["ratio"] < place else "")
    shape = {"": "o", ">": ">", "<": "<", "?": "d"}[side]
    face = colour if filled else "white"
    panel.plot(
        place, height, shape, color=colour, markerfacecolor=face, markersize=3.4, markeredgewidth=0.8, clip_on=False
    )
    for end, symbol in ((low, "<"), (high, ">")):
        if row["low_open" if symbol == "<" else "high_open"] and not side:
            panel.plot(end, height, symbol, color=colour, markersize=2.2, clip_on=False)


count = sum(len(own) + 1 for own in blocks.values())
figure, panels = style.panels(1, 2, min(4.6, 1.2 + 0.115 * count), sharex=True, sharey=True)
heights, names, height = {}, {}, 0.0
for block, own in blocks.items():
    title = panels[0][0].text(
        0.01, height, efficiency.heading(block, settings), transform=panels[0][0].get_yaxis_transform(),
        fontsize=6.8, fontstyle="italic", va="center", zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
    )  # fmt: skip
    title.set_in_layout(False)
    for comparison, method, role in own:
        height += 1
        heights[comparison, method] = height, role
        names[height] = efficiency.name(comparison, method)
    height += 1.15
for panel, place in zip(panels[0], (0, -1), strict=True):
    panel.axvspan(1 / EQUAL, EQUAL, color="0.9", linewidth=0)
    panel.axvline(1, color="0.45", linewidth=0.6)
    for (comparison, method), (at, role) in heights.items():
        levels = efficiency.levels(found, comparison)
        if place == -1 and len(levels) < 2:
            continue
        here = (found["comparison"] == comparison) & (found["method"] == method)
        shown = found[here & (found["label_noise"] == levels[place])].set_index("kind")
        offset = 0.17 if OOD in shown.index else 0.0
        for kind, sign in (("none", -1), (OOD, 1)):
            if kind in shown.index:
                mark(panel, shown.loc[kind], at + sign * offset, efficiency.COLOURS[role], kind == "none")
    panel.set_xscale("log")
    panel.set_xlim(*efficiency.REACH)
    panel.set_xticks(list(efficiency.TICKS), efficiency.TICKS.values())
    panel.minorticks_off()
    panel.set_ylim(height - 0.6, -0.7)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.93", linewidth=0.5)
    panel.set_axisbelow(True)
panels[0][0].set_zorder(2)  # so that titles of blocks may reach into the other panel, which has no rows there
panels[0][0].patch.set_visible(False)
panels[0][0].set_yticks(list(names), names.values(), fontsize=7)
panels[0][0].set_title("clean labels")
panels[0][1].set_title("noisy labels")
figure.supxlabel("examples that the ruler needs, over those of the method", fontsize=8.5)
shapes = {"in distribution": ("o", "0.2"), "under shift": ("o", "white"), "a bound": (">", "0.2")}
handles = [
    Line2D([], [], linestyle="", marker=shape, color="0.2", markerfacecolor=face, markersize=3.6, label=words)
    for words, (shape, face) in shapes.items()
]
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
    others = found[found["comparison"].isin(COMPARISONS) & (found["comparison"] != "rehearsal") & ~found["itself"]]
    parts = []
    for role in efficiency.COUNTS:
        own = [
            row
            for row in others.itertuples()
            if efficiency.role_of(row.comparison, row.method, judged, settings) == role
        ]
        above, below = (sum(happened(row) for row in own) for happened in (exceeds, falls_below))
        whose = {"ours": "our methods", "published": "published methods", "control": "controls"}[role]
        parts.append(f"{whose} {labels.count(above)} and {labels.count(below)} of {labels.count(len(own))}")
    percent = rf"{100 * settings['confidence']:g}\,\%"
    finding = f"Ratios whose interval lies above 1, and below it: {'; '.join(parts)}."
    facts = (
        "Counted are the ratios of all methods, shown or not, by test data and label noise, without those to a second "
        f"ruler of the same runs{efficiency.added(blocks)}.{efficiency.beyond(found, blocks, settings)} Data: "
        f"{efficiency.evidence(found, blocks, settings)}. {percent} percentile intervals of a bootstrap over paired "
        "seeds within data sets, not corrected for their number; ratios are geometric means over data sets. The band "
        f"is $\\pm${100 * (EQUAL - 1):.0f}\\,\\%."
    )
    captions.write(f"{captions.headline('data_efficiency_ratio', finding)} {facts}", caption)
