# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hypotheses do the records support?
#
# The verdicts of claims.json, judged by code against the thresholds in paper/claims.yaml. One row a hypothesis and
# label noise: the numbers are those of the condition that decides, in the case that is nearest to support.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import conditions, verdicts
from robustpath.figures import captions, hypotheses
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
display(pd.DataFrame(judged["verdicts"]).drop(columns=["entries", "placebos"]))

# %%
captions.write(hypotheses.table(judged), out)

# %%
short, limit = judged["short_names"], conditions.level(judged["confidence"])
variants = ", ".join(f"{code} {labels.escape(labels.method(name))}" for name, code in short.items())
percent = rf"{100 * judged['confidence']:g}\,\%"
marked = [verdict["id"] for verdict in judged["verdicts"] if verdict["passed_by"]]
facts = (
    f"Variants: {variants}. Last column: {hypotheses.KEY}, in that order of "
    "variants. A prime marks a $p$ that is not below the level after Holm's correction (over the "
    f"{judged['corrected_tests']} cases of {labels.listing(judged['corrected'])} together, over its own cases for each "
    "other). "
    f"Intervals at {percent}: {hypotheses.intervals(judged)}. $p$ is one-sided, of the verdict of the "
    rf"case ({limit:g} is the level); in brackets after a statement, the verdict of the earlier rule. Found: the "
    r"smallest true effect that is found with 80\,\% (in brackets, per cent: the chance to show that equal methods are "
    "equivalent). Against all controls, the numbers are those of the one that decides, and $p$ covers all. Without an "
    "interval: a mean is not known well enough for a ratio. Plac.: how many of "
    f"{len(judged['placebos'])} placebos meet all conditions, in brackets where no variant does."
)
if marked:
    facts += rf" \dag: not specific, placebos pass too ({captions.see('placebos')})."
captions.write(" ".join([captions.headline("hypotheses"), facts]), caption)
