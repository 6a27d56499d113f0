# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the walks keep their level, and where do they lead?
#
# One row a walk and label noise: whether it kept its level on all training examples, how many of its steps were
# accepted, how far it moved the weights and the function, and what became of the curvature, from the start of the walk
# to its end and to the end of training.

# %%
import numpy as np
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.claims.judge import void_walks
from robustpath.figures import captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics import walks

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "minima"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
judged = verdicts.read(claims, settings["scale"])
own = walks.of_defaults(table, experiment)

# %% [markdown]
# Medians over the runs of all data sets and seeds. How far the function moves is set against what another order of the
# batches does to SGD; below about one, nothing but noise has moved.

# %%
curvatures = [walks.START, walks.END, walks.TRAINED]
metrics = [
    "walk_accepted",
    "walk_displacement",
    "walk_function_distance",
    *curvatures,
]
medians = walks.medians(own, metrics)
levels = void_walks(table[table["experiment"] == experiment], judged["tolerance"])
levels = levels.set_index(["method", "label_noise"])
order_noise = own[(own["method"] == "reordered_sgd") & (own["metric"] == "function_distance")]
order_noise = order_noise.groupby("label_noise")["value"].median()
display(medians.join(levels, how="right"), order_noise)


# %%
def number(value, digits=2):
    """A measure with `digits` figures that count."""
    if np.isnan(value):
        return "--"
    if value == 0 or 1e-3 <= abs(value) < 1000:
        return f"{value:#.{digits}g}".rstrip(".")
    return labels.scientific(f"{value:.{digits - 1}e}")


def row(method, noise, first):
    """One walk at one label noise."""
    its, level = medians.loc[(method, noise)], levels.loc[(method, noise)]
    moved = its["walk_function_distance"] / order_noise.get(noise, np.nan)
    curvature = [number(its[name]) for name in curvatures]
    error = "--" if np.isinf(level["median"]) else labels.percent(level["median"])
    return [
        labels.escape(labels.method(method)) if first else "",
        f"{100 * noise:g}",
        error,
        f"{level['void']:.0f} of {level['walks']:.0f}",
        labels.percent(its["walk_accepted"], 0),
        number(its["walk_displacement"]),
        number(its["walk_function_distance"]),
        number(moved),
        *curvature,
    ]


walked = [name for name in settings["methods"] if name in levels.index.get_level_values("method")]
groups = [[row(method, noise, i == 0) for i, noise in enumerate(sorted(levels.loc[method].index))] for method in walked]
spans = [tables.span("level", 3, 4), tables.span("moved", 6, 8), tables.span(r"$\lambda_{\max}$", 9, 11)]
header = [
    ["", "noise", spans[0][0], "accepted", spans[1][0], spans[2][0]],
    " ".join(rule for _, rule in spans),
    ["walk", r"(\%)", r"error (\%)", "void", r"(\%)", "weights", "JS", r"$\times$ order", "start", "end", "trained"],
]
captions.write(tables.booktabs(header, groups, "lrrrrrrrrrr"), out)

# %%
noise = "; ".join(rf"{100 * level:g}\,\%: {number(value)}" for level, value in order_noise.items())
facts = (
    rf"A walk is void where its level error exceeds {100 * judged['tolerance']:g}\,\%. Median Jensen-Shannon "
    f"divergence between SGD and SGD with another order of batches, by label noise: {noise or labels.MISSING}."
)
said = captions.caption("walks", settings, table, experiment, rule=None, correction=facts, intervals="")
captions.write(said, caption)
