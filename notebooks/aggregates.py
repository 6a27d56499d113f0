# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does the comparison depend on how runs are summed up?
#
# Means over seeds and t tests are one choice. Beside them stand the interquartile mean, which no outlier moves, the
# probability that a run beats one of the reference, which knows order only, and the sign-flip test, which assumes
# symmetry and no distribution.

# %%
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, tables
from robustpath.records import labels, load, present, report_settings, test_scores
from robustpath.records.selection import select
from robustpath.statistics import aggregates
from robustpath.statistics.comparison import seed_means
from robustpath.statistics.intervals import average, paired

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it
experiment = "data_efficiency"
relevant = 0.5  # percentage points: the difference for which the seeds needed are counted

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
reference, confidence = settings["reference"], settings["confidence"]

# %% [markdown]
# A task is a data set at one number of training examples, in distribution.

# %%
scores = test_scores(select(table), experiment)
scores = scores[scores["shift_family"] == "none"]
tasks = average(scores, ["shift", "severity"])
middle = aggregates.interquartile_means(tasks, reference, confidence).set_index("method")
better = aggregates.improvement(tasks, reference, confidence).set_index("method")
display(middle, better)

# %% [markdown]
# The tests are on the means of each seed, as in the comparison of methods.

# %%
means = seed_means(scores).drop(columns="shift_family")
tests = paired(means, [], reference, confidence).set_index("method")
flips = aggregates.sign_flips(means, reference).set_index("method")["p"]
wide = means.pivot(index="seed", columns="method", values="value")
spread = 100 * wide.sub(wide[reference], axis="index").std()
others = present(settings["methods"], tests.index)
needed = {name: aggregates.runs_needed(relevant, spread[name], 1 - confidence) for name in others if spread[name] > 0}
display(tests, flips, spread, needed)


# %%
def row(method):
    """Interquartile mean, its difference to the reference, the probability of improvement, tests and seeds needed."""
    own, chance = middle.loc[method], better.loc[method]
    name = labels.escape(labels.method(method))
    first = [name, labels.percent(own["mean"]), labels.percent_range(own["low"], own["high"])]
    if method == reference:
        return [*first, *[""] * 8]
    test = tests.loc[method]
    return [
        *first,
        labels.points(own["difference"]),
        labels.points_range(own["difference_low"], own["difference_high"]),
        f"{chance['probability']:.2f}",
        f"[{chance['low']:.2f}, {chance['high']:.2f}]",
        labels.points(test["mean"]),
        verdicts.p_value(test["p"]),
        verdicts.p_value(flips[method]),
        labels.count(needed[method]) if method in needed else "--",
    ]


spans = [
    tables.span(r"interquartile mean (\%)", 2, 3),
    tables.span("of the differences", 4, 5),
    tables.span("improvement", 6, 7),
    tables.span("mean difference", 8, 10),
]
header = [
    ["", *(text for text, _ in spans), "seeds"],
    " ".join(rule for _, rule in spans),
    ["method", "", "interval", "", "interval", "$P$", "interval", "", "$p_t$", r"$p_\pm$", "needed"],
]
groups = [[row(reference)], [row(method) for method in others]]
captions.write(tables.booktabs(header, groups, "l" + "rl" * 3 + "rrrr", gap="2.5pt", size="scriptsize"), out)

# %%
seeds, count = int(middle["n"].iloc[0]), int(middle["tasks"].iloc[0])
resamples = labels.count(aggregates.RESAMPLES)
kind = f"percentile bootstraps ({resamples} resamples), stratified by data set" if seeds > 1 else ""
correction = (
    f"The means are over {labels.count(count)} tasks. $p_t$: paired $t$ test; $p_\\pm$: sign-flip test; neither is "
    f"corrected. Seeds needed: to find a difference of {relevant:g} points in four cases of five, by the standard "
    f"deviation of the method's differences. To tell $P = 0.75$ from one half "
    f"takes {labels.count(aggregates.runs_for_probability(0.75))} pairs of runs (Noether)."
)
captions.write(
    captions.caption("aggregates", settings, table, experiment, correction=correction, intervals=kind), caption
)
