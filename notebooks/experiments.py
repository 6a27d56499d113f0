# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does each comparison run?
#
# Read from the config: the experiments that compare many methods, side by side.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, studies
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
experiments = settings["experiments"]
display(pd.DataFrame(studies.compared(experiments)).T)

# %%
captions.write(studies.table(experiments), out)
total = labels.word(len(experiments))
finding = (
    f"{labels.word(len(studies.compared(experiments))).capitalize()} of {total} experiments compare many methods; the "
    "others answer one question each."
)
captions.write(captions.headline("experiments", finding), caption)
