# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does tuning buy?
#
# A method that needs luck in its hyperparameters is better the more draws it has. The curve says how accurate the best
# of n draws is on average, best by validation accuracy; all numbers of draws come from the same runs.

# %%
from IPython.display import display

from robustpath.figures import captions, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.aggregates import tuning_curves
from robustpath.statistics.intervals import average, interval, paired

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
reference, confidence = settings["reference"], settings["confidence"]

# %% [markdown]
# The seed is the unit of replication: data sets and numbers of examples are averaged within a seed.

# %%
seeds = average(tuning_curves(table, experiment), ["dataset", "train_size", "label_noise"])
accuracy = interval(seeds, ["draws", "method"], confidence)
difference = paired(seeds, ["draws"], reference, confidence)
display(accuracy, difference)

# %%
methods = style.looks(present(settings["methods"], seeds["method"]), reference)
others = [name for name in methods if name != reference]
numbers = sorted(seeds["draws"].unique())

figure, (panels,) = style.panels(1, 2, max(2.6, 0.6 + 0.22 * len(others)))
line = accuracy[accuracy["method"] == reference].sort_values("draws")
reach = 100 * (line["high"] - line["mean"])
panels[0].errorbar(line["draws"], 100 * line["mean"], reach, elinewidth=0.7, **methods[reference])
panels[0].set_xticks(numbers)
panels[0].set_xlabel("draws of hyperparameters")
panels[0].set_ylabel(f"accuracy of {labels.method(reference)} (%)")
style.rows(panels[1], difference, others, "draws", numbers, methods)
panels[1].axvline(0, color=methods[reference]["color"], linewidth=0.6, zorder=1)
panels[1].set_xlabel(f"difference to {labels.method(reference)} (points)")
style.save(figure, out)

# %%
own = table[table["experiment"] == experiment]
facts = (
    f"{captions.setting(own)}; {captions.seeds([own['seed'].nunique()], settings)}. Mean over all ways to choose a "
    f"number of draws from the {labels.word(own['draw'].nunique())} of each seed, the default always among them; of "
    "those chosen, the one with the highest validation accuracy counts."
)
captions.write(" ".join([captions.headline("tuning_curves"), facts]), caption)
