# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the data sets agree?
#
# The effects that decide the hypotheses are means over data sets. One row a hypothesis and label noise, for the same
# case and condition as in the table of hypotheses, has the effect on each data set.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, tables
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: the verdicts were judged from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
judged = verdicts.read(claims, settings["scale"])
cases = [(verdict["id"], entry) for verdict in judged["verdicts"] for entry in verdicts.nearest(verdict)]
cases = [(name, entry) for name, entry in cases if entry["decides"] and entry["decides"]["by_dataset"]]
datasets = list(dict.fromkeys(name for _, entry in cases for name in entry["decides"]["by_dataset"]))
display(pd.DataFrame([entry["decides"]["by_dataset"] for _, entry in cases], columns=datasets))


# %%
def row(name, entry):
    """Hypothesis, case, measure, then the effect and its interval on each data set."""
    found, unit = entry["decides"], entry["decides"]["unit"]
    each = [found["by_dataset"].get(dataset) for dataset in datasets]
    case = rf"{100 * entry['label_noise']:g}\,\% {judged['short_names'].get(entry['variant'], 'all')}"
    return [name, case, verdicts.measure(found), *("--" if own is None else cell(*own, unit) for own in each)]


def cell(effect, low, high, n, unit):
    """An effect with its interval where there is one."""
    return f"{verdicts.number(effect, unit)} {'' if low is None else verdicts.span(low, high, unit)}"


header = [["", "case", "measure", *(labels.escape(labels.dataset(name)) for name in datasets)]]
groups = [[row(name, entry)] for name, entry in cases]
captions.write(tables.booktabs(header, groups, "lll" + "l" * len(datasets)), out)

# %%
variants = ", ".join(f"{code} {labels.escape(labels.method(name))}" for name, code in judged["short_names"].items())
facts = (
    f"Variants: {variants}. "
    rf"Intervals at {100 * judged['confidence']:g}\,\%: $t$ over the seeds of a data set (of ratios: of the logarithm)."
)
captions.write(" ".join([captions.headline("claims_by_dataset"), facts]), caption)
