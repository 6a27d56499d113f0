# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the comparison depend on the kind of stream?
#
# Tasks may bring new classes, other data sets, a drift, jumps, or come back. The same methods at the same budget in
# each: what they end with, what they forget, and what they gain on tasks that are still to come.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, findings, streams, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.streams import differences, means, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiments = ["stream_split", "stream_domains", "stream_gradual", "stream_abrupt", "stream_recurring"]
reference = "online_sgd"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence = settings["confidence"]
METRICS = {
    "accuracy": r"final accuracy (\%)",
    "forgetting": "forgetting (points)",
    "forward_transfer": "forward transfer (points)",
}
parts, gaps = [], []
for experiment in experiments:
    kind = settings["experiments"][experiment]["stream"]
    chosen = selected(table, experiment)
    for metric in METRICS:
        parts.append(means(scores(chosen, metric), ["method"], confidence).assign(kind=kind, metric=metric))
    gaps.append(differences(scores(chosen, "accuracy"), [], "method", reference, confidence).assign(kind=kind))
found, gaps = (pd.concat(tables, ignore_index=True) for tables in (parts, gaps))
display(found, gaps)

# %%
cells = found.set_index(["metric", "kind", "method"])
kinds = list(found["kind"].unique())
methods = [name for members in streams.grouped(found["method"].unique()).values() for name in members]


def entry(metric, kind, method):
    """A mean with half the width of its interval; a dash where the score has no meaning."""
    if (metric, kind, method) not in cells.index:
        return "--"
    cell = cells.loc[(metric, kind, method)]
    half = labels.percent(cell["high"] - cell["mean"])
    mean = labels.points(cell["mean"]) if metric == "forward_transfer" else labels.percent(cell["mean"])
    return rf"{mean}\,$\pm$\,{half}"


columns = 1 + len(kinds)
groups = [
    [
        tables.heading(words, columns),
        *[
            [labels.escape(labels.method(name)), *(entry(metric, kind, name) for kind in kinds)]
            for name in methods
            if name in cells.loc[metric].index.get_level_values("method")
        ],
    ]
    for metric, words in METRICS.items()
]
datasets = [labels.dataset(settings["experiments"][name]["datasets"][0]) for name in experiments]
header = [["stream", *kinds], ["data set", *datasets]]
captions.write(tables.booktabs(header, groups, "l" + "r" * len(kinds), gap="5pt"), out)

# %%
captions.write(streams.caption("stream_kinds", findings.kinds(gaps, reference), settings, table, experiments), caption)
