# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hypotheses on shortcuts do the records support?
#
# The verdicts of claims.json, judged by code against the thresholds in paper/claims_shortcuts.yaml. One row a
# hypothesis and label noise: the numbers are those of the condition that decides.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import conditions, verdicts
from robustpath.figures import captions, hypotheses, tables
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: the verdicts were judged from the records
settings = None  # what the report is told of the config; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
told = verdicts.read(claims, settings["scale"], "shortcuts")
display(pd.DataFrame(told["verdicts"]).drop(columns=["entries", "placebos"]))

# %%
table = tables.booktabs(
    hypotheses.HEADER, hypotheses.groups(told), hypotheses.ALIGNMENT, gap="1.8pt", size="scriptsize"
)
captions.write(table, out)

# %%
facts = (
    f"Scale {labels.escape(told['scale'])}. Last column: {hypotheses.KEY}; a prime marks a $p$ that does not stand "
    f"after Holm's correction over the {told['corrected_tests']} cases of all hypotheses. Intervals at "
    rf"{100 * told['confidence']:g}\,\%: {hypotheses.intervals(told)}. $p$ is one-sided, of the verdict of the case "
    rf"({conditions.level(told['confidence']):g} is the level). Found: the smallest true effect that is found with "
    r"80\,\% (in brackets, per cent: the chance to show that an effect in the middle of the interval lies within it). "
    "Plac.: how many placebos meet all conditions, in brackets where the hypothesis does not hold."
)
captions.write(
    " ".join([captions.headline("shortcut_hypotheses"), facts, captions.origin("shortcut_hypotheses")]), caption
)
