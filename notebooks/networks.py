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
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "activation_references"

# %%
settings = report_settings(settings)
confidence, reference = settings["confidence"], settings["reference"]
arms = representations.arms(settings["experiments"], reference)
shown = list(dict.fromkeys(arm.experiment for arm in arms))
table = load(records, settings["scale"], [experiment, *shown])
rule = RULES["validation"]
found = representations.levels({arm: selected(table, arm.experiment, rule, arm.within) for arm in arms}, confidence)
display(found)

# %%
HEADER = ["network", "method", *representations.SHOWN.values()]
parts = []
for dataset in found["dataset"].unique():
    heading = tables.heading(labels.escape(labels.dataset(dataset)), len(HEADER))
    parts.append([heading, *representations.lines(found, dataset, arms)])
captions.write(tables.booktabs([HEADER], parts, "ll" + "r" * len(representations.SHOWN), size="scriptsize"), out)

# %%
finding = representations.best_networks(found, reference)
chosen = (
    "Hyperparameters: for each seed, the draw that is best by validation accuracy; the penalties of attention are "
    "rows of their own."
)
text = groups.caption("networks", finding, settings, table, experiment, chosen=chosen, beside=shown)
captions.write(text, caption)
