# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do more draws change the main comparison?
#
# A method whose hyperparameters were drawn three times may have had bad luck three times. The same runs with more draws
# say how much of a difference to SGD is left when both are tuned further. All numbers of draws come from the same runs:
# the expected test accuracy of the best of n draws, best by validation accuracy.

# %%
from IPython.display import display

from robustpath.figures import captions, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.contrasts import after_draws

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "headline"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
reference, confidence = settings["reference"], settings["confidence"]
contrasts = after_draws(table, experiment, reference, confidence)
most = int(contrasts["draws"].max())
numbers = sorted({1, min(3, most), most})
display(contrasts[contrasts["draws"].isin(numbers)])

# %%
noise = sorted(contrasts["label_noise"].unique())
methods = present(settings["methods"], contrasts["method"])
colours = dict(zip(numbers, [style.COLOURS[2], style.COLOURS[4], style.COLOURS[5]], strict=False))
markers = dict(zip(numbers, ["^", "s", "o"], strict=False))
figure, panels = style.panels(1, len(noise), 0.9 + 0.27 * len(methods), sharex=True, sharey=True)
for panel, level in zip(panels[0], noise, strict=True):
    for position, number in enumerate(numbers):
        rows = contrasts[(contrasts["label_noise"] == level) & (contrasts["draws"] == number)]
        rows = rows.set_index("method").loc[methods]
        heights = [place + 0.6 * ((position + 0.5) / len(numbers) - 0.5) for place in range(len(methods))]
        reach = 100 * (rows["high"] - rows["mean"])
        panel.errorbar(
            100 * rows["mean"], heights, xerr=reach, fmt=markers[number], color=colours[number], elinewidth=0.8,
            markersize=3.2, label=f"best of {labels.word(number)}" if number > 1 else "one draw",
        )  # fmt: skip
    panel.axvline(0, color="0.4", linewidth=0.6)
    panel.set_xscale("symlog", **style.DIFFERENCES)
    panel.margins(x=0.06)
    panel.set_title(rf"{100 * level:g} % label noise")
panels[0][0].set_yticks(range(len(methods)), [labels.method(name) for name in methods])
panels[0][0].set_ylim(len(methods) - 0.4, -0.6)
ticks = style.difference_ticks(*panels[0][0].get_xlim())
for panel in panels[0]:
    panel.set_xticks(list(ticks), ticks.values())
    panel.minorticks_off()
    panel.tick_params(axis="y", length=0)
figure.supxlabel(f"difference in accuracy to {labels.method(reference)} (points)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(numbers))
style.save(figure, out)

# %%
own = table[table["experiment"] == experiment]
facts = (
    f"{captions.setting(own)}; {captions.seeds([own['seed'].nunique()], settings)} with the data sets as strata. Mean "
    f"over all ways to choose a number of draws from the {labels.word(most)} of each seed, one of which is the "
    "default; of those chosen, the one with the highest validation accuracy counts. Draw $k$ of every method "
    f"has the hyperparameters that it shares with {labels.method(reference)} from draw $k$ of "
    f"{labels.method(reference)}."
)
captions.write(" ".join([captions.headline("headline"), facts]), caption)
