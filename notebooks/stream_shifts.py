# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is what a method keeps of a stream also there under shift?
#
# The tests of all tasks, as they were learnt and under the shifts of the data set. Corruptions come before what a task
# does to its inputs.

# %%
import pandas as pd
from IPython.display import display
from scipy.stats import kendalltau

from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.intervals import interval
from robustpath.statistics.streams import differences, means, scores, selected, shifted

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "streams"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "method"]
chosen = selected(table, experiment)
chosen = chosen[chosen["evaluations"] == chosen["evaluations"].max()]
both = pd.concat([scores(chosen, "accuracy").assign(test="learnt"), shifted(chosen).assign(test="shifted")])
found = means(both, [*cells, "test"], confidence)
drops = differences(both, cells, "test", "learnt", confidence)
display(found, drops)

# %% [markdown]
# Whether methods stand in the same order, seed by seed.

# %%
wide = both.pivot_table(index=["label_noise", "seed", "method"], columns="test", values="value")  # over data sets
taus = [
    {"label_noise": level, "seed": seed, "value": kendalltau(rows["learnt"], rows["shifted"]).statistic}
    for (level, seed), rows in wide.groupby(["label_noise", "seed"])
]
order = interval(pd.DataFrame(taus).dropna(), ["label_noise"], confidence)
display(order)

# %%
noise = sorted(found["label_noise"].unique())
places, height = streams.places(present(settings["methods"], found["method"]))
figure, panels = style.panels(1, len(noise), 0.9 + 0.185 * height, sharex=True, sharey=True)
for panel, level in zip(panels[0], noise, strict=True):
    here = found[found["label_noise"] == level].set_index(["test", "method"])
    for name, place in places.items():
        look = streams.look(name)
        ends = {test: here.loc[(test, name)] for test in ("learnt", "shifted")}
        panel.plot(
            [100 * end["mean"] for end in ends.values()],
            [place, place],
            color=look["color"],
            linewidth=0.7,
            linestyle=":",
        )
        for test, end in ends.items():
            panel.errorbar(
                100 * end["mean"], place, xerr=100 * (end["high"] - end["mean"]), fmt="o", color=look["color"],
                markerfacecolor=look["color"] if test == "learnt" else "white", markersize=3.6, elinewidth=0.8,
            )  # fmt: skip
    panel.set_title(streams.noise_title(level))
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.9", linewidth=0.5)
    panel.set_axisbelow(True)
panels[0][0].set_yticks(list(places.values()), [labels.method(name) for name in places])
panels[0][0].set_ylim(height - 0.8, -0.8)
for face, words in (("0.3", "as learnt"), ("white", "under shift")):
    panels[0][0].plot([], [], "o", color="0.3", markerfacecolor=face, markersize=3.6, label=words)
figure.supxlabel("accuracy on the test data of all tasks (%)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
finding = findings.under_shift(order, drops)
captions.write(streams.caption("stream_shifts", finding, settings, table, [experiment]), caption)
