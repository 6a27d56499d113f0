# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # In which distance should a model stay near its anchor?
#
# Balls that differ in the distance alone. Each has its best weight of a grid, by validation accuracy; where that lies
# at an end of the grid, the ball might do better beyond it.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, findings, streams, tables
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.intervals import holm
from robustpath.statistics.streams import at_edge, differences, means, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiments = {"distances": "with permuted tasks", "distances_split": "with classes one after the other"}
reference = "slow_ball"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, limit = settings["confidence"], 1 - settings["confidence"]
parts = []
for experiment in experiments:
    chosen = selected(table, experiment)
    accuracy = scores(chosen, "accuracy")
    less = differences(accuracy, [], "method", reference, confidence).assign(holm=lambda rows: holm(rows["p"]))
    less = less.rename(columns={"mean": "difference", "low": "difference_low", "high": "difference_high"})
    edges = at_edge(chosen, "weight", settings["experiments"][experiment]["grid"]["weight"], ["method"])
    own = means(accuracy, ["method"], confidence).merge(edges, on="method")
    parts.append(own.merge(less.drop(columns="n"), on="method", how="left").assign(experiment=experiment))
found = pd.concat(parts, ignore_index=True)
display(found)

# %%
cells = found.set_index(["experiment", "method"])
SIDES = {"smallest": r"$\leq$", "largest": r"$\geq$"}


def row(method):
    """Weight, accuracy and difference in each experiment; empty where the method is not in it."""
    name = f"forward KL ({labels.method(method)})" if method == reference else labels.method(method)
    return [labels.escape(name), *(text for name in experiments for text in entries(name, method))]


def entries(experiment, method):
    """Of one experiment: the weight, marked where it is mostly an end of the grid, accuracy, and difference."""
    if (experiment, method) not in cells.index:
        return ["", "", ""]
    cell = cells.loc[(experiment, method)]
    mark = "".join(sign for side, sign in SIDES.items() if cell[side] >= 0.5)
    weight = f"{mark}{cell['median']:g}"
    accuracy = rf"{labels.percent(cell['mean'])}\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}"
    if method == reference:
        return [weight, accuracy, ""]
    half = labels.percent(cell["difference_high"] - cell["difference"])
    star = r"\rlap{$^{\ast}$}" if cell["holm"] < limit else ""
    return [weight, accuracy, rf"{labels.points(cell['difference'])}\,$\pm$\,{half}{star}"]


methods = present(settings["methods"], found["method"])
groups = [[row(reference)], [row(name) for name in methods if name != reference]]
kinds = {name: settings["experiments"][name] for name in experiments}
spans = [
    tables.span(f"{own['stream']}, {labels.dataset(own['datasets'][0])}", 2 + 3 * place, 4 + 3 * place)
    for place, own in enumerate(kinds.values())
]
header = [
    ["", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["distance", *["weight", "accuracy", "difference"] * len(kinds)],
]
captions.write(tables.booktabs(header, groups, "l" + "rrr" * len(kinds), gap="4pt"), out)

# %%
named = {"mean": "difference", "low": "difference_low", "high": "difference_high"}
less = found.drop(columns=list(named)).rename(columns={old: new for new, old in named.items()})
finding = findings.distances(less[less["method"] != reference], reference, experiments, limit)
notes = (
    r"$\geq$ and $\leq$: the largest or smallest weight of the grid is selected for at least half of the seeds, so "
    "that the accuracy is a lower bound on what the distance can reach. A star marks differences that remain at "
    rf"{100 * limit:.3g}\,\% after Holm's correction within a stream."
)
chosen = "Other hyperparameters are the defaults; labels are clean."
captions.write(streams.caption("distances", finding, settings, table, list(experiments), notes, chosen=chosen), caption)
