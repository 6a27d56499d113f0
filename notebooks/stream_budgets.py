# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do more steps on a batch help?
#
# In a stream, each batch comes once and stays for as many steps as a budget of gradient evaluations pays. Every method
# is compared with itself at other budgets: accuracy on all tasks after the last one, and forgetting.

# %%
from IPython.display import display

from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics.streams import differences, means, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "streams"
reference = "online_sgd"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence = settings["confidence"]
chosen = selected(table, experiment)
cells = ["label_noise", "method", "evaluations"]
shown = {
    metric: means(scores(chosen, metric), cells, confidence).set_index(cells) for metric in ("accuracy", "forgetting")
}
changes = differences(scores(chosen, "accuracy"), cells[:2], "evaluations", chosen["evaluations"].min(), confidence)
display(shown["accuracy"], shown["forgetting"], changes)

# %% [markdown]
# One row a method and one mark a budget: a row that leans to the right says that steps help.

# %%
noise, budgets = (sorted(chosen[name].unique()) for name in ("label_noise", "evaluations"))
places, height = streams.places(present(settings["methods"], chosen["method"]))
figure, panels = style.panels(1, 2 * len(noise), 1.0 + 0.168 * height, sharey=True)
kinds = [(metric, level) for metric in shown for level in noise]
for panel, (metric, level) in zip(panels[0], kinds, strict=True):
    for position, (budget, (colour, marker)) in enumerate(zip(budgets, streams.STEPS, strict=False)):
        found = [(name, shown[metric].loc[(level, name, budget)]) for name in places
                 if (level, name, budget) in shown[metric].index]  # fmt: skip
        offset = 0.56 * ((position + 0.5) / len(budgets) - 0.5)
        panel.errorbar(
            [100 * row["mean"] for _, row in found],
            [places[name] + offset for name, _ in found],
            xerr=[100 * (row["high"] - row["mean"]) for _, row in found],
            fmt=marker, color=colour, elinewidth=0.7, markersize=2.8, linestyle="none", label=f"{budget:g}",
        )  # fmt: skip
    panel.set_title(streams.noise_title(level))
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="0.9", linewidth=0.5)
    panel.set_axisbelow(True)
panels[0][0].set_yticks(list(places.values()), [labels.method(name) for name in places])
panels[0][0].set_ylim(height - 0.8, -0.8)
for start, words in ((0, "final accuracy (%)"), (len(noise), "forgetting (points)")):
    alike = panels[0][start : start + len(noise)]
    limits = [panel.get_xlim() for panel in alike]
    for panel in alike:
        panel.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        panel.set_xlabel(words)
figure.legend(
    *panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(budgets),
    title="gradient evaluations a batch", title_fontsize=8,
)  # fmt: skip
style.save(figure, out)

# %%
mixed = "Joint training, in which tasks are mixed, is an upper bound and has nothing to forget."
note = mixed if "joint" in places else ""
finding = findings.budgets(changes, reference)
captions.write(streams.caption("stream_budgets", finding, settings, table, [experiment], note), caption)
