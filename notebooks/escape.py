# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which methods leave a spurious minimum or a saddle?
#
# One row a method, one panel a start: the minimum of Yun et al. with noise of several sizes added, and two saddles. A
# descent that starts where the gradient vanishes stays there; what leaves must bring its own noise, or walk.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, style
from robustpath.records import labels, report_settings, traces
from robustpath.theory.table import ESCAPE, read

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
theory = None  # files of the theory cases; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = read(traces.files(theory, settings["scale"], "theory/*.parquet"))
runs = table[table["quantity"] == ESCAPE].assign(escaped=lambda rows: np.isfinite(rows["value"]))

# %% [markdown]
# Medians and ranges are of the seeds that escaped; how many did stands beside them.

# %%
summary = (
    runs.groupby(["landscape", "method"], sort=False)
    .agg(seeds=("escaped", "size"), escaped=("escaped", "sum"))
    .join(runs[runs["escaped"]].groupby(["landscape", "method"])["value"].agg(["median", "min", "max"]))
)
display(summary)

# %%
landscapes = list(runs["landscape"].unique())
methods = list(runs["method"].unique())
rows = pd.Series(np.arange(len(methods)), methods)
longest = np.max(runs["value"].to_numpy(), where=runs["escaped"].to_numpy(), initial=10.0)
figure, axes = style.panels(1, len(landscapes), 0.75 + 0.155 * len(methods), sharey=True)
for column, landscape in enumerate(landscapes):
    panel, here = axes[0][column], summary.loc[landscape]
    left = here[here["escaped"] > 0]
    places = rows[left.index]
    middle = left["median"].clip(lower=1)
    panel.hlines(places, left["min"].clip(lower=1), left["max"].clip(lower=1), color=style.COLOURS[4], linewidth=1.6)
    panel.plot(middle, places, "o", color=style.COLOURS[4])
    for method, of in here.iterrows():
        share = f"{of['escaped']:.0f}/{of['seeds']:.0f}" if of["escaped"] else "never"
        look = {"color": "black"} if of["escaped"] else {"color": style.COLOURS[5]}
        panel.text(1.02, rows[method], share, transform=panel.get_yaxis_transform(), va="center", fontsize=6.5, **look)
    panel.set_xscale("log")
    panel.set_xlim(0.8, 1.6 * longest)
    panel.set_title(landscape.replace(", ", ",\n").replace("saddle", "\nsaddle"), fontsize=8)
    panel.set_ylim(len(methods) - 0.5, -0.5)
    panel.grid(axis="y", linewidth=0.3, color="0.85")
    panel.set_axisbelow(True)
    panel.tick_params(axis="y", length=0)
axes[0][0].set_yticks(rows, [labels.method(name) for name in methods])
figure.supxlabel("gradient evaluations to escape", fontsize=8.5)
style.save(figure, out)

# %%
minimum, saddles = (settings["theory"][case] for case in ("spurious_minimum", "saddles"))
facts = (
    f"{labels.count(minimum['seeds'])} seeds of"
    f" {labels.count(minimum['steps'])} gradient evaluations at the minimum,"
    f" {labels.count(saddles['seeds'])} of {labels.count(saddles['steps'])} steps at the saddles;"
    " default hyperparameters."
)
captions.write(" ".join([captions.headline("escape"), facts]), caption)
