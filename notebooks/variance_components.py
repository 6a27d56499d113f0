# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What makes accuracies scatter?
#
# The standard deviation of the reference's test accuracy when one source varies and all others are held fixed: the
# split of the data, the initialisation, the order of batches, the draw of hyperparameters.

# %%
from IPython.display import display

from robustpath.analysis import captions, labels, tables
from robustpath.analysis.records import load, report_settings
from robustpath.analysis.variance import TOGETHER, over_datasets, spreads, with_interval

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
joint = "minima"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
reference = settings["reference"]
found = spreads(table, joint, reference)
pooled = with_interval(over_datasets(found), settings["confidence"]).set_index(["source", "test_set"])
each = found.set_index(["source", "dataset", "test_set"])["deviation"]
display(found, pooled)

# %%
order = [name for name in ("split", "initialisation", "order", TOGETHER, "draw") if name in set(found["source"])]
names = {
    "split": "split of the data",
    "initialisation": "initialisation",
    "order": "order of batches",
    "draw": "draw of hyperparameters",
    TOGETHER: "split, initialisation and order",
}
datasets = [name for name in settings["experiments"][joint]["datasets"] if name in set(found["dataset"])]
kinds = {"none": "in distribution", "natural": "natural shift", "corruption": "corruptions"}
kinds = {kind: words for kind, words in kinds.items() if kind in set(found["test_set"])}


def number(fraction):
    """A standard deviation in points."""
    return f"{100 * fraction:.2f}"


def row(source):
    """One source: in distribution on each data set, then pooled with its interval, kind by kind."""
    alone = [number(each[source, name, "none"]) if (source, name, "none") in each else "--" for name in datasets]
    whole = []
    for kind in kinds:
        if (source, kind) not in pooled.index:
            whole.append("--")
            continue
        line = pooled.loc[(source, kind)]
        whole.append(f"{number(line['deviation'])} [{number(line['low'])}, {number(line['high'])}]")
    return [names[source], *alone, *whole]


over, rule = tables.span("in distribution", 2, 1 + len(datasets))
pool, under = tables.span("all data sets", 2 + len(datasets), 1 + len(datasets) + len(kinds))
header = [["", over, pool], f"{rule} {under}", ["what varies", *map(labels.dataset, datasets), *kinds.values()]]
captions.write(tables.booktabs(header, [[row(source) for source in order]], "l" + "r" * (len(header[2]) - 1)), out)

# %%
percent = rf"{100 * settings['confidence']:g}\,\%"
freedoms = found[found["test_set"] == "none"].groupby("source", sort=False)["freedom"].sum()
counts = ", ".join(f"{names[source]} {labels.count(freedoms[source])}" for source in order)
facts = (
    f"Scale {labels.escape(settings['scale'])}. Variances are pooled over data sets; {percent} intervals of $\\chi^2$, "
    f"for normal accuracies. Degrees of freedom in distribution: {counts}."
)
text = [captions.headline("variance_components"), facts, captions.origin("variance_components")]
captions.write(" ".join(text), caption)
