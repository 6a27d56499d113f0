# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hypotheses of the three families hold?
#
# The verdicts of claims.json at each kind of labels. A hypothesis on several variants has as many cases.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, studies
from robustpath.records import report_settings

# %% tags=["parameters"]
records = None  # not used: the verdicts were judged from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
judged = verdicts.read_all(claims, settings["scale"])
families = [{"confidence": judged["confidence"], **family} for family in judged["families"].values()]
display(pd.DataFrame([each for family in families for each in family["verdicts"]])[["id", "statement", "verdict"]])

# %%
captions.write(studies.verdict_table(families), out)
captions.write(studies.verdict_caption(families, judged["confidence"]), caption)
