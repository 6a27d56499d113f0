# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does a model that mixes features rely more on shortcuts than its accuracy says?
#
# All runs of a grid of losses and strengths, none selected. From the worst-group error is taken what a line in the
# accuracy in distribution explains; the partial correlation is that of ranks, its interval from a bootstrap over seeds.

# %%
from IPython.display import display

from robustpath.figures import activation_losses, captions, groups, style
from robustpath.records import RUN, labels, load, plain, report_settings
from robustpath.statistics import partial

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "activation_losses"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, reference = settings["confidence"], settings["reference"]
plan = settings["experiments"][experiment]
own = plain(table[(table["experiment"] == experiment) & (table["shift"] == "none")])


def column(metric, split=None):
    """A metric of every run, by run; on test data where it is taken there and no split is named."""
    rows = own[own["metric"] == metric]
    split = split or ("test" if (rows["split"] == "test").any() else rows["split"].iloc[0])
    return rows[rows["split"] == split].set_index(RUN)["value"]


runs = column("polysemanticity").to_frame("x")
runs = runs.assign(y=1 - column("accuracy_worst_group"), given=column("accuracy", "validation")).dropna().reset_index()
found = {name: partial.estimate(rows, confidence) for name, rows in runs.groupby("dataset")}
found = {name: found[name] for name in plan["datasets"] if name in found}
display(found)

# %%
figure, panels = style.panels(1, len(plan["datasets"]), 1.7)
for panel, dataset in zip(panels[0], plan["datasets"], strict=True):
    rows = runs[runs["dataset"] == dataset]
    rows = rows.assign(left=partial.residuals(rows["y"].to_numpy(), rows["given"].to_numpy()))
    for name, methods in activation_losses.by_kind(plan["methods"], reference).items():
        colour, marker = activation_losses.LOOKS[name]
        kind = rows[rows["method"].isin(methods)]
        panel.plot(
            kind["x"], 100 * kind["left"], linestyle="", marker=marker, color=colour, markersize=2, alpha=0.6,
            markeredgewidth=0, label=name,
        )  # fmt: skip
    panel.axhline(0, color="0.6", linewidth=0.6)
    panel.set_title(labels.dataset(dataset))
    panel.set_xlabel("polysemanticity")
panels[0][0].set_ylabel("excess worst-group\nerror (points)")
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4, markerscale=2.5)
style.save(figure, out)

# %%
note = "No run is selected."
finding = activation_losses.link(found)
kind = "intervals of a bootstrap over seeds"
text = groups.caption("representation_link", finding, settings, table, experiment, chosen=note, intervals=kind)
captions.write(text, caption)
