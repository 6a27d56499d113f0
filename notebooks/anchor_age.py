# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How old should the anchor of a ball be?
#
# A ball keeps a model near an anchor. Between the model just before the batch and the one that the stream began with
# lie decaying means of the parameters, over few or many batches.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, plain, report_settings
from robustpath.statistics.streams import differences, means, scores, selected, with_hyperparameters

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "anchor_age"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "age"]
chosen = selected(table, experiment, ["age"])
accuracy = scores(chosen, "accuracy", ["age"])
found = means(accuracy, cells, confidence)
every = with_hyperparameters(plain(table[table["experiment"] == experiment]), "age", "weight")
apart = means(scores(every, "accuracy", ["age", "weight"]), [*cells, "weight"], confidence)
display(found, apart)

# %% [markdown]
# Which age is preferred is decided by validation accuracy, so that its difference to the others on test data is not in
# part the luck of the best.

# %%
validated = means(scores(chosen, "accuracy", ["age"], "validation"), cells, confidence)
gaps = []
for level, own in validated.groupby("label_noise"):
    best = own.loc[own["mean"].idxmax(), "age"]
    less = differences(accuracy[accuracy["label_noise"] == level], ["label_noise"], "age", best, confidence)
    gaps.append(less.assign(best=best, mean=-less["mean"], low=-less["high"], high=-less["low"]))
gaps = pd.concat(gaps, ignore_index=True)
display(gaps)

# %%
noise, ages, weights = (sorted(apart[name].unique()) for name in ("label_noise", "age", "weight"))
figure, panels = style.panels(1, len(noise), 1.9)
for panel, level in zip(panels[0], noise, strict=True):
    for weight, (colour, marker) in zip(weights, [streams.STEPS[i] for i in (0, 4, 3)], strict=False):
        rows = apart[(apart["label_noise"] == level) & (apart["weight"] == weight)].set_index("age").loc[ages]
        panel.plot(
            range(len(ages)), 100 * rows["mean"], color=colour, marker=marker, linewidth=0.8, markersize=2.6,
            label=f"weight {weight:g}",
        )  # fmt: skip
    rows = found[found["label_noise"] == level].set_index("age").loc[ages]
    panel.errorbar(
        range(len(ages)), 100 * rows["mean"], 100 * (rows["high"] - rows["mean"]), color="black", marker="o",
        linewidth=2.6, elinewidth=0.8, markersize=5, alpha=0.55, markeredgewidth=0, zorder=1, label="selected weight",
    )  # fmt: skip
    panel.set_xticks(range(len(ages)), [f"{1 / (1 - age):.3g}" if age < 1 else "start" for age in ages])
    panel.set_title(streams.noise_title(level))
panels[0][0].set_ylabel("final accuracy (%)")
figure.supxlabel("batches over which the anchor averages, 1 / (1 \N{MINUS SIGN} age)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
style.save(figure, out)

# %%
runs = with_hyperparameters(chosen, "weight").drop_duplicates([*cells, "seed"])
least = labels.percent((runs["weight"] == min(weights)).mean(), 0)
note = (
    f"{streams.budget(settings['experiments'][experiment])} Best: the age whose accuracy on validation examples is the "
    f"highest on average. Validation selects the smallest weight, the end of the grid, in {least}\\,\\% of cases. "
    "Hyperparameters other than age and weight are the defaults."
)
captions.write(streams.caption(experiment, findings.anchors(gaps), settings, table, [experiment], chosen=note), caption)
