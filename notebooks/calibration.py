# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How often is a verdict wrong?
#
# The code that judges the hypotheses, on simulated claims whose truth is known. Each kind of condition is put exactly
# at its threshold, so that no verdict is right but `undecided`.

# %%
from IPython.display import display

from robustpath.claims import verdict_errors
from robustpath.figures import captions, style
from robustpath.records import labels, report_settings, root

# %% tags=["parameters"]
records = None  # not used: the simulations were made from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
calibration = None  # file of simulated claims; None takes that in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
file = calibration or root() / "results" / settings["scale"] / "calibration.parquet"
simulated = verdict_errors.read(file)
rates = verdict_errors.rates(simulated, settings["confidence"])
errors = verdict_errors.errors(rates)
display(rates)

# %% [markdown]
# Left: wrong verdicts in both directions, with each kind of condition at its threshold. Right: the share of claims with
# a true difference that are supported.

# %%
most = 100 * (1 - settings["confidence"])
looks = {
    "supported": {"label": "wrongly supported", "color": style.COLOURS[4], "fmt": "o"},
    "refuted": {"label": "wrongly refuted", "color": style.COLOURS[5], "fmt": "s"},
}
names = list(errors["words"].unique())
figure, (panels,) = style.panels(1, 2, 3.6, width_ratios=[1.5, 1])
for event, offset in {"supported": -0.16, "refuted": 0.16}.items():
    rows = errors[errors["event"] == event]
    reach = [100 * (rows["rate"] - rows["low"]), 100 * (rows["high"] - rows["rate"])]
    places = [names.index(words) + offset for words in rows["words"]]
    panels[0].errorbar(100 * rows["rate"], places, xerr=reach, elinewidth=0.8, linestyle="none", **looks[event])
panels[0].axvline(most, color="0.4", linewidth=0.8, linestyle=(0, (4, 2)))
panels[0].set_yticks(range(len(names)), names)
panels[0].invert_yaxis()
panels[0].set_xlim(-0.4, None)  # a marker at zero is seen whole
panels[0].set_xlabel("wrong verdicts (%)")

rows = rates[(rates["planted"] == verdict_errors.EFFECT) & (rates["event"] == "supported")].sort_values("truth")
reach = [100 * (rows["rate"] - rows["low"]), 100 * (rows["high"] - rows["rate"])]
panels[1].errorbar(rows["truth"], 100 * rows["rate"], yerr=reach, elinewidth=0.8, color=style.COLOURS[0], marker="o")
panels[1].set_ylim(0, 103)
panels[1].set_xlim(0, None)
panels[1].set_xlabel("true difference (points)")
panels[1].set_ylabel("claims supported (%)")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
percent = rf"{100 * settings['confidence']:g}\,\%"
each = [labels.count(number) for number in (errors["count"].min(), rows["count"].min())]
facts = (
    f"At least {each[0]} claims of each kind and {each[1]} with each effect, all independent; {percent} "
    f"intervals of Clopper and Pearson. The dashed line is at {most:.2g}\\,\\%."
)
captions.write(" ".join([captions.headline("calibration"), facts]), caption)
