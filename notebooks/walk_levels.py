# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Does it matter when and how long one walks?
#
# SGD descends through a share of its descent, walks on the level set that it has reached for a share of the budget, and
# finishes its descent. Each walk is compared with the run that stands still at the same time for as long, seed by seed.

# %%
from IPython.display import display

from robustpath.figures import captions, style
from robustpath.records import labels, load, report_settings
from robustpath.statistics.contrasts import walked
from robustpath.statistics.intervals import holm

# %% tags=["parameters"]
records = None  # file of records; None takes those in results/
settings = None  # settings of the config that the report uses; None reads config.yaml
out = None  # PDF of the figure; None shows it only
caption = None  # LaTeX caption; None prints it
experiment = "walk_levels"

# %%
settings = report_settings(settings)
table = load(records, settings["scale"], settings["experiments"])
contrasts = walked(table, experiment, settings["confidence"])
contrasts["holm"] = holm(contrasts["p"])
display(contrasts)

# %% [markdown]
# A colour is a share of the budget, a marker the direction of the walk.

# %%
DIRECTIONS = {"midway_walk": ("o", "random direction"), "persistent_midway_walk": ("D", "persistent direction")}
noise = sorted(contrasts["label_noise"].unique())
begins, shares = (sorted(contrasts[name].unique()) for name in ("descended", "share"))
directions = {name: look for name, look in DIRECTIONS.items() if name in set(contrasts["method"].unique())}
colours = dict(zip(shares, [style.COLOURS[2], style.COLOURS[4], style.COLOURS[5]], strict=False))
looks = [(share, name) for share in shares for name in directions]
figure, panels = style.panels(1, len(noise), 2.5, sharey=True)
for panel, level in zip(panels[0], noise, strict=True):
    for position, (share, name) in enumerate(looks):
        rows = contrasts[contrasts["label_noise"] == level]
        rows = rows[(rows["share"] == share) & (rows["method"] == name)].sort_values("descended")
        places = [begins.index(each) + 0.72 * ((position + 0.5) / len(looks) - 0.5) for each in rows["descended"]]
        panel.errorbar(
            places,
            100 * rows["mean"],
            100 * (rows["high"] - rows["mean"]),
            fmt=directions[name][0],
            color=colours[share],
            elinewidth=0.8,
            markersize=3.4,
            label=f"{100 * share:g} %, {directions[name][1]}",
        )
    panel.axhline(0, color="0.4", linewidth=0.6)
    panel.set_xticks(range(len(begins)), [f"{100 * begun:.3g}" for begun in begins])
    panel.set_title(rf"{100 * level:g} % label noise")
    panel.tick_params(axis="x", length=0)
panels[0][0].set_ylabel("walking minus standing still\n(accuracy, points)")
figure.supxlabel("share of the descent before the walk (%)", fontsize=8.5)
figure.legend(
    *panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(shares),
    title="share of the budget that is walked", title_fontsize=8,
)  # fmt: skip
style.save(figure, out)

# %%
own = table[table["experiment"] == experiment]
remaining = int((contrasts["holm"] < 1 - settings["confidence"]).sum())
facts = (
    f"{captions.setting(own)}; {captions.seeds([own['seed'].nunique()], settings)} with the data sets as strata, "
    f"{labels.count(contrasts['n'].min())} paired differences a point. All other hyperparameters are the defaults. "
    f"{labels.count(remaining)} of the {labels.count(len(contrasts))} differences remain after Holm's correction. "
    f"{captions.diverged(own, [experiment])}"
).rstrip()
captions.write(" ".join([captions.headline("walk_levels"), facts]), caption)
