# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Do the gains of an episodic memory and of a ball add up?
#
# A memory of keys is of use as long as the network still gives the features that were its keys, and a ball keeps them.
# So both together should do more than the sum of each alone.

# %%
from IPython.display import display

from robustpath.figures import captions, findings, streams, style
from robustpath.records import load, plain, report_settings
from robustpath.statistics.streams import interaction, means, scores, with_hyperparameters

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "memory_ball"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, factors = settings["confidence"], ["memory", "ball"]
own = with_hyperparameters(plain(table[table["experiment"] == experiment]), *factors)
own = own[own["evaluations"] == own["evaluations"].max()]
accuracy = scores(own, "accuracy", factors)
found = means(accuracy, ["label_noise", *factors], confidence)
together = {level: interaction(rows, *factors, confidence) for level, rows in accuracy.groupby("label_noise")}
display(found, together)

# %%
figure, panels = style.panels(1, len(together), 1.7)
for panel, (level, beyond) in zip(panels[0], together.items(), strict=True):
    here = found[found["label_noise"] == level]
    for place, (ball, (colour, marker, words)) in enumerate(
        zip(sorted(here["ball"].unique()), [("#000000", "o", "no ball"), ("#D55E00", "s", "ball")], strict=True)
    ):
        rows = here[here["ball"] == ball].sort_values("memory")
        places = [number + 0.04 * (place - 0.5) for number in range(len(rows))]
        panel.errorbar(
            places, 100 * rows["mean"], 100 * (rows["high"] - rows["mean"]), color=colour, marker=marker,
            elinewidth=0.8, label=words,
        )  # fmt: skip
    panel.set_xticks([0, 1], ["no memory", "memory"])
    panel.set_xlim(-0.3, 1.3)
    low, high = (f"{100 * bound:+.1f}".replace("-", "\N{MINUS SIGN}") for bound in (beyond.low, beyond.high))
    mean = f"{100 * beyond.mean:+.1f}".replace("-", "\N{MINUS SIGN}")
    panel.set_title(f"{streams.noise_title(level)}\ninteraction {mean} [{low}, {high}] points")
panels[0][0].set_ylabel("final accuracy (%)")
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
note = f"{streams.budget(settings['experiments'][experiment])} Other hyperparameters are the defaults."
finding = findings.interactions(together)
captions.write(streams.caption("memory_ball", finding, settings, table, [experiment], chosen=note), caption)
