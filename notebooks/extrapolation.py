# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which networks are right on graphs larger than those they learnt from?
#
# Networks that pass messages along the edges of graphs, with different aggregations: their errors by the number of
# nodes, in the range they learnt from and beyond it.

# %%
from IPython.display import display
from matplotlib.ticker import NullLocator

from robustpath.figures import extrapolation, style
from robustpath.figures.captions import write
from robustpath.records import report_settings, traces
from robustpath.theory.algorithmic_alignment import RANGE
from robustpath.theory.table import read

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
theory = None  # files of the theory cases; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = read(traces.files(theory, settings["scale"], "theory/*.parquet"))
table = table[table["case"] == "algorithmic_alignment"]
found, confidence = extrapolation.errors(table), settings["confidence"]
drawn = extrapolation.lines(found, confidence)
display(extrapolation.means(found, confidence))

# %% [markdown]
# A line stops where the range ends, for nothing is measured between 30 and 50 nodes.

# %%
figure, grid = style.panels(1, 2, 2.7, sharey=True)
for panel, letter, (task, looks) in zip(grid[0], "ab", extrapolation.looks().items(), strict=True):
    panel.axvspan(*RANGE, color="0.92", lw=0, zorder=0)
    for architecture, look in looks.items():
        own = found[(found["task"] == task) & (found["architecture"] == architecture)]
        single = {**look, "linestyle": "none", "label": None}
        panel.plot(own["nodes"], own["value"], ms=2, mew=0, alpha=0.45, **single)
        line = drawn[(drawn["task"] == task) & (drawn["architecture"] == architecture)]
        for part in (line[line["nodes"] <= RANGE[1]], line[line["nodes"] > RANGE[1]]):
            panel.fill_between(part["nodes"], part["low"], part["high"], color=look["color"], alpha=0.18, lw=0)
            panel.plot(part["nodes"], part["mean"], ms=0, lw=1.3, **look)
            look = {**look, "label": None}
    panel.set_yscale("log")
    panel.set_xticks([20, 30, 50, 75, 100])
    panel.set_xlabel("nodes")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(NullLocator())
    panel.set_title(f"({letter}) {task}", pad=26)
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98), ncols=2, columnspacing=1.2, borderaxespad=0.2)
grid[0][0].set_ylabel("error, in per cent")
style.save(figure, out)

# %%
write(extrapolation.caption("extrapolation", settings, table, found), caption)
