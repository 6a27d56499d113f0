"""One look for all figures: sizes, fonts, and a colour, marker and line for each method by its role."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.special import logit

from robustpath.core.files import replacing
from robustpath.methods import roles
from robustpath.records import labels

TEXT_WIDTH = 6.5  # inches, as in paper/main.tex
# Okabe & Ito's colour-blind-safe palette; its yellow is darkened, since a thin yellow line is lost on white paper.
COLOURS = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#8C7A00"]
REFERENCE, OTHERS = "#000000", "#808080"
# Of the methods that this study proposes, the most different ones first.
PROPOSED = ["#D55E00", "#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#8C7A00"]
# Cycles of coprime lengths: the first 66 grey methods differ, and where a colour comes again, marker and line differ.
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*"]
LINES = ["-", (0, (5, 1.2)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1))]
# Scale of differences, in percentage points: linear as far as this, logarithmic beyond, so that one method that fails
# does not flatten all others.
DIFFERENCES = {"linthresh": 5.0, "linscale": 1.5}
SETTINGS = {
    "pdf.fonttype": 42,
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.2,
    "savefig.dpi": 300,
    "figure.dpi": 150,
}


def looks(methods: Iterable[str], reference: str) -> dict[str, dict]:
    """Name -> color, marker, linestyle and label of the methods of one figure: the reference black, those that this
    study proposes in colour, all others grey, each with a marker and a line of its own by its place in the list."""
    names = list(methods)
    proposed = [name for name in names if name in roles.PROPOSED and name != reference]
    others = [name for name in names if name not in proposed and name != reference]
    colours = {name: PROPOSED[i % len(PROPOSED)] for i, name in enumerate(proposed)} | dict.fromkeys(others, OTHERS)
    places = {name: i for group in (proposed, others) for i, name in enumerate(group)}
    return {
        name: {
            "color": colours.get(name, REFERENCE),
            "marker": MARKERS[places.get(name, 0) % len(MARKERS)],
            "linestyle": LINES[places.get(name, 0) % len(LINES)],
            "label": labels.method(name),
        }
        for name in names
    }


def panels(rows: int, columns: int, height: float, **options) -> tuple[Figure, list[list[Axes]]]:
    """A figure as wide as the text, `height` inches high, of rows x columns panels; other settings are forgotten."""
    matplotlib.rcdefaults()
    plt.rcParams.update(SETTINGS)
    figure, axes = plt.subplots(
        rows, columns, figsize=(TEXT_WIDTH, height), layout="constrained", squeeze=False, **options
    )
    return figure, axes


def difference_ticks(low: float, high: float) -> dict[float, str]:
    """Place -> text of the ticks on the scale DIFFERENCES between `low` and `high`, in percentage points."""
    extent = max(-low, high)
    if extent <= DIFFERENCES["linthresh"]:
        candidates = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
    else:
        sizes = [2, 5, 20] if extent <= 50 else [5, 50]
        candidates = [sign * size for size in sizes for sign in (-1, 1)] + [0]
    inside = sorted(tick for tick in candidates if low <= tick <= high)
    return {tick: f"{tick:+g}".replace("-", "\N{MINUS SIGN}") if tick else "0" for tick in inside}


def logit_ticks(low: float, high: float) -> dict[float, str]:
    """Place -> text of at most four round ticks on a logit scale between two shares; the texts are in per cent."""
    shares = np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(100 * low, 100 * high))
    inside = shares[(shares >= 100 * low) & (shares <= 100 * high) & (shares > 0) & (shares < 100)]
    return {float(logit(share / 100)): f"{share:g}" for share in inside}


def legend(figure: Figure, methods: dict[str, dict]) -> None:
    """One legend above all panels for the methods of `looks`, read along the rows."""
    columns = min(4, len(methods))
    handles = [Line2D([], [], **look) for look in methods.values()]
    # Matplotlib fills a legend column by column.
    order = [handles[i] for column in range(columns) for i in range(column, len(handles), columns)]
    figure.legend(handles=order, loc="outside upper center", ncols=columns)


def rows(
    axes: Axes, differences: pd.DataFrame, names: Sequence[str], steps: str, values: Sequence, methods: dict[str, dict]
) -> None:
    """Differences (columns method, `steps`, mean, low, high) in points: a row with its name for each method of `names`,
    in the colour of `methods`; within it the `values` of `steps` from top to bottom, in larger and larger marks."""
    for place, name in enumerate(names):
        own = differences[differences["method"] == name].set_index(steps)
        for step, value in enumerate(values):
            if value not in own.index:
                continue
            row = own.loc[value]
            height = place + 0.7 * ((step + 0.5) / len(values) - 0.5)
            colour, size = methods[name]["color"], 2.2 + 2.0 * step / max(len(values) - 1, 1)
            axes.plot([100 * row["low"], 100 * row["high"]], [height, height], color=colour, linewidth=0.7)
            axes.plot(100 * row["mean"], height, "o", color=colour, markersize=size)
        axes.axhline(place + 0.5, color="0.92", linewidth=0.5, zorder=0)
    axes.set_yticks(range(len(names)), [methods[name]["label"] for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def save(figure: Figure, out: str | Path | None) -> None:
    """Write the figure as PDF to `out`, the same bytes every time; with None it is only shown."""
    # A layout begins where the last one ended, which depends on how often a shell has shown the figure before.
    figure.set_layout_engine("constrained")
    for axes in figure.axes:
        if place := axes.get_subplotspec():
            axes.set_subplotspec(place)
    if out is not None:
        with replacing(Path(out)) as temporary:
            figure.savefig(temporary, format="pdf", metadata={"CreationDate": None})
        # It is laid out and drawn; pyplot would do both once more after the cell, for a window that there is not.
        figure.set_layout_engine("none")
        figure.stale = False
