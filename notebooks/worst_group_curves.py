# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does buying labels by analogy raise the accuracy on the worst group?
#
# A model learns the attribute where it nearly tells the label. Labels of minorities would tell it better, and an
# acquisition decides which labels there are.

# %%
import pandas as pd
from IPython.display import display

from robustpath.data import sets
from robustpath.figures import acquisition, captions, style
from robustpath.figures.streams import noise_title, noise_words
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.acquisition import scores
from robustpath.statistics.label_curves import curves
from robustpath.statistics.streams import differences, means, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
hole, generic = "acquisition_methods", "acquisition_generic"
shown = ["random_acquisition", "badge", "core_set", "alvin", "parallelogram", "oracle_acquisition"]
banded = ["parallelogram"]

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence = settings["confidence"]
dataset = settings["experiments"][hole]["datasets"][0]
SCORES = {"accuracy_worst_group": "worst group (%)", "accuracy": "mean (%)"}
levels = settings["experiments"][generic]["label_noise"]
PANELS = {(hole, 0.0): "one group without a label"}
PANELS |= {(generic, level): f"all groups, {noise_title(level)}" for level in levels}
parts, gaps = [], {}
for experiment, level in PANELS:
    chosen = selected(table, experiment)
    own = chosen[(chosen["label_noise"] == level) & (chosen["dataset"] == dataset)]
    for score in SCORES:
        drawn = curves(own, settings, experiment, score)
        found = means(drawn[drawn["method"].isin(shown)], ["method", "labels"], confidence)
        parts.append(found.assign(experiment=experiment, label_noise=level, score=score))
    rows = scores(own, "area_worst_group")
    ours = acquisition.OURS
    known = rows[rows["method"].isin([*acquisition.PUBLISHED, ours])]
    less = differences(known, [], "method", ours, confidence)
    ahead = less.assign(mean=-less["mean"], low=-less["high"], high=-less["low"])
    gaps["with no label of one group" if experiment == hole else f"with labels of all {noise_words(level)}"] = ahead
found = pd.concat(parts, ignore_index=True)
display(found, pd.concat(gaps))

# %%
figure, panels = style.panels(2, len(PANELS), 2.6, sharex="col", sharey="row")
entry = sets.load(dataset).ENTRY
ordered = sorted(shown, key="badge".__eq__)  # last, above the lines that it lies among
for column, ((experiment, level), title) in enumerate(PANELS.items()):
    for row, (score, words) in enumerate(SCORES.items()):
        panel = panels[row][column]
        own = found[(found["experiment"] == experiment) & (found["label_noise"] == level) & (found["score"] == score)]
        for place, method in enumerate(present(ordered, own["method"])):
            line, look = own[own["method"] == method], acquisition.look(method)
            edge = {"markeredgecolor": "white", "markeredgewidth": 0.4, "markersize": 4}
            panel.plot(line["labels"], 100 * line["mean"], zorder=2 + 0.1 * place, **edge, **look)
            if method in banded:
                band = 100 * line["low"], 100 * line["high"]
                panel.fill_between(line["labels"], *band, color=look["color"], alpha=0.15, linewidth=0)
        if entry.chance:
            panel.axhline(100 * entry.chance, color="0.4", linestyle=(0, (1, 2)), linewidth=0.8)
        if column == 0:
            panel.set_ylabel(words)
            if entry.chance:
                panel.text(0.01, 100 * entry.chance, f"guess, {100 * entry.chance:g} %", fontsize=7, color="0.3",
                           transform=panel.get_yaxis_transform(), va="bottom")  # fmt: skip
    panels[0][column].set_title(title)
    panels[1][column].set_xlabel("labels")
handles = {line.get_label(): line for row in panels for panel in row for line in panel.get_lines()}
handles = {label: line for label, line in handles.items() if not label.startswith("_")}
figure.legend(handles.values(), handles, loc="outside upper center", ncols=min(6, len(handles)), columnspacing=1.0)
style.save(figure, out)

# %%
names = [hole, generic]
best = (
    f"The best rule that does not read the attribute reaches {labels.percent(entry.ceiling)}\\,\\%."
    if entry.ceiling
    else ""
)
lead = acquisition.leads(gaps)
captions.write(acquisition.caption("worst_group_curves", lead, settings, table, names, best), caption)
