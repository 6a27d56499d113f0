# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does a ball help by shortening steps, or by turning them?
#
# Each penalty has a twin that keeps the directions of plain steps and only cuts their length back to the same ball. At
# equal accuracy on the next batch, what the penalty keeps of earlier tasks beyond its twin is due to direction.

# %%
import pandas as pd
from IPython.display import display

from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.streams import differences, means, scores, selected

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "streams"
reference = "online_sgd"
TWINS = {"replay_ball": "ball_line_search", "batch_ball": "batch_line_search"}

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "method", "evaluations"]
chosen = selected(table, experiment)
pairs = {ball: twin for ball, twin in TWINS.items() if {ball, twin} <= set(chosen["method"].unique())}
shown = chosen[chosen["method"].isin([reference, *pairs, *pairs.values()])]
final, met = (scores(shown, metric) for metric in ("accuracy", "prequential_accuracy"))
found = means(final, cells, confidence).merge(means(met, cells, confidence), on=cells, suffixes=("", "_met"))
display(found)

# %%
last = final[final["evaluations"] == final["evaluations"].max()]
parts = []
for ball, twin in pairs.items():
    for what, one, other in (("direction", ball, twin), ("size", twin, reference)):
        both = last[last["method"].isin([one, other])]
        parts.append(differences(both, ["label_noise"], "method", other, confidence).assign(ball=ball, what=what))
gaps = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
display(gaps)

# %%
noise = sorted(found["label_noise"].unique())
figure, panels = style.panels(1, len(noise), 2.7)
for panel, level in zip(panels[0], noise, strict=True):
    for method in [reference, *(name for pair in pairs.items() for name in pair)]:
        rows = found[(found["label_noise"] == level) & (found["method"] == method)].sort_values("evaluations")
        filled = method not in pairs.values()
        look = streams.look(method)
        face = look["color"] if filled else "white"
        panel.errorbar(
            100 * rows["mean_met"], 100 * rows["mean"], 100 * (rows["high"] - rows["mean"]), color=look["color"],
            elinewidth=0.5, linewidth=0.8, linestyle="-" if filled else (0, (4, 1.5)), zorder=2,
        )  # fmt: skip
        sizes = [8 + 9 * place for place in range(len(rows))]
        panel.scatter(
            100 * rows["mean_met"], 100 * rows["mean"], s=sizes, marker=look["marker"], facecolor=face,
            edgecolor=look["color"], linewidth=0.8, zorder=3,
        )  # fmt: skip
        panel.plot(
            [], [], color=look["color"], marker=look["marker"], markerfacecolor=face, markersize=4, linewidth=0.8,
            linestyle="-" if filled else (0, (4, 1.5)), label=labels.method(method),
        )  # fmt: skip
    panel.set_title(streams.noise_title(level))
panels[0][0].set_ylabel("final accuracy (%)")
figure.supxlabel("prequential accuracy (%)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
style.save(figure, out)

# %%
note = "The finding compares at the largest budget, in which a penalty has fewer steps than its twin."
captions.write(streams.caption("size_direction", findings.twins(gaps), settings, table, [experiment], note), caption)
