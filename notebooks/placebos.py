# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do methods without a walk meet the same conditions?
#
# Every control goes through the conditions of every hypothesis as if it were a variant. A hypothesis that placebos meet
# too says nothing of the walk.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, tables
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: the placebos were judged from the records
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
judged = verdicts.read(claims, settings["scale"])
compared = [verdict for verdict in judged["verdicts"] if verdict["placebos"]]
rows = [row | {"id": verdict["id"]} for verdict in compared for row in verdict["placebos"]]
display(pd.DataFrame(rows).drop(columns="conditions", errors="ignore"))

# %% [markdown]
# A symbol for each condition, in the order of paper/claims.yaml; a dot where there is nothing to compare, as with the
# method itself or without a walk.

# %%
levels = sorted({row["label_noise"] for row in rows})
found = {(row["id"], row["variant"], row["label_noise"]): row for row in rows}
NOTHING = r"$\cdot$"


def cell(claim, method, level):
    """The verdicts on one placebo's conditions, bold where it meets them all."""
    row = found.get((claim, method, level))
    if row is None:
        return ""
    signs = [NOTHING if each["effect"] is None else verdicts.SYMBOLS[each["verdict"]] for each in row["conditions"]]
    text = r"\,".join(signs)
    return rf"\fbox{{{text}}}" if row["verdict"] == "supported" else text


methods = [name for name in judged["placebos"] if any(row["variant"] == name for row in rows)]
header = [["placebo", r"noise (\%)", *(verdict["id"] for verdict in compared)]]
groups = [
    [
        [
            labels.escape(labels.method(method)) if place == 0 else "",
            f"{100 * level:g}",
            *(cell(verdict["id"], method, level) for verdict in compared),
        ]
        for place, level in enumerate(levels)
    ]
    for method in methods
]
header = header if compared else [["placebo", r"noise (\%)"]]
captions.write(tables.booktabs(header, groups, "lr" + "c" * len(compared), gap="3.5pt"), out)

# %%
key = ", ".join(f"{symbol} {word}" for word, symbol in verdicts.SYMBOLS.items() if word != "void")
exempt = [
    f"{labels.escape(labels.method(one['placebo']))} from {verdict['id']} ({labels.escape(one['reason'].rstrip('.'))})"
    for verdict in compared
    for one in verdict["exempt"]
]
facts = (
    f"One symbol a condition: {key}, {NOTHING} nothing to compare. A frame marks "
    "a placebo that meets all conditions. No $p$ is corrected here and no level has to be kept, both of which let more "
    f"of them pass. Hypotheses on all variants together have no placebos. Left out: {'; '.join(exempt) or 'none'}."
)
captions.write(" ".join([captions.headline("placebos"), facts]), caption)
