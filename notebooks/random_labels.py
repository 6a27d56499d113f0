# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does SGD memorise labels that mean nothing?
#
# A share of the training labels is replaced by random ones (Zhang et al. 2017). Training accuracy counts the labels as
# they were given; the test labels are clean.

# %%
import numpy as np
from IPython.display import display

from robustpath.figures import captions, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.intervals import average, interval

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "random_labels"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
own = table[(table["experiment"] == experiment) & (table["metric"] == "accuracy") & (table["shift"] == "none")]
axes = ["dataset", "method", "train_size", "label_noise", "seed", "draw", "split", "value"]
scores = average(own[axes], ["method", "train_size", "draw"])
accuracy = interval(scores, ["dataset", "split", "label_noise"], settings["confidence"])
display(accuracy)

# %%
datasets = [name for name in settings["experiments"][experiment]["datasets"] if name in set(scores["dataset"])]
shares = np.sort(scores["label_noise"].unique())
kinds = {"train": ("training labels as given", "-", "o"), "test": ("test labels, clean", (0, (5, 1.2)), "s")}
figure, panels = style.panels(1, len(datasets), 2.3, sharey=True)
for panel, dataset in zip(panels[0], datasets, strict=True):
    for position, (split, (label, line, marker)) in enumerate(kinds.items()):
        rows = accuracy[(accuracy["dataset"] == dataset) & (accuracy["split"] == split)].sort_values("label_noise")
        reach = 100 * (rows["high"] - rows["mean"])
        look = {"color": style.COLOURS[4 + position], "linestyle": line, "marker": marker, "label": label}
        panel.errorbar(100 * rows["label_noise"], 100 * rows["mean"], reach, elinewidth=0.7, **look)
    panel.set_title(labels.dataset(dataset))
    panel.set_xticks(100 * shares, [f"{100 * share:g}" for share in shares])
    panel.set_ylim(0, 103)
panels[0][0].set_ylabel("accuracy (%)")
figure.supxlabel("share of random labels (%)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
captions.write(captions.caption("random_labels", settings, table, experiment, rule=None), caption)
