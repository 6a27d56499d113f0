# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is it the analogy that finds the group?
#
# Where label and attribute do not add up, the fourth corner of a parallelogram is no place where examples are.

# %%
import pandas as pd
from IPython.display import display

from robustpath.data import sets
from robustpath.figures import acquisition, captions, style
from robustpath.records import load, report_settings
from robustpath.statistics.acquisition import advantage, scores, trend
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import means, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "acquisition_interaction"
references = ["parallelogram_random_direction", "core_set"]

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, told = settings["confidence"], settings["experiments"][experiment]
strength = {dataset: sets.load(dataset).recipe()["interaction"] for dataset in told["datasets"]}
rows = scores(selected(table, experiment), "discovered")
rows = rows.assign(at=rows["dataset"].map(strength))
found = means(rows, ["method", "at"], confidence)
more = {reference: advantage(rows, acquisition.OURS, reference) for reference in references}
gaps = {reference: interval(own, ["at"], confidence) for reference, own in more.items()}
slopes = {reference: trend(own, confidence) for reference, own in more.items()}
display(found, pd.concat(gaps), slopes)

# %%
figure, (panels,) = style.panels(1, 2, 2.5)
methods = [name for name in acquisition.LOOKS if name in set(rows["method"])]
for place, method in enumerate(methods):
    own, aside = found[found["method"] == method], 0.012 * (place - (len(methods) - 1) / 2)
    bars = 100 * (own["mean"] - own["low"]), 100 * (own["high"] - own["mean"])
    panels[0].errorbar(own["at"] + aside, 100 * own["mean"], bars, elinewidth=0.8, **acquisition.look(method))
for place, (reference, own) in enumerate(gaps.items()):
    bars = 100 * (own["mean"] - own["low"]), 100 * (own["high"] - own["mean"])
    look = acquisition.look(reference) | {"label": f"over {acquisition.name(reference)}"}
    panels[1].errorbar(own["at"] + 0.012 * (place - 0.5), 100 * own["mean"], bars, elinewidth=0.8, **look)
panels[1].axhline(0, color="0.4", linewidth=0.6)
panels[0].set_ylabel("share of the first labels (%)")
panels[0].set_ylim(bottom=-1)
panels[1].set_ylabel("parallelogram's advantage (points)")
for panel in panels:
    panel.set_xlabel("interaction of label and attribute")
    panel.set_xticks(sorted(strength.values()))
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, columnspacing=1.0)
panels[1].legend(loc="lower left")
style.save(figure, out)

# %%
ends = {reference: (own.iloc[0], own.iloc[-1]) for reference, own in gaps.items()}
finding = acquisition.falling(ends, slopes)
captions.write(acquisition.caption("interaction", finding, settings, table, [experiment]), caption)
