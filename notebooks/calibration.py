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
# The code that judges the hypotheses, on simulated claims whose truth is known: methods of the study that differ from
# the reference by nothing but their own noise, and by a planted effect.

# %%
from IPython.display import display

from robustpath.claims import verdict_errors as simulations
from robustpath.figures import captions, style
from robustpath.records import labels, report_settings, root

# %% tags=["parameters"]
records = None  # not used: the simulations were made from the records
settings = None  # what the report is told of the config; None reads config.yaml
calibration = None  # file of simulated claims; None takes that in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
file = calibration or root() / "results" / settings["scale"] / "calibration.parquet"
simulated = simulations.read(file)
rates = simulations.rates(simulated, settings["confidence"])
display(rates)

# %% [markdown]
# Left: verdicts on methods that are equal to the reference (no verdict is right but `undecided`), and on the two sides
# of the margin of equivalence. Right: the share of claims with a true effect that are supported.

# %%
nothing = 100 * (1 - settings["confidence"])
margin = rates.loc[rates["rule"] == "inequivalence", "effect"].max()
SIGNS, SEEDS = simulations.SIGNS, simulations.SEEDS
wrong = {
    "equal: interval alone": (SIGNS, "difference", 0.0, "interval"),
    "equal: interval alone, skewed": (SEEDS, "difference", 0.0, "interval"),
    "equal: interval and test": (SIGNS, "difference", 0.0, "verdict"),
    "equal: interval and test, skewed": (SEEDS, "difference", 0.0, "verdict"),
    "equal: supported after Holm": (SIGNS, "difference", 0.0, "claim_corrected"),
    "equal: family with support": (SIGNS, "difference", 0.0, "family"),
    "equal: called inequivalent": (SIGNS, "inequivalence", 0.0, "supported"),
    "a margin apart: called equal": (SIGNS, "inequivalence", margin, "refuted"),
}
index = rates.set_index(["equal_by", "rule", "effect", "event"])
shown = {name: index.loc[key] for name, key in wrong.items() if key in index.index}
figure, (panels,) = style.panels(1, 2, 2.4, width_ratios=[1, 1.1])
for place, row in enumerate(shown.values()):
    reach = [[100 * (row["rate"] - row["low"])], [100 * (row["high"] - row["rate"])]]
    panels[0].errorbar([100 * row["rate"]], [place], xerr=reach, fmt="o", color=style.COLOURS[4], elinewidth=0.8)
panels[0].axvline(nothing, color="0.4", linewidth=0.8, linestyle=(0, (4, 2)))
panels[0].set_yticks(range(len(shown)), list(shown))
panels[0].invert_yaxis()
panels[0].set_xlim(0, None)
panels[0].set_xlabel("wrong verdicts (%)")

kinds = {"supported": ("by interval and test", "o", "-"), "claim_corrected": ("after Holm, too", "s", (0, (5, 1.2)))}
for position, (event, (label, marker, line)) in enumerate(kinds.items()):
    rows = rates[(rates["equal_by"] == SIGNS) & (rates["rule"] == "difference") & (rates["event"] == event)]
    rows = rows.sort_values("effect")
    reach = [100 * (rows["rate"] - rows["low"]), 100 * (rows["high"] - rows["rate"])]
    look = {"color": style.COLOURS[4 + position], "marker": marker, "linestyle": line, "label": label}
    panels[1].errorbar(rows["effect"], 100 * rows["rate"], yerr=reach, elinewidth=0.8, **look)
panels[1].set_ylim(0, 103)
panels[1].set_xlabel("true effect (points)")
panels[1].set_ylabel("claims supported (%)")
panels[1].legend(loc="upper left" if 100 * rows["rate"].max() < 50 else "lower right")
style.save(figure, out)

# %%
counts = rates[(rates["equal_by"] == SIGNS) & (rates["event"] == "verdict")].set_index(["rule", "effect"])["count"]
null, each = counts.get(("difference", 0.0), 0), counts["difference"].drop(0.0, errors="ignore")
percent = rf"{100 * settings['confidence']:g}\,\%"
facts = (
    f"Scale {labels.escape(settings['scale'])}, {labels.count(simulated['n'].max())} paired seeds a claim; "
    f"{labels.count(null)} claims without an effect in {labels.count(simulated['family'].nunique())} families, and as "
    f"many with skewed differences; {labels.count(each.min() if len(each) else 0)} with each effect; {percent} "
    f"intervals of Clopper and Pearson. The dashed line is at {nothing:.2g}\\,\\%."
)
captions.write(" ".join([captions.headline("calibration"), facts, captions.origin("calibration")]), caption)
