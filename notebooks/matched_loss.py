# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is it a better minimum, or only an earlier stop?
#
# Two views of the same runs. At equal budget a method is compared with SGD after as many gradient evaluations. At
# matched training loss it is compared with SGD stopped where its training loss is the same: a method that only
# descends less gains nothing in this view. SGD's curve from training loss to accuracy comes from annealed runs of
# several lengths.

# %%
from IPython.display import display

from robustpath.claims import verdicts
from robustpath.figures import captions, style
from robustpath.models.ensemble_mlp import COUNT
from robustpath.records import labels, load, present, report_settings
from robustpath.statistics import evidence, rulers, walks

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "minima"

# %%
settings = report_settings(settings)
judged = verdicts.read(claims, settings["scale"])
yardsticks = rulers.yardsticks(experiment, settings)
table = load(records, settings["scale"], settings["experiments"])
reference = settings["reference"]
found = evidence.gather(table, experiment, judged["curve"], yardsticks)

# %% [markdown]
# Both views take the default hyperparameters, those of SGD's curve. A run whose training loss the curve does not reach
# has no match and is left out of the second view.

# %%
views = walks.views(found, reference, settings["confidence"])
equal = views[walks.BUDGET]
matched = evidence.matched_gains(found.matched)
matched = matched[matched["method"] != reference]
lost = matched.assign(lost=matched["value"].isna()).groupby(["method", "label_noise"])["lost"].agg(["sum", "size"])
display(*views.values(), lost)

# %%
beside = [name for each in yardsticks for name in settings["experiments"][each]["methods"]]
groups = verdicts.grouped(present(settings["methods"], equal["method"]), judged, reference)
groups = {name: [each for each in members if each not in beside] for name, members in groups.items()}
order = {name: [method for method in settings["methods"] if method in members] for name, members in groups.items()}
order["yardsticks"] = beside
noise = sorted(equal["label_noise"].unique())
places, place = {}, 0.0
for members in order.values():
    for method in members:
        places[method] = place
        place += 1
    place += 0.6
looks = {walks.BUDGET: (style.COLOURS[0], "o", -0.17), walks.LOSS: (style.COLOURS[5], "D", 0.17)}

figure, axes = style.panels(1, len(noise), 0.9 + 0.155 * place, sharex=True, sharey=True)
for panel, level in zip(axes[0], noise, strict=True):
    for name, (colour, marker, shift) in looks.items():
        rows = views[name][views[name]["label_noise"] == level]
        heights = rows["method"].map(places) + shift
        reach = 100 * (rows["high"] - rows["mean"])
        panel.errorbar(
            100 * rows["mean"],
            heights,
            xerr=reach,
            fmt=marker,
            color=colour,
            elinewidth=0.7,
            label=name,
            markersize=2.8,
        )
    panel.axvline(0, color="0.4", linewidth=0.6)
    panel.set_xscale("symlog", **style.DIFFERENCES)
    panel.margins(x=0.08)
    panel.set_title(rf"{100 * level:g} % label noise")
    for height in places.values():
        panel.axhline(height, color="0.92", linewidth=0.5, zorder=0)
axes[0][0].set_yticks(list(places.values()), [labels.method(name) for name in places])
axes[0][0].set_ylim(max(places.values()) + 0.8, -0.8)
ticks = style.difference_ticks(*axes[0][0].get_xlim())
scale = axes[0][0].xaxis.get_transform()
low, high = scale.transform(axes[0][0].get_xlim())
axes[0][0].set_xlim(right=scale.inverted().transform(high + 0.14 * (high - low)))  # a column for what is left out
for panel, level in zip(axes[0], noise, strict=True):
    for method, height in places.items():
        count, total = lost.loc[(method, level)] if (method, level) in lost.index else (0, 0)
        panel.text(0.99, height, f"{count}/{total}" if count else "", transform=panel.get_yaxis_transform(),
                   ha="right", va="center", fontsize=7, color="0.25")  # fmt: skip
    panel.set_xticks(list(ticks), ticks.values())
    panel.minorticks_off()
    panel.tick_params(axis="y", length=0)
figure.supxlabel(f"difference in accuracy to {labels.method(reference)} (points)", fontsize=8.5)
figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
style.save(figure, out)

# %%
left_out, total = int(matched["value"].isna().sum()), len(matched)
correction = (
    f"At equal training loss {labels.count(left_out)} of {labels.count(total)} runs are left out, since the curve of "
    f"{labels.method(reference)} does not reach their loss (at the right of a panel: how many of a method's runs)."
) + (f" The ensemble takes {labels.word(COUNT)} times the passes." if "ensemble" in beside else "")
captions.write(captions.caption("matched_loss", settings, table, experiment, rule=None, correction=correction), caption)
