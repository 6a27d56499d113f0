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
from robustpath.figures import captions, tables
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
settings = None  # settings of the config that the report uses; None reads config.yaml
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


def ragged(text):
    """A cell of several lines, not justified."""
    return rf"\rightskip=0pt plus 3em\relax {text}"


def short(words):
    """A range in few words: [a, b] is uniform, log [a, b] log-uniform, and a choice stands in braces."""
    if words.startswith("one of "):
        return "{" + words.removeprefix("one of ") + "}"
    return words.replace("log-uniform", "log").replace("uniform ", "")


def drawn(spec):
    """What a method draws; a base that has a row is named, one that has none is spelt out."""
    own = [
        labels.scientific(f"{key.replace('_', ' ')} {space.default:g} {short(space.describe())}")
        for key, space in spec.own_search.items()
    ]
    if spec.base is None:
        return own
    named = [f"{labels.escape(labels.method(spec.base.name))}'s"]
    return own + (named if spec.base.name in specs else drawn(spec.base))


rows = []
for name, spec in specs.items():
    label = labels.escape(labels.method(name)) + (rf"~\citep{{{spec.cite}}}" if spec.cite else "")
    rows.append([ragged(label), ragged("; ".join(drawn(spec)) or "none")])
header = [["method", r"hyperparameters: default, [range] or \{choices\}"]]
captions.write(tables.over_pages(header, [rows], "p{1.95in}p{4.3in}", gap="6pt"), out)

# %%
draws = labels.word(settings["experiments"][experiment]["draws"])
facts = f"{draws.capitalize()} draws for each method and seed, the default among them."
captions.write(" ".join([captions.headline("search_spaces"), facts]), caption)
