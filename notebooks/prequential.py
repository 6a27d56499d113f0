# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How well is each batch predicted before it is learnt?
#
# The length of the code for the labels of the stream, each batch coded by the model that has learnt all batches before
# it. A code may be long because predictions are too sure; the best temperature on all earlier batches tells that apart.

# %%
from IPython.display import display

from robustpath.data import sets
from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.streams import differences, means, noise_entropy, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "streams"
steps = "stream_steps"
reference = "online_sgd"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "method", "evaluations"]
METRICS = {"prequential_bits": "bits a label", "calibrated_bits": "bits, calibrated"}
chosen, plain_steps = (selected(table, name) for name in (experiment, steps))
found = {metric: means(scores(chosen, metric), cells, confidence) for metric in METRICS}
lines = {metric: means(scores(plain_steps, metric), ["dataset", *cells], confidence) for metric in METRICS}
budgets = sorted(chosen["evaluations"].unique())
code = scores(chosen, "prequential_bits")
ends = code[code["evaluations"].isin([budgets[0], budgets[-1]])]
changes = differences(ends, cells[:2], "evaluations", budgets[0], confidence)
display(found["prequential_bits"], found["calibrated_bits"], changes)

# %%
noise = sorted(chosen["label_noise"].unique())
classes = sets.load(settings["experiments"][experiment]["datasets"][0]).ENTRY.classes
floors = {level: noise_entropy(level, classes) for level in noise}
places, height = streams.places(present(settings["methods"], found["prequential_bits"]["method"]))

# %%
style.panels(1, 1, 1.0)  # for its settings
total = (1.0 + 0.175 * height, 1.9)
figure = style.plt.figure(figsize=(style.TEXT_WIDTH, sum(total)), layout="constrained")
upper, lower = figure.subfigures(2, 1, height_ratios=total)
panels = upper.subplots(1, 2 * len(noise), sharey=True, squeeze=False)[0]
kinds = [(metric, level) for metric in METRICS for level in noise]
for panel, (metric, level) in zip(panels, kinds, strict=True):
    for position, (budget, (colour, marker)) in enumerate(zip(budgets, streams.STEPS, strict=False)):
        rows = found[metric]
        rows = rows[(rows["label_noise"] == level) & (rows["evaluations"] == budget)]
        offset = 0.56 * ((position + 0.5) / len(budgets) - 0.5)
        panel.errorbar(
            rows["mean"], [places[name] + offset for name in rows["method"]], xerr=rows["high"] - rows["mean"],
            fmt=marker, color=colour, elinewidth=0.7, markersize=2.8, linestyle="none", label=f"{budget:g}",
        )  # fmt: skip
    if floors[level]:
        panel.axvline(floors[level], color="0.4", linewidth=0.7, linestyle=(0, (4, 2)))
    panel.set_title(streams.noise_title(level))
    panel.set_xlabel(METRICS[metric])
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.9", linewidth=0.5)
    panel.set_axisbelow(True)
panels[0].set_yticks(list(places.values()), [labels.method(name) for name in places])
panels[0].set_ylim(height - 0.8, -0.8)
upper.legend(
    *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(budgets),
    title="gradient evaluations a batch", title_fontsize=8,
)  # fmt: skip

# %% [markdown]
# Plain steps alone, from one step on each batch.

# %%
datasets = settings["experiments"][steps]["datasets"]
looks = dict(zip(datasets, [("#000000", "o"), ("#D55E00", "s")], strict=False))
panels = lower.subplots(1, len(noise), squeeze=False)[0]
for panel, level in zip(panels, noise, strict=True):
    for metric, line, face in (("prequential_bits", "-", None), ("calibrated_bits", (0, (1, 1)), "white")):
        for dataset, (colour, marker) in looks.items():
            rows = lines[metric]
            rows = rows[(rows["label_noise"] == level) & (rows["dataset"] == dataset)]
            panel.errorbar(
                rows["evaluations"], rows["mean"], rows["high"] - rows["mean"], color=colour, marker=marker,
                linestyle=line, markerfacecolor=face or colour, markersize=3, elinewidth=0.7, linewidth=0.9,
                label=labels.dataset(dataset) + (", calibrated" if face else ""),
            )  # fmt: skip
    if floors[level]:
        panel.axhline(floors[level], color="0.4", linewidth=0.7, linestyle=(0, (4, 2)))
    panel.set_xscale("log")
    ticks = sorted(plain_steps["evaluations"].unique())
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set_title(f"{labels.method(reference)}, {streams.noise_title(level)}")
panels[0].set_ylabel("bits a label")
lower.supxlabel("gradient evaluations a batch", fontsize=8.5)
lower.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
style.save(figure, out)

# %%
finding = findings.codes(changes, found["prequential_bits"], reference, floors)
captions.write(streams.caption("prequential", finding, settings, table, [experiment, steps]), caption)
