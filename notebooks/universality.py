# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do two runs learn the same features?
#
# Features are the latents of a sparse autoencoder of each run's last hidden layer. Those of two runs are paired by the
# correlation of their activations on the same test examples; how alike their directions are is compared with pairs at
# random. Two runs differ in the seed, or in the loss.

# %%
from IPython.display import display

from robustpath.figures import captions, groups, representations, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.groups import RULES, scores, selected
from robustpath.statistics.streams import means

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "activation_references"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, reference = settings["confidence"], settings["reference"]
plan = settings["experiments"][experiment]
chosen = selected(table, experiment, RULES["validation"])
chosen = chosen[chosen["label_noise"] == min(plan["label_noise"])]
found = {
    metric: means(scores(chosen, metric).dropna(subset="value"), ["dataset", "method"], confidence)
    for partner in representations.PARTNERS
    for statistic in representations.STATISTICS
    for metric in (f"universality_{partner}_{statistic}", f"universality_{partner}_{statistic}_null")
}
display(found)

# %%
methods, first = groups.in_order(plan["methods"], reference), next(iter(representations.STATISTICS))
figure, panels = style.panels(
    len(plan["datasets"]), len(representations.STATISTICS), 0.7 + 1.35 * len(plan["datasets"])
)
for place, (line, dataset) in enumerate(zip(panels, plan["datasets"], strict=True)):
    for panel, (statistic, words) in zip(line, representations.STATISTICS.items(), strict=True):
        for offset, (partner, look) in enumerate(representations.PARTNERS.items()):
            for null in ("", "_null"):
                rows = found[f"universality_{partner}_{statistic}{null}"].query("dataset == @dataset")
                rows = rows.set_index("method").reindex(methods)
                heights = [row + 0.24 * offset - 0.12 for row in range(len(methods))]
                panel.errorbar(
                    rows["mean"], heights, xerr=[rows["mean"] - rows["low"], rows["high"] - rows["mean"]],
                    linestyle="", elinewidth=0.8, marker=look.marker, fillstyle="none" if null else "full",
                    color="0.6" if null else look.colour, label=None if null else look.words,
                )  # fmt: skip
        names = [labels.method(name) for name in methods]
        panel.set_yticks(range(len(methods)), names if statistic == first else [""] * len(methods))
        panel.set_ylim(len(methods) - 0.5, -0.5)
        panel.set_title("" if place else words)
    line[0].set_ylabel(labels.dataset(dataset))
for panel in panels[-1]:
    panel.set_xlabel("similarity")
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
note = "All at default strengths; grey and open: the same features paired at random."
finding = representations.alike(found, reference)
captions.write(groups.caption("universality", finding, settings, table, experiment, chosen=note), caption)
