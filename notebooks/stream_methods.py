# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does each way of learning from a stream cost, and what does it reach?
#
# All methods of the second family at one budget of gradient evaluations a batch. Readouts, memories and adaptation have
# networks of their own, and stand in experiments of their own.

# %%
import pandas as pd
from IPython.display import display

from robustpath import methods
from robustpath.figures import captions, findings, streams, tables
from robustpath.protocols.stream import footprint
from robustpath.records import labels, load, report_settings, runs
from robustpath.statistics.streams import differences, means, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiments = ["stream_methods", "stream_readouts", "stream_memories", "stream_adaptation"]

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "method"]
chosen = pd.concat([selected(table, experiment) for experiment in experiments], ignore_index=True)
METRICS = ["accuracy", "averaged_accuracy", "forgetting", "prequential_bits"]
found = {metric: means(scores(chosen, metric), cells, confidence) for metric in METRICS}
both = [scores(chosen, metric).assign(weights=metric) for metric in ("accuracy", "averaged_accuracy")]
averaged = differences(pd.concat(both), cells, "weights", "accuracy", confidence)
display(found["accuracy"], averaged)

# %% [markdown]
# What a step costs is what a run cost over its steps; what is kept is counted from the state of the method.

# %%
each = runs(table[table["experiment"].isin(experiments)]).astype({"experiment": "str", "method": "str"})
costs = {}
for (experiment, method), own in each.groupby(["experiment", "method"]):
    plan = settings["experiments"][experiment]
    batches = plan["tasks"] * plan["examples"] // plan["examples_per_batch"]
    spec = methods.load(method)
    bytes_kept = footprint.of_run(spec, settings, plan)
    costs[method] = {
        "step": (own["gradient_evaluations"] / own["steps"]).mean(),
        "steps": own["steps"].iloc[0] / batches,
        "kept": "--" if bytes_kept is None else f"{bytes_kept / 1000:.0f}",
    }
display(pd.DataFrame(costs).T)

# %%
noise = sorted(found["accuracy"]["label_noise"].unique())
levels = list(dict.fromkeys([noise[0], noise[-1]]))
shown = {metric: rows.set_index(cells) for metric, rows in found.items()}


def row(method):
    """Costs, then accuracies with half of their intervals, then the other scores at both levels of label noise."""
    cost = costs[method]
    own = [labels.escape(labels.method(method)), f"{cost['step']:.2g}", f"{cost['steps']:g}", cost["kept"]]
    own += [accuracy(shown["accuracy"], (level, method)) for level in levels]
    for metric in METRICS[1:]:
        digits = 2 if metric == "prequential_bits" else 1
        own += [number(shown[metric], (level, method), metric, digits) for level in levels]
    return own


def accuracy(rows, place):
    """A mean with half the width of its interval."""
    cell = rows.loc[place]
    return rf"{labels.percent(cell['mean'])}\,$\pm$\,{labels.percent(cell['high'] - cell['mean'])}"


def number(rows, place, metric, digits):
    """A mean; a dash where the score has no meaning."""
    if place not in rows.index:
        return "--"
    mean = rows.loc[place, "mean"]
    return f"{mean:.{digits}f}" if metric == "prequential_bits" else labels.percent(mean)


columns = 4 + 4 * len(levels)
groups = [
    [tables.heading(name, columns), *map(row, members)]
    for name, members in streams.grouped(name for name in settings["methods"] if name in costs).items()
]
words = [r"accuracy (\%)", r"averaged (\%)", "forgetting", "bits"]
width = len(levels)
spans = [tables.span(text, 5 + width * place, 4 + width * (place + 1)) for place, text in enumerate(words)]
header = [
    ["", "evalu-", "", "kept", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["method", "ations", "$K$", "(kB)", *[rf"{100 * level:g}\,\%" for level in levels] * len(words)],
]
alignment = "l" + "r" * (columns - 1)
captions.write(tables.booktabs(header, groups, alignment, stretch=0.88), out)

# %%
finding = findings.best_arms(found["accuracy"], averaged)
spent = {name: settings["experiments"][name]["evaluations"][0] for name in experiments}
listed = labels.listing([f"{number:g} ({words})" for number, words in (
    (spent["stream_readouts"], "readouts"), (spent["stream_methods"], "all others"))])  # fmt: skip
note = (
    rf"Gradient evaluations a batch: {listed}. Columns are shares of random training labels: {labels.levels(levels)}."
)
captions.write(streams.caption("stream_methods", finding, settings, table, experiments, note), caption)
