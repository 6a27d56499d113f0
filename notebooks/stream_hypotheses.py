# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hypotheses on streams do the records support?
#
# The verdicts of claims.json, judged by code against the thresholds in paper/claims_batches.yaml. One row a hypothesis
# and label noise: the numbers are those of the condition that decides.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, hypotheses
from robustpath.records import report_settings

# %% tags=["parameters"]
records = None  # not used: the verdicts were judged from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
judged = verdicts.read(claims, settings["scale"], "batches")
display(pd.DataFrame(judged["verdicts"]).drop(columns=["entries", "placebos"]))

# %%
captions.write(hypotheses.table(judged), out)
captions.write(hypotheses.caption("stream_hypotheses", judged), caption)
