# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How soon does an acquisition find a group without a label?
#
# Runs that end before they have found it are censored: they say that it takes at least so many labels.

# %%
import numpy as np
from IPython.display import display

from robustpath.figures import acquisition, captions, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.acquisition import first_hits, found, scores, sooner
from robustpath.statistics.intervals import paired
from robustpath.statistics.streams import means, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_hole"
reference = "core_set"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, plan = settings["confidence"], settings["experiments"][experiment]
dataset, missing = plan["datasets"][0], plan["missing"]
bought = plan["acquired"] * plan["rounds"]
chosen = selected(table, experiment)
chosen = chosen[chosen["dataset"] == dataset]
hits, first = first_hits(chosen), scores(chosen, "discovered")
methods = present(acquisition.LOOKS, hits["method"])
shares = means(first, ["missing", "method"], confidence)
parts = {group: acquisition.share(dataset, plan["correlation"], group) for group in missing}
compared = paired(first[["missing", "method", "seed", "value"]], ["missing"], reference, confidence)
display(shares, compared)

# %%
figure, panels = style.panels(2, len(missing), 3.9)
for column, group in enumerate(missing):
    above, below = panels[0][column], panels[1][column]
    for method in methods:
        look = acquisition.look(method)
        own = hits[(hits["method"] == method) & (hits["missing"] == group)]
        curve = found(own["labels"], own["never"], confidence)
        places = np.concatenate([[0.0], curve.labels, [bought]])
        line, low, high = (
            100 * np.concatenate([[0.0], values, values[-1:]]) for values in (curve.share, curve.low, curve.high)
        )
        plain = {key: look[key] for key in ("color", "linestyle")}
        above.step(places, line, where="post", **plain)
        if method == acquisition.OURS:
            above.fill_between(places, low, high, step="post", color=look["color"], alpha=0.15, linewidth=0)
    axis = np.arange(bought + 1)
    above.plot(axis, 100 * acquisition.by_chance(plan["pool"], parts[group], axis), color="black", linewidth=0.6)
    above.set_title(f"{acquisition.group_words(dataset, group)}", fontsize=8.5)
    above.set_xlim(0, bought)
    above.set_ylim(-3, 103)
    if column:
        above.set_yticklabels([])
    above.set_xlabel("labels bought")
    rows = shares[shares["missing"] == group].set_index("method")
    for place, method in enumerate(methods):
        look = acquisition.look(method)
        cell = rows.loc[method]
        bar = [[100 * (cell["mean"] - cell["low"])], [100 * (cell["high"] - cell["mean"])]]
        below.errorbar([place], [100 * cell["mean"]], bar, elinewidth=0.8, **(look | {"linestyle": "none"}))
    below.axhline(100 * parts[group], color="black", linewidth=0.6)
    below.set_xticks([])
    below.set_xlim(-0.7, len(methods) - 0.3)
    below.set_ylim(bottom=-1)
panels[0][0].set_ylabel("runs that found it (%)")
panels[1][0].set_ylabel("share of the first labels (%)")
handles = [style.Line2D([], [], **acquisition.look(method)) for method in methods]
figure.legend(handles=handles, loc="outside upper center", ncols=3)
style.save(figure, out)

# %%
ours = acquisition.OURS
ahead = compared[compared["method"] == ours] if ours in set(compared["method"].unique()) else compared[:0]
words = {group: rf"{acquisition.group_words(dataset, group)}" for group in missing}
levels = shares[shares["method"] == ours]
both = [rows.assign(group=rows["missing"].map(words)) for rows in (ahead, levels)]
tests = [
    sooner(*(hits[(hits["method"] == method) & (hits["missing"] == group)] for method in (ours, reference)))
    for group in missing
]
note = (
    f"Log-rank tests that the parallelogram and {acquisition.name(reference)} find it equally soon, column by column: "
    f"$p$ {labels.listing([labels.probability(p) for p in tests])}."
)
finding = acquisition.discoveries(*both, reference)
captions.write(acquisition.caption("discovery", finding, settings, table, [experiment], note), caption)
