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
# The reference method with one source of variation varied and the others kept, and with all of them varied: the
# standard deviation of its test accuracy over the repetitions, data set by data set and pooled, with its interval.

# %%
import numpy as np
from IPython.display import display

from robustpath.figures import captions, tables
from robustpath.records import labels, load, present, report_settings
from robustpath.records.selection import choose
from robustpath.statistics.comparison import KINDS
from robustpath.statistics.variance import ALONE, POOLED, SOURCES, components

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
found = components(table, settings["reference"], settings["confidence"])
display(found)

# %%
spreads = found.set_index(["shift_family", "source", "dataset"])
datasets = [*settings["experiments"][ALONE["split"].experiment]["datasets"], POOLED]
phantom = r"\phantom{[0.00, 0.00]}"


def cell(kind, source, dataset):
    """A standard deviation and its interval, where it has one, in percentage points."""
    if (kind, source, dataset) not in spreads.index:
        return "--"
    its = spreads.loc[(kind, source, dataset)]
    span = "" if np.isnan(its["low"]) else labels.percent_range(its["low"], its["high"], 2)
    return f"{labels.percent(its['deviation'], 2)} {span or phantom}"


groups = []
for kind in present(KINDS, found["shift_family"]):
    rows = [[source.words, *(cell(kind, name, dataset) for dataset in datasets)] for name, source in SOURCES.items()]
    groups.append([tables.heading(KINDS[kind], 1 + len(datasets)), *rows])
header = [["what varies", *(labels.dataset(name) for name in datasets)]]
captions.write(tables.booktabs(header, groups, "l" + "r" * len(datasets)), out)

# %%
own = table[table["experiment"] == ALONE["draw"].experiment]
chosen = choose(own)
kept, drawn = (chosen["draw"] == 0).sum(), labels.word(own["draw"].nunique())
experiment = settings["experiments"][ALONE["split"].experiment]
sizes = labels.listing([labels.count(size) for size in experiment["train_sizes"]])
facts = [
    f"{labels.escape(labels.method(settings['reference']))}, {sizes} training examples, "
    f"{labels.count(experiment['budget'])} gradient evaluations, "
    f"{labels.count(found['n'].max())} repetitions a row; {100 * settings['confidence']:g}\\,\\% chi-square intervals, "
    "which take accuracies to be normal and are left out where most repetitions agree.",
    f"Default hyperparameters, but the best of {drawn} draws on validation data in the rows "
    f"\\emph{{{SOURCES['draw'].words}}}, where {labels.count(kept)} of {labels.count(len(chosen))} selections keep the "
    f"default, and \\emph{{{SOURCES['all'].words}}}.",
    captions.diverged(table, [source.experiment for source in ALONE.values()]),
]
captions.write(" ".join(filter(None, [captions.headline("variance_components"), *facts])), caption)
