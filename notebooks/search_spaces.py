# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hyperparameters does each method have, and over which range are they drawn?
#
# Read from the registry of methods, which is also what the runs were drawn from.

# %%
import pandas as pd
from IPython.display import display

from robustpath import methods
from robustpath.analysis import captions, labels, tables
from robustpath.analysis.records import report_settings

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"  # says how many draws there are

# %%
settings = report_settings(settings)
specs = {name: methods.load(name) for name in settings["methods"]}

# %%
spaces = pd.DataFrame(
    [
        {"method": name, "hyperparameter": key, "default": f"{space.default:g}", "range": space.describe()}
        for name, spec in specs.items()
        for key, space in spec.own_search.items()
    ]
)
display(spaces)

# %%
groups = []
for name, spec in specs.items():
    label = labels.escape(labels.method(name)) + (rf"~\citep{{{spec.cite}}}" if spec.cite else "")
    lines = [
        [labels.scientific(text) for text in (key.replace("_", " "), f"{space.default:g}", space.describe())]
        for key, space in spec.own_search.items()
    ]
    if spec.base is not None:
        lines.append([rf"\multicolumn{{3}}{{l}}{{and those of {labels.escape(labels.method(spec.base.name))}}}"])
    lines = lines or [[r"\multicolumn{3}{l}{none}"]]
    groups.append([[label if position == 0 else "", *line] for position, line in enumerate(lines)])
header = [["method", "hyperparameter", "default", "range"]]
captions.write(tables.booktabs(header, groups, "llrl"), out)

# %%
draws = labels.word(settings["experiments"][experiment]["draws"])
facts = f"Scale {labels.escape(settings['scale'])}: {draws} draws for each method and seed."
captions.write(" ".join([captions.headline("search_spaces"), facts, captions.origin("search_spaces")]), caption)
