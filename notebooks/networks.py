# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Are networks of another kind less prone to shortcuts?
#
# Spiking networks, latent codes and attention beside the perceptron, all trained by the same rules. A loss on
# activations has the draw that is best by validation accuracy.

# %%
from IPython.display import display

from robustpath.figures import captions, groups, representations, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.groups import RULES, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "activation_references"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, reference = settings["confidence"], settings["reference"]
arms = representations.arms(settings["experiments"], reference)
found = representations.levels({arm: selected(table, arm.experiment, RULES["validation"], arm.within) for arm in arms},
                               confidence)  # fmt: skip
display(found)

# %%
METRICS = {
    "accuracy_worst_group": "worst group", "accuracy": "mean", "polysemanticity": "polys.", "mid_mass": "mid",
    "bimodality": "bimod.", "attention_core_share": "on cause",
}  # fmt: skip
datasets = list(dict.fromkeys(found["dataset"]))
HEADER = ["network", "method", *METRICS.values()]
parts = []
for dataset in datasets:
    rows = [tables.heading(labels.escape(labels.dataset(dataset)), len(HEADER))]
    for arm in arms:
        own = found[(found["dataset"] == dataset) & (found["arm"] == arm.key)].set_index("metric")
        if own.empty:
            continue
        cells = [labels.escape(arm.network), labels.escape(arm.words)]
        for metric in METRICS:
            cells.append(representations.cell(own.loc[metric], metric) if metric in own.index else "--")
        rows.append(cells)
    parts.append(rows)
captions.write(tables.booktabs([HEADER], parts, "ll" + "r" * len(METRICS), gap="2.5pt", size="scriptsize"), out)

# %%
finding = representations.best_networks(found, arms)
chosen = "Hyperparameters: for each seed, the draw that is best by validation accuracy; penalties of attention are shown each."
captions.write(groups.caption("networks", finding, settings, table, experiment, chosen=chosen), caption)
