# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does it matter when the minority is met?
#
# The same examples, each as often, in other orders; self-paced learning alone chooses. With a short warm-up the rate
# falls to zero, so that what comes last changes little; with a warm-up as long as training it is highest at the end.

# %%
from IPython.display import display

from robustpath.figures import captions, groups, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.groups import RULES, scores, selected
from robustpath.statistics.streams import differences

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "curricula"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, reference = settings["confidence"], settings["reference"]
chosen = selected(table, experiment, RULES["validation"], ["warmup"])
METRICS = {"accuracy_worst_group": ("worst group", "full"), "accuracy": ("mean over groups", "none")}
found = {
    metric: differences(scores(chosen, metric, ["warmup"]), ["dataset", "warmup"], "method", reference, confidence)
    for metric in METRICS
}
worst = scores(chosen, "accuracy_worst_group", ["warmup"])
pooled = differences(worst, ["warmup"], "method", reference, confidence)
display(found, pooled)

# %%
plan = settings["experiments"][experiment]
orders = [name for name in plan["methods"] if name != reference]
figure, panels = style.panels(1, len(plan["datasets"]), 1.9)
warmups = sorted(pooled["warmup"].unique())
for panel, dataset in zip(panels[0], plan["datasets"], strict=True):
    for place, warmup in enumerate(warmups):
        for offset, (metric, (words, fill)) in enumerate(METRICS.items()):
            rows = found[metric].query("dataset == @dataset and warmup == @warmup").set_index("method").loc[orders]
            # The marks of an order share out its row, so that none hides another where all are near zero.
            series = len(warmups) * len(METRICS)
            aside = 0.88 * ((len(METRICS) * place + offset + 0.5) / series - 0.5)
            heights = [number + aside for number in range(len(orders))]
            panel.errorbar(
                100 * rows["mean"], heights, xerr=100 * (rows["high"] - rows["mean"]), linestyle="", elinewidth=0.8,
                color=style.COLOURS[(4, 5)[place % 2]], marker="os"[offset], fillstyle=fill, markersize=2.3,
                markeredgewidth=0.6, label=f"{groups.rate_words(warmup)}, {words}",
            )  # fmt: skip
    panel.axvline(0, color="0.6", linewidth=0.6)
    panel.set_yticks(range(len(orders)), [labels.method(name) for name in orders] if dataset == plan["datasets"][0]
                     else [""] * len(orders))  # fmt: skip
    panel.set_ylim(len(orders) - 0.5, -0.5)
    panel.set_title(labels.dataset(dataset))
    panel.set_xlabel(f"difference to {labels.method(reference)} (points)")
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=7,
              handlelength=1.2, handletextpad=0.5, columnspacing=1.0)  # fmt: skip
style.save(figure, out)

# %%
note = "All else but the warm-up is the default; the finding is a mean over data sets."
captions.write(groups.caption("curricula", groups.orders(pooled), settings, table, experiment, chosen=note), caption)
