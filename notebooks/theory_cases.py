# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the theory cases come out as the theory says?
#
# Every quantity of a theory case whose outcome is known, with what was measured over all repetitions.

# %%
import re

import numpy as np
from IPython.display import display

from robustpath.figures import bands, captions, tables
from robustpath.methods import names
from robustpath.records import labels, report_settings, traces
from robustpath.theory.table import read

# %% tags=["parameters"]
records = None  # not used: every notebook takes the same parameters
theory = None  # files of the theory cases; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
table = read(traces.files(theory, settings["scale"], "theory/*.parquet"))
known = table[table["expected"].notna() & (table["quantity"] != "final loss")]  # descents end at the saddles' minima
place = ["case", "source", "landscape", "method", "quantity", "expected"]
measured = known.groupby(place, sort=False)["value"].agg(["min", "mean", "max", "size"])
measured["missed"] = bands.missed(measured["mean"].rename("value").reset_index()).to_numpy()
display(measured)


# %% [markdown]
# A measured number that repeats alike is given once; else its mean, and the range over the repetitions. What misses its
# band is marked. A method is named where it is one of the registry; the other runs are plain gradient descent.


# %%
def number(value):
    """Three digits; what is zero but for rounding has its order of magnitude."""
    if not np.isfinite(value):
        return r"$\infty$"
    size = abs(value)
    text = (
        f"{size:.0f}"
        if size == round(size)
        else f"{size:.0e}"
        if size < 1e-3
        else f"{size:.3g}"
        if size < 999
        else f"{size:.0f}"
    )
    return ("$-$" if value < 0 else "") + labels.scientific(text)


def found(row):
    """The mean, the range where there is one, and a dagger where its band is missed."""
    mark = r"\,\dag" if row["missed"] else ""
    if np.isclose(row["min"], row["max"], rtol=1e-9, atol=0) or row["max"] < 1e-6:
        return number(row["max"]) + mark
    return f"{number(row['mean'])} ({number(row['min'])}--{number(row['max'])})" + mark


def cited(source):
    """A source as the table gives it, in LaTeX: its key cited, the place after it."""
    key, comma, place = source.partition(",")
    return (
        rf"\citet{{{key}}}{comma}{labels.escape(place)}"
        if re.fullmatch(r"[a-z]+\d{4}[a-z]\w*", key)
        else labels.escape(source)
    )


groups = []
for (case, source), rows in measured.groupby(["case", "source"], sort=False):
    lines = [tables.heading(f"{labels.escape(case.replace('_', ' '))}: {cited(source)}", 5)]
    for (_, _, landscape, method, quantity, expected), row in rows.iterrows():
        problem = f"{landscape}, {labels.method(method)}" if method in names() else landscape
        lines.append(
            [labels.escape(problem), labels.escape(quantity), number(expected), found(row), labels.count(row["size"])]
        )
    groups.append(lines)
# The text of the widest columns is broken, so that a row fits on the page.
wide = [rf">{{\raggedright\arraybackslash}}p{{{share}\linewidth}}" for share in (0.3, 0.34)]
header = [["problem", "quantity", "known", "measured", "runs"]]
captions.write(tables.over_pages(header, groups, "".join(wide) + "rlr", size="scriptsize"), out)

# %%
facts = r"\dag: misses its band. Runs: repetitions, each with its own random numbers."
captions.write(" ".join([captions.headline("theory_cases"), facts]), caption)
