# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What remains of a walk after the descent?
#
# Three views of the study of minima: what the descent leaves of the curvature that a walk has found, what a walk gains
# under label noise beside doing nothing in its place, and what the contour adds to a walk in any direction.

# %%
import numpy as np
from IPython.display import display
from matplotlib.ticker import FixedLocator, NullLocator

from robustpath.claims import verdicts
from robustpath.figures import captions, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics import evidence, rulers, walks

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "minima"

# %%
settings = report_settings(settings)
judged = verdicts.read(claims, settings["scale"])
yardsticks = rulers.yardsticks(experiment, settings)
table = load(records, settings["scale"], settings["experiments"])
reference, confidence = settings["reference"], settings["confidence"]
found = evidence.gather(table, experiment, judged["curve"], yardsticks)
noise = sorted(found.plain["label_noise"].unique())
clean, noisy = noise[0], noise[-1]

# %% [markdown]
# Medians over runs, as in the table of the walks. A walk after the descent begins where training has ended, so it is
# not in this panel.

# %%
own = walks.of_defaults(table, experiment)
curvature = walks.medians(own[own["label_noise"] == clean], [walks.START, walks.END, walks.TRAINED])
curvature = curvature.droplevel("label_noise")
alike = walks.beginning_with(own, walks.ISOTROPIC)
warmups = [name for name in settings["methods"] if name in alike]
lines = curvature.loc[warmups].dropna()
moved = np.log(lines[walks.END] / lines[walks.START]).abs().sort_values(ascending=False)
coloured = dict(zip(moved.index[:3], [style.PROPOSED[0], style.PROPOSED[2], style.PROPOSED[1]], strict=False))
display(curvature)

# %%
views = walks.views(found, reference, confidence)
ours = [name for name in settings["methods"] if name in judged["short_names"]]
order = [walks.SHORT, walks.ISOTROPIC, *ours, *walks.YARDSTICKS]
order = present(order, views[walks.BUDGET]["method"])
display(*views.values())

# %% [markdown]
# The difference to the walk in any direction is the effect that the verdict judges, with its interval and margin.

# %%
cases = verdicts.of_kind(judged, "inequivalence")
margin = cases[0][1]["threshold"] if cases else 0.0
compared = [name for name in settings["methods"] if name in {entry["variant"] for entry, _ in cases}]
display(cases)


# %%
def short(name):
    """A walk's name in a panel that shows nothing but walks."""
    return labels.method(name).removesuffix(" warm-up").removeprefix("level ")


figure, (panels,) = style.panels(1, 3, 2.4, width_ratios=[1.25, 1.2, 1])
left, middle, right = panels
for name, row in lines.sort_values(walks.END).iterrows():
    look = {"color": coloured.get(name, "0.65"), "linewidth": 1.4 if name in coloured else 0.8}
    left.plot([0, 1, 2], row, marker="o", zorder=3 if name in coloured else 2, **look)
    if name in coloured:
        # The highest is labelled above its line, one beneath it between its own two lines, a low one below.
        place = (0, 4) if row[walks.END] == lines[walks.END].max() else (0, -4)
        place = (5, -17) if place[1] < 0 and row[walks.END] > row[walks.START] else place
        left.annotate(short(name), (1, row[walks.END]), place, textcoords="offset points", ha="center",
                      va="bottom" if place[1] > 0 else "top", fontsize=7.5, color=coloured[name])  # fmt: skip
left.set_yscale("log")
left.margins(x=0.08, y=0.16)
if walks.SHORT in curvature.index and len(lines):
    level = curvature.loc[walks.SHORT, walks.TRAINED]
    left.axhline(level, color="black", linewidth=0.8, linestyle=":", label=f"{labels.method(walks.SHORT)}, trained")
places = [digit * 10.0**power for power in range(-4, 5) for digit in (1, 2, 5)]
low, high = left.get_ylim()
left.yaxis.set_major_locator(FixedLocator([place for place in places if low <= place <= high]))
left.yaxis.set_minor_locator(NullLocator())
left.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
left.set_xticks([0, 1, 2], ["start", "after\nthe walk", "after\ntraining"])
left.set_ylabel(r"largest eigenvalue $\lambda_{\max}$")
left.set_title("(a) before and after the descent", loc="left", fontsize=8.5)

looks = {walks.BUDGET: ("black", "o", -0.16), walks.LOSS: (style.COLOURS[5], "D", 0.16)}
for view, (colour, marker, shift) in looks.items():
    rows = views[view][(views[view]["label_noise"] == noisy) & views[view]["method"].isin(order)]
    heights = [order.index(name) + shift for name in rows["method"]]
    reach = 100 * (rows["high"] - rows["mean"])
    middle.errorbar(100 * rows["mean"], heights, xerr=reach, fmt=marker, color=colour, elinewidth=0.8,
                    label=view.replace("equal", "same"))  # fmt: skip
middle.set_yticks(range(len(order)), [labels.method(name) for name in order], fontsize=7.5)
middle.set_ylim(len(order) - 0.5, -0.6)
middle.set_xlabel(f"accuracy minus {labels.method(reference)} (points)")
middle.set_title(f"(b) gain under {100 * noisy:g} % label noise", loc="left", fontsize=8.5)

right.axvspan(-margin, margin, color="0.9", linewidth=0, zorder=0)
for level, colour, marker, shift in ((clean, style.COLOURS[4], "o", -0.14), (noisy, style.COLOURS[6], "s", 0.14)):
    rows = [(compared.index(entry["variant"]) + shift, its) for entry, its in cases if entry["label_noise"] == level]
    if rows:
        heights, its = zip(*rows, strict=True)
        ends = [[each["effect"] - each["low"] for each in its], [each["high"] - each["effect"] for each in its]]
        right.errorbar([each["effect"] for each in its], heights, xerr=ends, fmt=marker, color=colour, elinewidth=0.8,
                       label="clean labels" if level == 0 else f"{100 * level:g} % noise")  # fmt: skip
right.set_yticks(range(len(compared)), [short(name) for name in compared], fontsize=7.5)
right.set_ylim(len(compared) - 0.5, -0.5)
right.set_xlabel(f"minus {short(walks.ISOTROPIC)} walk (points)")
right.set_title("(c) contour or any direction", loc="left", fontsize=8.5)
for panel in (middle, right):
    panel.axvline(0, color="0.4", linewidth=0.6)
    panel.tick_params(axis="y", length=0)
for panel in panels:
    handles, names = panel.get_legend_handles_labels()
    if handles:
        panel.legend(handles, names, loc="lower center", bbox_to_anchor=(0.5, 1.09), fontsize=7, ncols=2,
                     handlelength=1.2, columnspacing=1.0, handletextpad=0.4, borderaxespad=0)  # fmt: skip
style.save(figure, out)

# %%
shown = own[(own["metric"] == walks.END) & (own["label_noise"] == clean) & own["method"].isin(lines.index)]
runs = labels.count(shown.groupby("method").size().min()) if len(lines) else labels.MISSING
facts = (
    f"{captions.setting(own)}; {captions.seeds([own['seed'].nunique()], settings)}. (a) Clean labels, at least {runs} "
    "runs a walk, those whose eigenvalue has not converged left out; (b) noisy labels; both with default "
    "hyperparameters. (c) Hyperparameters selected by validation accuracy; the grey band is the margin of equivalence, "
    rf"$\pm{margin:g}$ points."
)


# %%
def between(values):
    """The range of some numbers."""
    return f"between {values.min():.2f} and {values.max():.2f}" if len(values) else "not measured"


matched = views[walks.LOSS]
matched = matched[matched["method"].isin(ours) & (matched["label_noise"] == noisy)]
gains = int((matched["low"] > 0).sum())
finding = (
    f"The largest curvature is {between(lines[walks.END])} after the walks and {between(lines[walks.TRAINED])} after "
    f"training; with noisy labels and at the same training loss, {labels.word(gains) if gains else 'none'} of "
    f"{labels.word(len(matched))} walks {'has' if gains < 2 else 'have'} an interval above zero."
)
captions.write(f"{captions.headline('descent_forgets', finding)} {facts}", caption)
