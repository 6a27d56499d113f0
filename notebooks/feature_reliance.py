# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which features of a training set lead to reliance on a shortcut?
#
# A regression on the knobs of generated training sets says what goes with reliance; a datamodel on the numbers of
# examples of each group predicts what a change of them would do; and changed sets say whether it does.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, features, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.features import JUDGED, checked, datamodel, swept

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence = settings["confidence"]
found = swept(table, confidence)
learnt = datamodel(table, confidence)
check = checked(table, learnt, confidence)
display(pd.DataFrame(found.scores).T, found.forms, found.placebo, learnt.score, check.worth, check.effects)

# %%
figure, grid = style.panels(2, 2, 4.6, width_ratios=[1, 1.1])
predictions, causes = grid[0][0], grid[1][0]
for panel in (grid[0][1], grid[1][1]):
    panel.remove()
by_knob = figure.add_subplot(grid[0][1].get_gridspec()[:, 1])

for behaviour, held in found.held.items():
    look = features.LOOKS[behaviour] | {"label": features.WORDS[behaviour]}
    predictions.plot(100 * held["predicted"], 100 * held["measured"], ls="none", ms=2.6, mew=0, alpha=0.6, **look)
for row, (behaviour, score) in enumerate(found.scores.items()):
    words = f"$R^2$ = {features.plain_number(score.r2)}"
    place = (0.98, 0.22 - 0.1 * row)
    predictions.text(
        *place, words, transform=predictions.transAxes, ha="right", color=features.LOOKS[behaviour]["color"]
    )
both = pd.concat(found.held.values())[["measured", "predicted"]]
ends = [100 * both.min(axis=None), 100 * both.max(axis=None)]
predictions.plot(ends, ends, color="0.6", lw=0.8, zorder=0)
predictions.set_xlabel("predicted (%)")
predictions.set_ylabel("measured (%)")
predictions.set_title(f"(a) {found.scores[JUDGED].n} settings held out")

# %% [markdown]
# Shares of the variance of the regression: filled alone, hollow with all interactions.

# %%
order = found.shares[JUDGED].sort_values("first")["knob"]
places = {knob: place for place, knob in enumerate(order)}
for turn, (behaviour, shares) in enumerate(found.shares.items()):
    look = features.LOOKS[behaviour]
    rows = shares["knob"].map(places) + 0.25 * (1 - turn)
    spans = [100 * (shares["first"] - shares["first_low"]), 100 * (shares["first_high"] - shares["first"])]
    by_knob.errorbar(
        100 * shares["first"], rows, xerr=[span.clip(lower=0) for span in spans], ls="none", elinewidth=0.8, **look
    )
    by_knob.plot(100 * shares["total"], rows, ls="none", mfc="none", mew=0.7, **look)
by_knob.set_yticks(range(len(places)), [labels.KNOBS[knob] for knob in places])
by_knob.set_ylim(-0.6, len(places) - 0.4)
for place in range(len(places) - 1):
    by_knob.axhline(place + 0.5, color="0.9", lw=0.5, zorder=0)
by_knob.set_xlim(left=0)
by_knob.set_xlabel("share of predicted variance (%)")
by_knob.set_title("(b) by knob: alone (filled), total (hollow)")

# %%
changes = sorted(check.effects["change"].unique())
for group, own in check.effects.groupby("group"):
    look = features.group_look(group)
    spots = own["change"].map(changes.index) + 0.2 * (group - 1.5)
    spread = 100 * (own["high"] - own["mean"])
    causes.errorbar(spots, 100 * own["mean"], spread, ls="none", elinewidth=0.8, **look)
    causes.plot(spots + 0.07, 100 * own["predicted"], ls="none", mfc="none", mew=0.7, **look | {"label": None})
causes.axhline(0, color="0.6", lw=0.6, zorder=0)
causes.set_xticks(range(len(changes)), [f"{change:+d}".replace("-", "\N{MINUS SIGN}") for change in changes])
causes.set_xlabel("examples of the group added or removed")
causes.set_ylabel("change of reliance (points)")
causes.set_title("(c) measured and predicted (hollow)")
handles, words = predictions.get_legend_handles_labels()
figure.legend(handles, words, loc="outside upper center", ncols=3, markerscale=1.4, handlelength=1)
figure.legend(*causes.get_legend_handles_labels(), loc="outside lower center", ncols=2, handlelength=1)
style.save(figure, out)

# %%
finding = features.finding(found.scores[JUDGED], found.shares[JUDGED], check.verdict)
captions.write(features.caption("feature_reliance", finding, settings, table, found, learnt, check), caption)
