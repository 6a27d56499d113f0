# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
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

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_methods"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, plan = settings["confidence"], settings["experiments"][experiment]
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
    bought = plan["acquired"] * plan["rounds"]
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
