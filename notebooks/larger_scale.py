# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does it hold at a larger scale?
#
# A few contrasts of each family twice: on small images with a perceptron, as in the rest of the study, and on larger
# images with a convolutional network. Methods have their defaults at both scales.

# %%
from IPython.display import display
from matplotlib.lines import Line2D

from robustpath.figures import captions, larger, left_out, style
from robustpath.records import load, report_settings
from robustpath.statistics.evidence import OOD
from robustpath.statistics.larger import LARGER, SMALL, YARDSTICKS, contrasts, experiments, ratios

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], experiments(settings))
found = contrasts(table, settings)
worth = ratios(table, settings)
worth = worth[~worth["itself"]]
display(found, worth.drop(columns="by_dataset"))

# %% [markdown]
# Left: differences of two methods. Right: the data-efficiency ratios of those methods that have a ruler at both scales.


# %%
def rows(own, title):
    """The rows of a panel: (place, row) of each condition, and the names of places; a title stands above its rows."""
    places, names, height = [], {}, 0.0
    for name, part in own.groupby(own.apply(title, axis=1), sort=False):
        names[height] = name
        for _, row in part.iterrows():
            height += 1
            places.append((height, row))
            names[height] = larger.condition(row["label_noise"], row["kind"], OOD in set(part["kind"].unique()))
        height += 1.4
    return places, names


def mark(panel, height, side, colour, value, ends, opened=(False, False)):
    """A value with its interval, hollow at the small scale and filled at the larger one; an end that is `opened` lies
    beyond what was measured."""
    height += -0.17 if side == SMALL else 0.17
    panel.plot(ends, [height, height], color=colour, linewidth=0.9, solid_capstyle="butt")
    face = "white" if side == SMALL else colour
    panel.plot(value, height, "o", color=colour, markerfacecolor=face, markersize=3.6, markeredgewidth=0.9)
    for end, shape, there in zip(ends, "<>", opened, strict=True):
        if there:
            panel.plot(end, height, shape, color=colour, markersize=2.6)


def finish(panel, names, at, words):
    """Names of the rows, a line where nothing is gained, and a title for the axis."""
    panel.axvline(at, color="0.45", linewidth=0.6, zorder=1)
    panel.set_yticks(list(names), names.values(), fontsize=7)
    for text in panel.get_yticklabels():
        text.set_fontstyle("italic" if text.get_text() in titles else "normal")
    panel.set_ylim(max(names) + 0.6, -0.7)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.93", linewidth=0.5)
    panel.set_axisbelow(True)
    panel.set_xlabel(words)


both = worth[worth.duplicated(["method", "label_noise", "kind"], keep=False)]
sides = both.set_index(["scale", "method", "label_noise", "kind"])
once = both.drop_duplicates(["method", "label_noise", "kind"]).sort_values(["method", "label_noise"], kind="stable")
drawn = [rows(found, larger.title), rows(once, larger.measured)] if len(found) and len(once) else []
titles = {larger.title(row) for _, row in found.iterrows()} | {larger.measured(row) for _, row in once.iterrows()}

# %%
if drawn:
    tallest = max(max(names) for _, names in drawn)
    figure, (panels,) = style.panels(1, 2, 0.75 + 0.135 * tallest, width_ratios=[1.25, 1])
    (differences, names), (measured, own) = drawn
    for height, row in differences:
        for side in (SMALL, LARGER):
            each = row[side]
            ends = [100 * each.low, 100 * each.high]
            mark(panels[0], height, side, larger.COLOURS[row["family"]], 100 * each.effect, ends)
    finish(panels[0], names, 0, "difference (points)")
    for height, row in measured:
        colour = larger.OTHERS if row["method"] in YARDSTICKS else larger.COLOURS["minima"]
        for side in (SMALL, LARGER):
            each = sides.loc[(side, row["method"], row["label_noise"], row["kind"])]
            opened = each["low_open"] or each["side"] == "<", each["high_open"] or each["side"] == ">"
            mark(panels[1], height, side, colour, each["ratio"], [each["low"], each["high"]], opened)
    finish(panels[1], own, 1, "data-efficiency ratio")
    panels[1].set_xscale("log")
    low, high = panels[1].get_xlim()
    ticks = {tick: words for tick, words in larger.TICKS.items() if low <= tick <= high}
    panels[1].set_xticks(list(ticks), ticks.values())
    panels[1].minorticks_off()
    handles = [
        Line2D([], [], linestyle="", marker="o", color="0.2", markerfacecolor=face, markersize=3.8, label=words)
        for (side, words), face in zip(larger.SIDES.items(), ("white", "0.2"), strict=True)
    ]
    handles += [
        Line2D([], [], linestyle="", marker="s", color=colour, markersize=3.8, label=family)
        for family, colour in larger.COLOURS.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=5, handlelength=0.8, columnspacing=1.2)
    style.save(figure, out)

# %%
if drawn:
    finding = larger.finding(found)
    captions.write(f"{captions.headline('larger_scale', finding)} {larger.evidence(found, table, settings)}", caption)
else:
    left_out.write("larger_scale", captions.manifest("larger_scale"), larger.LACKING, out, caption)
