# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is it the analogy that finds the group?
#
# Where label and attribute do not add up, the fourth corner of a parallelogram is no place where examples are.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from robustpath.data import sets
from robustpath.figures import acquisition, captions, style
from robustpath.figures.point_names import name_points
from robustpath.records import load, present, report_settings
from robustpath.statistics.acquisition import advantage, scores, trend
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import means, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_interaction"
references = ["parallelogram_random_direction", "core_set"]

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, plan = settings["confidence"], settings["experiments"][experiment]
strength = {dataset: sets.load(dataset).recipe()["interaction"] for dataset in plan["datasets"]}
chosen = selected(table, experiment)
taken = (scores(chosen, metric) for metric in ("discovered", "off_manifold"))
rows, ratios = (own.assign(at=own["dataset"].map(strength).astype(float)) for own in taken)
found = means(rows, ["method", "at"], confidence)
more = {reference: advantage(rows, acquisition.OURS, reference) for reference in references}
gaps = {reference: interval(own, ["at"], confidence) for reference, own in more.items()}
slopes = {reference: trend(own, confidence) for reference, own in more.items()}
away = means(ratios, ["method", "at"], confidence)
targets = away[away["method"] == acquisition.OURS]
ours = ratios[ratios["method"] == acquisition.OURS].groupby(["at", "seed"], as_index=False)["value"].mean()
drift = trend(ours, confidence)
display(found, pd.concat(gaps), slopes, away, drift)


# %%
def half(own: pd.DataFrame, times: float = 1.0) -> tuple[pd.Series, pd.Series]:
    """The lengths of error bars to both sides of the mean."""
    return times * (own["mean"] - own["low"]), times * (own["high"] - own["mean"])


figure, (upper, lower) = style.panels(2, 2, 4.0)
methods = present(acquisition.LOOKS, rows["method"])
moved = [name for name in methods if name != "parallelogram_in_order"]  # it has the targets of the parallelogram
for panel, shown, levels, times in ((upper[0], methods, found, 100), (lower[0], moved, away, 1)):
    for place, method in enumerate(shown):
        own, aside = levels[levels["method"] == method], 0.012 * (place - (len(shown) - 1) / 2)
        look = acquisition.look(method)
        panel.errorbar(own["at"] + aside, times * own["mean"], half(own, times), elinewidth=0.8, **look)
ends = []
for place, (reference, own) in enumerate(gaps.items()):
    look = acquisition.look(reference) | {"label": f"over {acquisition.name(reference)}"}
    upper[1].errorbar(own["at"] + 0.012 * (place - 0.5), 100 * own["mean"], half(own, 100), elinewidth=0.8, **look)
    both = own.merge(targets, on="at", suffixes=("", "_ratio"))
    x = both[["mean_ratio", "low_ratio", "high_ratio"]].set_axis(["mean", "low", "high"], axis=1)
    # Bars cross here: thin and light, they leave the line and its marks in sight.
    pale = {"elinewidth": 0.5, "ecolor": (look["color"], 0.35)}
    lower[1].errorbar(x["mean"], 100 * both["mean"], half(both, 100), half(x), **pale, **look)
    marks = np.column_stack([x["mean"], 100 * both["mean"]])
    ends.append((look["color"], {f"{both['at'].iloc[end]:g}": marks[end] for end in ((0, -1) if len(both) else ())}))
for panel in (upper[1], lower[1]):
    panel.axhline(0, color="0.4", linewidth=0.6)
    panel.set_ylabel("advantage (points)")
for panel in (upper[0], upper[1], lower[0]):
    panel.set_xlabel("interaction of label and attribute")
    panel.set_xticks(sorted(strength.values()))
upper[0].set_ylabel("share of the first labels (%)")
upper[0].set_ylim(bottom=-1)
lower[0].set_ylabel("off-manifold ratio")
lower[1].set_xlabel("parallelogram's off-manifold ratio")
figure.legend(*upper[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, columnspacing=1.0)
upper[1].legend(loc="lower left")
for letter, panel in zip("abcd", (*upper, *lower), strict=True):
    panel.set_title(f"({letter})", loc="left")
figure.draw_without_rendering()
drawn = np.array([place for _, names in ends for place in names.values()])
for colour, names in ends:
    name_points(lower[1], names, drawn, color=colour)
style.save(figure, out)

# %%
ends = {reference: (own.iloc[0], own.iloc[-1]) for reference, own in gaps.items()}
finding = acquisition.falling(ends, slopes) + acquisition.drifting(targets, drift)
captions.write(acquisition.caption("interaction", finding, settings, table, [experiment]), caption)
