# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which way of training reaches the better minimum?
#
# One row a method: the paired difference to the reference in distribution after training on clean and on noisy labels,
# of the selected draws and of the defaults, under natural shift and under corruptions. The last columns say how many
# runs diverged and how many walks left their level.

# %%
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.claims.judge import void_walks
from robustpath.figures import captions, tables
from robustpath.records import labels, load, report_settings
from robustpath.statistics.comparison import by_level, cost
from robustpath.statistics.intervals import holm

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
table = table[table["experiment"] == experiment]
judged = verdicts.read(claims, settings["scale"])
reference, level = settings["reference"], 1 - settings["confidence"]

# %% [markdown]
# Accuracy in distribution at the lowest and the highest label noise, accuracy under shift at the lowest. Holm's
# correction runs over the differences of the selected draws that are shown, and over no others. The defaults stand
# beside them: which draw is selected is in part chance, and adds to the scatter of a difference.

# %%
comparison = by_level(table, experiment, reference, settings["confidence"])
noise = sorted(comparison["label_noise"].unique())
kinds = [(noise[0], "none"), (noise[-1], "none"), (noise[0], "natural"), (noise[0], "corruption")]
found = set(zip(comparison["label_noise"], comparison["shift_family"], strict=True))
kinds = [kind for kind in dict.fromkeys(kinds) if kind in found]
cells = comparison.set_index(["label_noise", "shift_family", "method"]).sort_index()
shown = cells[[place[:2] in kinds for place in cells.index]].copy()
shown["holm"] = holm(shown["p"].dropna()).reindex(shown.index)
plain = by_level(table[table["draw"] == 0], experiment, reference, settings["confidence"])
plain = plain.set_index(["label_noise", "shift_family", "method"]).sort_index()
display(shown, plain)

# %%
costs = cost(table, experiment)
some_diverged = bool(costs["diverged"].any())  # else the caption says so for all
walks = void_walks(table, judged["tolerance"]).groupby("method")[["walks", "void"]].sum()
display(walks)


# %%
def row(method):
    """Difference in each kind of test, in distribution with the defaults too, then divergence and void walks."""
    each = []
    for kind in kinds:
        each += difference(method, shown.loc[(*kind, method)], corrected=True)
        if kind[1] == "none":
            each += difference(method, plain.loc[(*kind, method)], corrected=False)
    void = f"{walks.loc[method, 'void']}/{walks.loc[method, 'walks']}" if method in walks.index else ""
    name = labels.escape(labels.method(method))
    return [name, *each, *[labels.count(costs.loc[method, "diverged"])] * some_diverged, void]


def difference(method, cell, corrected):
    """The cells of a paired difference with half the width of its interval, starred when it stays after Holm's
    correction, which the defaults have none of. The reference has its accuracy instead."""
    if method == reference:
        return tables.effect(labels.percent(cell["mean"]))
    half = labels.percent(cell["difference_high"] - cell["difference"])
    return tables.effect(labels.points(cell["difference"]), half, corrected and cell["holm"] < level)


heads = {
    (noise[-1], "none"): rf"{100 * noise[-1]:g}\,\% label noise",
    (noise[0], "none"): "in distribution",
    (noise[0], "natural"): "natural shift",
    (noise[0], "corruption"): "corruptions",
}
widths = [2 if kind[1] == "none" else 1 for kind in kinds]
columns = 1 + 2 * sum(widths) + some_diverged + 1
groups = [[row(reference)]]
for name, members in verdicts.grouped(list(costs.index), judged, reference).items():
    ordered = [method for method in settings["methods"] if method in members]
    groups.append([tables.heading(name, columns), *map(row, ordered)])
starts = [2 + 2 * sum(widths[:i]) for i in range(len(kinds))]
spans = [
    tables.span(heads[kind], start, start + 2 * width - 1)
    for kind, start, width in zip(kinds, starts, widths, strict=True)
]
names = [text for width in widths for text in ["selected", "defaults"][:width]]
header = [
    ["", *(text for text, _ in spans), *[""] * some_diverged, "void"],
    " ".join(rule for _, rule in spans),
    ["method", *map(tables.over, names), *["div."] * some_diverged, "walks"],
]
alignment = "l" + tables.EFFECT * sum(widths) + "r" * some_diverged + "r"
captions.write(tables.booktabs(header, groups, alignment, gap="5pt"), out)

# %%
compared = int(shown["holm"].count())
correction = (
    r"Defaults: draw 0 of the same runs, for which nothing was selected. "
    rf"A star marks differences that remain at {100 * level:.3g}\,\% after Holm's correction over the {compared} "
    + r"comparisons of selected draws. "
    + r"div.: diverged runs; " * some_diverged
    + rf"A walk is void where its level error exceeds {100 * judged['tolerance']:g}\,\%."
)
captions.write(captions.caption("minima_comparison", settings, table, experiment, correction=correction), caption)
