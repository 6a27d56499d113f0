# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
<<<<<<< HEAD
# # Which acquisition finds a group that has no label, and what does it cost?
#
# Every acquisition on the task with a missing group, at its default hyperparameters.

# %%
from IPython.display import display

from robustpath.figures import acquisitions, captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.acquisitions import advantages, scores
from robustpath.statistics.streams import means
=======
# # Which acquisition finds a group without a label, and what does it buy?
#
# All acquisitions at their defaults, from the same first labels.

# %%
import math

from IPython.display import display

from robustpath.figures import acquisition, captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.acquisition import first_hits, found, scores
from robustpath.statistics.streams import differences, means, selected
>>>>>>> acq2

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_methods"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, told = settings["confidence"], settings["experiments"][experiment]
<<<<<<< HEAD
SHARES = {"discovered": "first batch", "area_worst_group": "worst group", "area_accuracy": "mean"}
METRICS = [*SHARES, "labels_to_first_hit", "never_hit", "acquired_minority", "pool_minority"]
runs = {metric: scores(table, experiment, metric) for metric in METRICS}
found = {metric: means(rows, ["method"], confidence) for metric, rows in runs.items()}
others = [name for name in ("core_set", "parallelogram_random_direction", "parallelogram_reversed", "alvin")
          if name in set(found["discovered"]["method"])]  # fmt: skip
gains = advantages(runs["discovered"], [], acquisitions.OURS, others, confidence)
display(found["discovered"], gains)

# %%
shown = {metric: rows.set_index("method") for metric, rows in found.items()}


def row(method):
    """Shares with half of their intervals, then labels and shares of runs."""
    cells = [acquisitions.short(method)]
    for metric in SHARES:
        cell = shown[metric].loc[method]
        cells.append(rf"{labels.percent(cell['mean'])}\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}")
    first = shown["labels_to_first_hit"].loc[method]
    cells.append(rf"{first['mean']:.1f}\,$\pm$\,{first['high'] - first['mean']:.1f}")
    return cells + [labels.percent(shown[metric].loc[method, "mean"]) for metric in ("never_hit", "acquired_minority")]


groups = [
    [tables.heading(name, 7), *map(row, members)]
    for name, members in acquisitions.families(name for name in told["methods"] if name in shown["discovered"].index)
    .items()
]  # fmt: skip
spans = [tables.span("missing group", 2, 2), tables.span(r"area (\%)", 3, 4), tables.span("until the first", 5, 6)]
header = [
    ["", *(text for text, _ in spans), "minority"],
    " ".join(rule for _, rule in spans),
    ["acquisition", r"in first batch (\%)", "worst group", "mean", "labels", r"never (\%)", r"bought (\%)"],
]
captions.write(tables.booktabs(header, groups, "lrrrrrr", gap="3pt", size="scriptsize", stretch=0.9), out)

# %%
missing = labels.listing([str(group) for group in told["missing"]])
bought = told["rounds"] * told["acquired"]
note = (
    rf"Missing: group {missing}. A run that never buys it counts as {labels.count(bought)} labels. Minorities are "
    rf"{labels.percent(found['pool_minority']['mean'].mean())}\,\% of the pool."
)
finding = acquisitions.best_finder(found["discovered"], gains)
captions.write(acquisitions.caption("acquisition_methods", finding, settings, table, experiment, note), caption)
=======
chosen = selected(table, experiment)
METRICS = {
    "discovered": "found",
    "area_worst_group": "worst",
    "area_accuracy": "mean",
    "acquired_minority": "minority",
}
rows = {metric: scores(chosen, metric) for metric in METRICS}
shown = {metric: means(own, ["method"], confidence).set_index("method") for metric, own in rows.items()}
hits = first_hits(chosen)
medians = {method: found(own["labels"], own["never"], confidence).median for method, own in hits.groupby("method")}
display(*shown.values(), medians)


# %%
def cell(metric, method):
    """A mean with half the width of its interval."""
    own = shown[metric].loc[method]
    return rf"{labels.percent(own['mean'])}\,$\pm$\,{labels.percent(own['high'] - own['mean'])}"


def line(method):
    """The scores of an acquisition; the labels until its first hit after the share found."""
    bought = told["acquired"] * told["rounds"]
    median = medians[method]
    hit = f"{median:.0f}" if math.isfinite(median) else f"$>${bought}"
    parts = [cell(metric, method) for metric in METRICS]
    return [labels.escape(acquisition.name(method)), parts[0], hit, *parts[1:]]


columns = 2 + len(METRICS)
groups = [
    [tables.heading(title, columns), *map(line, members)] for title, members in acquisition.grouped(medians).items()
]
header = [["", "found", "hit", "worst", "mean", "minority"]]
captions.write(tables.booktabs(header, groups, "l" + "r" * (columns - 1), gap="5pt", size="scriptsize"), out)

# %%
ours = acquisition.OURS


def ahead(metric):
    """What ours has more than every other acquisition."""
    less = differences(rows[metric], [], "method", ours, confidence)
    return less.assign(mean=-less["mean"], low=-less["high"], high=-less["low"])


finding = acquisition.standing(ahead("area_worst_group"), ahead("discovered"))
captions.write(acquisition.caption("acquisition_methods", finding, settings, table, [experiment]), caption)
>>>>>>> acq2
