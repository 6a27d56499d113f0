# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does learning to learn beat learning everything together and tuning?
#
# Five letters that a run never met, in typefaces that it never met, from one or a few examples of each.

# %%
from IPython.display import display

from robustpath import methods
from robustpath.figures import captions, episodes, tables
from robustpath.methods.base import build
from robustpath.protocols.episodes.sizes import NAMES, STEPS
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.intervals import interval, paired
from robustpath.statistics.streams import selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "episodes"
reference = "fine_tuning"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
after = dict(zip(NAMES, STEPS, strict=True))
chosen = selected(table, experiment).query("split == 'test'")
chosen = chosen.assign(steps=chosen["metric"].map(after))
cells = ["shots", "steps", "method"]
rows = chosen.groupby([*cells, "seed"], as_index=False)["value"].mean()
found = interval(rows, cells, settings["confidence"])
names = present(settings["methods"], rows["method"])
compared = paired(rows[rows["steps"] > 0], ["shots", "steps"], reference, settings["confidence"])
display(found, compared)
learning = [name for name in names if build(methods.load(name), {}).order == "episodes"]


# %%
def cell(shots, steps, method):
    """A mean with half the width of its interval, bold where it is the highest of its column."""
    here = found[(found["shots"] == shots) & (found["steps"] == steps)].set_index("method")
    own = here.loc[method]
    mean = labels.percent(own["mean"])
    mean = rf"\textbf{{{mean}}}" if steps and own["mean"] == here["mean"].max() else mean
    return mean if own["high"] == own["low"] else rf"{mean}\,$\pm$\,{labels.percent(own['high'] - own['mean'])}"


shots = sorted(found["shots"].unique())
width = len(STEPS)
spans = [
    tables.span(episodes.shots_words(number), 2 + width * place, 1 + width * (place + 1))
    for place, number in enumerate(shots)
]
header = [
    ["", *(text for text, _ in spans)],
    " ".join(rule for _, rule in spans),
    ["steps", *[f"{steps}" for steps in STEPS] * len(shots)],
]
body = [
    [labels.escape(labels.method(method)), *(cell(number, steps, method) for number in shots for steps in STEPS)]
    for method in names
]
captions.write(tables.booktabs(header, [body], "l" + "r" * width * len(shots)), out)

# %%
finding = episodes.finding(compared[compared["method"].isin(learning)], reference)
captions.write(episodes.caption("episodes", finding, settings, table, experiment), caption)
