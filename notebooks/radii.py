# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does a controller of the radius spare the search for it?
#
# A controller begins with a radius and changes it as batches come. If it works, its first radius should matter little;
# and a ball whose distance is mostly beyond its radius has not been held at all.

# %%
from IPython.display import display

from robustpath.figures import captions, findings, streams, style
from robustpath.records import labels, load, plain, report_settings
from robustpath.statistics.streams import differences, means, scores, told

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # what the report is told of the config; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "radii"
reference = "ball_multiplier"
HELD = 1.2  # distance over radius up to which a ball counts as held

# %%
settings = report_settings(settings)
table = load(records, settings["scale"])
confidence, cells = settings["confidence"], ["label_noise", "method", "radius"]
own = told(plain(table[table["experiment"] == experiment]), "radius")
accuracy = scores(own, "accuracy", ["radius"])
found = means(accuracy, cells, confidence)
ratios = means(scores(own, "ratio", ["radius"]), cells, confidence)
noise, radii = (sorted(found[name].unique()) for name in ("label_noise", "radius"))
ends = accuracy[accuracy["radius"].isin([radii[0], radii[-1]])]
changes = differences(ends, cells[:2], "radius", radii[0], confidence)
display(found, ratios, changes)

# %%
methods = [name for name in settings["methods"] if name in set(found["method"])]
methods = [reference, *(name for name in methods if name != reference)]
figure, panels = style.panels(2, len(noise), 4.0, sharex=True)
rows = found.merge(ratios, on=cells, how="left", suffixes=("", "_ratio"))
for column, level in enumerate(noise):
    for place, method in enumerate(methods):
        line = rows[(rows["label_noise"] == level) & (rows["method"] == method)].sort_values("radius")
        shifted = line["radius"] * 1.035 ** (place - (len(methods) - 1) / 2)  # so that intervals stand side by side
        colour, marker = style.COLOURS[place % len(style.COLOURS)], style.MARKERS[place % len(style.MARKERS)]
        for panel, suffix, factor in ((panels[0][column], "", 100), (panels[1][column], "_ratio", 1)):
            mean, reach = factor * line[f"mean{suffix}"], factor * (line[f"high{suffix}"] - line[f"mean{suffix}"])
            panel.errorbar(shifted, mean, reach, color=colour, linewidth=0.8, elinewidth=0.6)
            for held, face in ((True, colour), (False, "white")):
                some = (line["mean_ratio"] <= HELD) == held
                panel.plot(
                    shifted[some], mean[some], linestyle="none", marker=marker, color=colour, markerfacecolor=face,
                    markersize=3.4,
                )  # fmt: skip
        panels[0][column].plot([], [], color=colour, marker=marker, label=labels.method(method))
    panels[0][column].set_title(streams.noise_title(level))
    panels[1][column].axhline(HELD, color="0.4", linewidth=0.7, linestyle=(0, (4, 2)))
    panels[1][column].set_yscale("log")
    panels[1][column].set_xscale("log")
    panels[1][column].set_xticks(radii, [f"{radius:g}" for radius in radii])
    panels[1][column].minorticks_off()
panels[0][0].set_ylabel("final accuracy (%)")
panels[1][0].set_ylabel("distance / radius")
figure.supxlabel("first radius (nats)", fontsize=8.5)
figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
style.save(figure, out)

# %%
note = "Hyperparameters other than the radius are the defaults."
finding = findings.radii(changes, ratios, reference, HELD)
captions.write(streams.caption("radii", finding, settings, table, [experiment], chosen=note), caption)
