# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How often is a verdict wrong, by kind of condition?
#
# The shares of wrong verdicts on simulated claims, as numbers.

# %%
from IPython.display import display

from robustpath.claims import verdict_errors
from robustpath.figures import captions, tables
from robustpath.records import labels, report_settings, root

# %% tags=["parameters"]
records = None  # not used: the simulations were made from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
calibration = None  # file of simulated claims; None takes that in results/
out = None  # LaTeX table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
file = calibration or root() / "results" / settings["scale"] / "calibration.parquet"
rates = verdict_errors.rates(verdict_errors.read(file), settings["confidence"])
errors = verdict_errors.errors(rates)
display(errors)

# %%
MISSING = ["--", ""]
FEW = 20  # of so many claims a rate in per cent would say more than there is


def share(row):
    """A rate in per cent with its interval, or how many of a few."""
    if row["count"] < FEW:
        return [f"{row['happened']} of {row['count']}", ""]
    return [labels.percent(row["rate"]), labels.percent_range(row["low"], row["high"])]


def cells(own):
    """What a kind's rows say: how many claims, the share wrongly supported, the share wrongly refuted."""
    by_event = {row["event"]: row for _, row in own.iterrows()}
    shares = [share(by_event[event]) if event in by_event else MISSING for event in ("supported", "refuted")]
    return [labels.count(own["count"].iloc[0]), *shares[0], *shares[1]]


def row_of(kind, words):
    """The row of what is not a kind of condition, empty where there is none."""
    own = rates[rates["kind"] == kind]
    return [[words, *cells(own.replace({"event": {"family": "supported"}}))]] if len(own) else []


kinds = [[words, *cells(own)] for words, own in errors.groupby("words", sort=False)]
others = [
    *row_of(verdict_errors.FAMILY, "families of equal methods, some claim"),
    *row_of(verdict_errors.RETRAINING, "the reference, retrained"),
]
header = [
    ["", "", r"\multicolumn{2}{c}{wrongly supported}", r"\multicolumn{2}{c}{wrongly refuted}"],
    ["condition at its threshold", "claims", r"\%", "interval", r"\%", "interval"],
]
captions.write(tables.booktabs(header, [kinds, others] if others else [kinds], "lrrlrl"), out)

# %%
percent = rf"{100 * settings['confidence']:g}\,\%"
facts = (
    f"{percent} intervals of Clopper and Pearson. Of families, the share in which some claim is supported after Holm's "
    "correction."
)
captions.write(" ".join([captions.headline("error_rates"), facts]), caption)
