# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the gains of several families add up?
#
# Acquisition, descent and coding, each absent or as validation data prefer it, in every combination.

# %%
from IPython.display import display

from robustpath.figures import acquisition, captions, factorial, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.factorial import EXPERIMENTS, FACTORS, alone, cells, contrast, design, effects
from robustpath.statistics.streams import means

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
preferred = "cal"  # the acquisition that validation prefers
ours = "parallelogram"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, experiments = settings["confidence"], settings["experiments"]
METRICS = ("area_worst_group", "accuracy_worst_group", "accuracy")
found = {metric: cells(table, metric) for metric in METRICS}
keys = ["method", "descent", "coding"]
shown = {metric: means(rows, keys, confidence).set_index(keys) for metric, rows in found.items()}
tried = [name for name in (preferred, ours) if name in set(found[METRICS[0]]["method"])]
tested = {(name, metric): effects(design(rows, name), confidence) for name in tried for metric, rows in found.items()}
display(*shown.values(), *tested.values())

# %%
learners = {levels: experiments[experiment]["learner"] for experiment, levels in EXPERIMENTS.items()}
columns = 1 + len(METRICS)
groups = []
for method in experiments["factorial_plain"]["methods"]:
    lines = [tables.heading(labels.escape(acquisition.name(method)), columns)]
    for levels in learners:
        own = [factorial.level(shown[metric].loc[(method, *levels)]) for metric in METRICS]
        lines.append([factorial.learner_name(*levels, learners), *own])
    groups.append(lines)
for name in tried:
    lines = [tables.heading(f"effects, the acquisition being {labels.escape(acquisition.name(name))}", columns)]
    for place, row in tested[name, METRICS[0]].iterrows():
        own = [factorial.effect(tested[name, metric].loc[place]) for metric in METRICS]
        lines.append([factorial.effect_name(row["effect"]), *own])
    groups.append(lines)
header = [["", "area, worst group", "worst group", "mean over groups"]]
captions.write(tables.booktabs(header, groups, "l" + "r" * len(METRICS), gap="5pt", size="scriptsize"), out)

# %%
area = design(found["area_worst_group"], preferred)
every, none, single = (True,) * len(FACTORS), (False,) * len(FACTORS), alone()
gains = {factor: contrast(area, {every: 1.0, place: -1.0}, confidence) for factor, place in single.items()}
weights = {every: 1.0, none: len(FACTORS) - 1.0} | dict.fromkeys(single.values(), -1.0)
levels = (acquisition.name(preferred), *(labels.method(learners[pair]) for pair in ((True, False), (False, True))))
finding = factorial.finding(
    gains,
    contrast(area, weights, confidence),
    tested[preferred, "area_worst_group"],
    dict(zip(FACTORS, map(labels.escape, levels), strict=True)),
)
note = (
    "Each level is the method of its family with the highest mean validation accuracy in the experiment that compares "
    "the family; balls have no part, since a model is trained anew in each round and there is none that it could stay "
    "near."
)
captions.write(acquisition.caption("factorial", finding, settings, table, list(EXPERIMENTS), note), caption)
