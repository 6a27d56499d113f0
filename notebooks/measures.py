# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which measure of a minimum predicts its generalisation gap?
#
# Kendall's tau between each measure and the gap (training less test accuracy) over all runs, and the granulated psi of
# Jiang et al. (2019): tau among the runs that differ in one axis alone, averaged over the settings of all others. A
# measure may order runs by what they were trained on and yet be blind to what a method does; the axes tell these apart.

# %%
import pandas as pd
from IPython.display import display

from robustpath import protocols
from robustpath.figures import captions, tables
from robustpath.protocols.supervised.metrics import LOWER_BOUNDS
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.certainty import certainty, known
from robustpath.statistics.concordance import along, granulated, kendall
from robustpath.statistics.intervals import interval

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "minima"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
own = table[(table["experiment"] == experiment) & (table["draw"] == 0)]

# %% [markdown]
# Training accuracy counts the labels as they were given, wrong ones included; test labels are clean. A large margin and
# a large PAC-Bayes width speak for a small gap, so these enter with their sign turned: a positive tau always means that
# the measure errs on the right side. A value that is only a lower bound of its measure stays in and is counted; where
# a measure was not found at all, the run is left out of its line.

# %%
axes = ["dataset", "label_noise", "method", "seed"]
accuracy = own[(own["metric"] == "accuracy") & (own["shift"] == "none")]
accuracy = accuracy.pivot(index=axes, columns="split", values="value")
gap = (accuracy["train"] - accuracy["test"]).rename("gap").reset_index()
found = known(own).rename(columns={"value": "measure"})
turned = {"margin", "pacbayes_sigma", "pacbayes_sigma_magnitude"}
lines = []
for name in present(protocols.measures("sharpness", "norm"), own["metric"]):
    whole = gap.merge(found.loc[found["metric"] == name, [*axes, "measure"]], on=axes)
    if name in turned:
        whole = whole.assign(measure=-whole["measure"])
    line = {"measure": name, **certainty(own, name)}
    if len(whole) > 1:
        by_seed = along(whole, "method", axes).groupby("seed").mean().rename("value").reset_index().assign(measure=name)
        over_seeds = interval(by_seed, ["measure"], settings["confidence"])
        line["half"] = (over_seeds["high"] - over_seeds["mean"]).get(0)
        line["tau"] = kendall(whole["measure"].to_numpy(dtype=float), whole["gap"].to_numpy(dtype=float))
        line |= granulated(whole, axes)
    lines.append(line)
columns = ["measure", "tau", *axes, "Psi", "half", "runs", "lower", "lost", "error", "high"]
summary = pd.DataFrame(lines, columns=columns)
display(summary)

# %%
names = {
    "lambda_max": r"$\lambda_{\max}$",
    "trace": r"$\operatorname{tr} H$",
    "sam_sharpness": "SAM-sharpness",
    "asam_sharpness": "ASAM-sharpness",
    "noise_sharpness": "noise sharpness",
    "keskar_sharpness": "Keskar's sharpness",
    "pacbayes_sigma": r"PAC-Bayes $-\sigma$",
    "pacbayes_sigma_magnitude": r"PAC-Bayes $-\sigma$, relative",
    "pacbayes_bound": "PAC-Bayes bound",
    "pacbayes_bound_magnitude": "PAC-Bayes bound, relative",
    "margin": r"$-$ margin",
    "path_norm": "path norm",
    "frobenius_norm": "Frobenius norm",
    "distance_from_start": "distance from start",
    "spectral_product": "product of spectral norms",
    "spectral_bound": "spectral bound over margin",
}
heads = {"dataset": "data", "label_noise": "noise", "method": "method", "seed": "seed"}
shown = [axis for axis in axes if summary[axis].notna().any()]


def cell(value):
    """A correlation for LaTeX."""
    return "--" if pd.isna(value) else labels.signed(value)


def error(line):
    """The median error in per cent, and in brackets its 95 % quantile."""
    return "--" if pd.isna(line["error"]) else f"{100 * line['error']:.0f} ({100 * line['high']:.0f})"


def row(line):
    """One measure: tau over all runs, along each axis, their mean, and how certain its values are."""
    half = "" if pd.isna(line["half"]) else rf"\,$\pm$\,{line['half']:.2f}"
    each = [cell(line[axis]) + (half if axis == "method" else "") for axis in shown]
    name = names.get(line["measure"]) or labels.escape(line["measure"].replace("_", " "))
    lower = labels.count(line["lower"]) if line["measure"] in LOWER_BOUNDS else "--"
    return [name, cell(line["tau"]), *each, cell(line["Psi"]), labels.count(line["runs"]), lower, error(line)]


over, rule = tables.span(r"Kendall's $\tau$", 2, 3 + len(shown))
header = [
    ["", over, "", "lower", "error"],
    rule,
    ["measure", "all runs", *(heads[axis] for axis in shown), "mean", "runs", "bounds", r"\%"],
]
families = [protocols.measures(family) for family in ("sharpness", "norm")]
groups = [[row(line) for _, line in summary.iterrows() if line["measure"] in family] for family in families]
text = tables.booktabs(header, [group for group in groups if group], "l" + "r" * (len(shown) + 5))
captions.write(text, out)

# %%
facts = (
    "The interval along methods is over seeds. Runs: those with a value. Lower bounds: those whose value "
    "may not be the largest, since the two highest rises from several starts differ by more than a twentieth (of "
    r"$\lambda_{\max}$, since its residual is larger than that); their values count as they are. Error: the standard "
    r"error that random draws give a measure, as a share of it; median and 95\,\% quantile over the runs. Runs of one "
    "seed share their data, and methods were not drawn at random: these are descriptions of this study's runs, not "
    "evidence of a cause."
)
captions.write(captions.caption("measures", settings, table, experiment, rule=None, correction=facts), caption)
