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
from robustpath.records import labels, load, plain, present, report_settings
from robustpath.statistics.streams import differences, means, scores, with_hyperparameters

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "radii"
reference = "ball_multiplier"
HELD = 1.2  # distance over radius up to which a ball counts as held

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
confidence, cells = settings["confidence"], ["label_noise", "method", "radius"]
own = with_hyperparameters(plain(table[table["experiment"] == experiment]), "radius")
accuracy = scores(own, "accuracy", ["radius"])
found = means(accuracy, cells, confidence)
ratios = means(scores(own, "ratio", ["radius"]), cells, confidence)
noise, radii = (sorted(found[name].unique()) for name in ("label_noise", "radius"))
ends = accuracy[accuracy["radius"].isin([radii[0], radii[-1]])]
changes = differences(ends, cells[:2], "radius", radii[0], confidence)
display(found, ratios, changes)

# %% [markdown]
# One column a controller, with the fixed radius in grey for comparison.

# %%
methods = present(settings["methods"], found["method"])
methods = [reference, *(name for name in methods if name != reference)]
rows = found.merge(ratios, on=cells, how="left", suffixes=("", "_ratio"))
looks = [("#000000", "o"), ("#D55E00", "s")]
figure, panels = style.panels(len(noise) + 1, len(methods), 1.1 * len(noise) + 1.8, sharex=True, sharey="row")


def draw(panel, line, suffix, factor, colour, marker):
    """A line over the first radius with intervals; hollow where the ball did not hold."""
    mean, reach = factor * line[f"mean{suffix}"], factor * (line[f"high{suffix}"] - line[f"mean{suffix}"])
    panel.errorbar(line["radius"], mean, reach, color=colour, linewidth=0.8, elinewidth=0.7)
    for held, face in ((True, colour), (False, "white")):
        some = (line["mean_ratio"] <= HELD) == held
        panel.plot(
            line["radius"][some], mean[some], linestyle="none", marker=marker, color=colour, markerfacecolor=face,
            markersize=3.2,
        )  # fmt: skip


for column, method in enumerate(methods):
    for place, (level, (colour, marker)) in enumerate(zip(noise, looks, strict=False)):
        at_level = rows[rows["label_noise"] == level].sort_values("radius")
        line, plain_line = (at_level[at_level["method"] == name] for name in (method, reference))
        panels[place][column].plot(plain_line["radius"], 100 * plain_line["mean"], color="0.6", linewidth=0.8)
        draw(panels[place][column], line, "", 100, colour, marker)
        draw(panels[-1][column], line, "_ratio", 1, colour, marker)
    panels[-1][column].axhline(HELD, color="0.4", linewidth=0.7, linestyle=(0, (4, 2)))
    panels[-1][column].set_xscale("log")
    panels[-1][column].set_yscale("log")
    panels[-1][column].set_xticks([radii[0], radii[-1]], [f"{radius:g}" for radius in (radii[0], radii[-1])])
    panels[-1][column].minorticks_off()
    words = "fixed" if method == reference else labels.method(method).removeprefix("ball ").replace(" ", "\n")
    panels[0][column].set_title(words)
low, high = panels[-1][0].get_ylim()
ticks = [tick for tick in (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100) if low <= tick <= high]
panels[-1][0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
for place, level in enumerate(noise):
    panels[place][0].set_ylabel(f"accuracy (%)\n{streams.noise_title(level)}")
panels[-1][0].set_ylabel("distance / radius")
figure.supxlabel("first radius (nats)", fontsize=8.5)
style.save(figure, out)

# %%
note = "Hyperparameters other than the radius are the defaults."
finding = findings.radii(changes, ratios, reference, HELD)
captions.write(streams.caption("radii", finding, settings, table, [experiment], chosen=note), caption)
