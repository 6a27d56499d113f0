"""What the figures of hidden layers and the table of networks share: bins and looks, arms, and findings in LaTeX."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from robustpath import models
from robustpath.figures import style
from robustpath.figures.activation_losses import difference_words
from robustpath.figures.streams import interval_words
from robustpath.protocols import metrics
from robustpath.protocols.representations.sizes import EDGES, MIDDLE
from robustpath.records import labels
from robustpath.statistics.factors import Condition
from robustpath.statistics.groups import scores
from robustpath.statistics.streams import means

PROTOCOLS = ("representations", "attention")  # whose runs the table of networks shows


class Look(NamedTuple):
    """colour, marker and words of a legend; words that begin with "_" stay out of it."""

    colour: str
    marker: str
    words: str


def _bins() -> dict[str, Look]:
    """The bins of activations over the high level of their unit, from low to high."""
    low, high = EDGES[MIDDLE.start - 1], EDGES[MIDDLE.stop - 1]
    found = {"activation_mass_0": Look(style.COLOURS[4], "", f"low (to {low:g})")}
    for place, bin in enumerate(MIDDLE):
        words = f"between (to {high:g})" if place == len(MIDDLE) // 2 else "_between"
        found[f"activation_mass_{bin}"] = Look(f"{0.85 - 0.3 * place / (len(MIDDLE) - 1):.3f}", "", words)
    found[f"activation_mass_{MIDDLE.stop}"] = Look(style.COLOURS[1], "", f"high (to {EDGES[-1]:g})")
    found[f"activation_mass_{len(EDGES)}"] = Look(style.COLOURS[5], "", "above")
    return found


MASSES = _bins()
PARTNERS = {
    "seed": Look(style.COLOURS[4], "o", "same method, another seed"),
    "reference": Look(style.COLOURS[5], "s", "SGD of the same seed"),
}
STATISTICS = {"pairing": "correlation of pairs", "svcca": "SVCCA of directions", "rsa": "RSA of directions"}


def emptied(middle: pd.DataFrame, reference: str) -> str:
    """middle: mid_mass as `matched.compared` gives it. On each data set, the loss that leaves the least activations
    between low and high, beside the reference."""
    sentences = []
    for dataset, own in middle.groupby("dataset", sort=False):
        own = own.set_index("method")
        others = own.drop(index=reference, errors="ignore")
        if others["difference"].notna().any() and reference in own.index:
            best = others["difference"].idxmin()
            sentences.append(
                rf"On {labels.escape(labels.dataset(dataset))}, {labels.percent(own.loc[reference, 'mean'])}\,\% of "
                f"the active values of {labels.method(reference)} lie between low and high; fewest with "
                rf"{labels.method(best)}, {labels.percent(own.loc[best, 'mean'])}\,\% "
                f"({difference_words(own.loc[best])})."
            )
    return " ".join(sentences) or "Nothing is compared: no loss has activations beside those of its base."


def alike(found: Mapping[str, pd.DataFrame], reference: str) -> str:
    """found: by metric, columns dataset, method, mean, low, high. On each data set, the correlation of the paired
    features of two seeds of the reference, and the methods whose seeds agree the most and the least."""
    own, null = (found[f"universality_seed_pairing{end}"] for end in ("", "_null"))
    sentences = []
    for dataset, rows in own.groupby("dataset", sort=False):
        by_chance = null[null["dataset"] == dataset].set_index("method")["mean"]
        rows = rows.set_index("method")
        most, least = rows["mean"].idxmax(), rows["mean"].idxmin()
        parts = [f"{labels.method(name)} {_number(rows.loc[name])}" for name in dict.fromkeys([reference, most, least])
                 if name in rows.index]  # fmt: skip
        sentences.append(
            f"On {labels.escape(labels.dataset(dataset))}, the paired features of two seeds correlate by "
            f"{labels.listing(parts)}; pairs at random by at most {labels.score(by_chance.max())}."
        )
    return " ".join(sentences) or "No two runs have features to compare."


class Arm(NamedTuple):
    """A line of the table of networks: experiment, method and, where a grid tells penalties apart, its values."""

    experiment: str
    method: str
    network: str
    within: tuple[str, ...]

    @property
    def key(self) -> str:
        """What names it in a table of scores."""
        return f"{self.experiment}/{self.method}"

    @property
    def words(self) -> str:
        """Its method, as the papers write it."""
        return labels.method(self.method)


def arms(experiments: Mapping[str, dict], reference: str) -> list[Arm]:
    """The methods of every experiment of the protocols whose network is no perceptron of the widths of the scale or
    with another last width, and first the reference on that perceptron."""
    plain, others = [], []
    for name, experiment in experiments.items():
        if experiment.get("protocol") not in PROTOCOLS:
            continue
        network, own = experiment.get("model", models.DEFAULT), experiment["methods"]
        if network == models.DEFAULT:
            plain += [Arm(name, reference, network, ())] if reference in own and not experiment.get("grid") else []
        elif not network.startswith(f"{models.DEFAULT}_"):
            within = ("penalty",) if "penalty" in (experiment.get("grid") or {}) else ()
            others += [Arm(name, method, network, within) for method in own]
    return plain[:1] + others


def levels(chosen: Mapping[Arm, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Columns arm, words, network, dataset, metric, n, mean, low, high: every metric of the selected runs of each arm
    that a table may show, on clean labels; one line a penalty."""
    frames = []
    for arm, rows in chosen.items():
        own = rows[(rows["method"] == arm.method) & (rows["label_noise"] == rows["label_noise"].min())]
        for metric in (name for name in SHOWN if (own["metric"] == name).any()):
            values = scores(own, metric, arm.within).dropna(subset="value")
            found = means(values, ["dataset", *arm.within], confidence)
            words = [
                f"{arm.words}, penalty {row['penalty']:g}" if arm.within else arm.words for _, row in found.iterrows()
            ]
            frames.append(found.assign(arm=arm.key, words=words, network=arm.network, metric=metric))
    return pd.concat(frames, ignore_index=True)


SHOWN = {
    "accuracy_worst_group": "worst group", "accuracy": "mean", "polysemanticity": "polys.", "mid_mass": "mid",
    "bimodality": "bimod.", "attention_core_share": "on cause",
}  # fmt: skip


def cell(row: pd.Series, metric: str) -> str:
    """A mean, of a fraction in per cent, and of worst-group accuracy with half of the width of its interval."""
    if metrics()[metric].unit != "fraction":
        return labels.score(row["mean"])
    half = rf"\,$\pm$\,{labels.percent(row['high'] - row['mean'])}" if metric == "accuracy_worst_group" else ""
    return labels.percent(row["mean"]) + half


def best_networks(found: pd.DataFrame, reference: str) -> str:
    """On each data set, the network and method with the highest worst-group accuracy, beside the reference on the
    perceptron where it is there."""
    sentences = []
    worst = found[found["metric"] == "accuracy_worst_group"]
    for dataset, rows in worst.groupby("dataset", sort=False):
        best = rows.loc[rows["mean"].idxmax()]
        said = [
            f"{labels.escape(labels.network(best['network']))} ({labels.escape(best['words'])}), "
            f"{interval_words(best, points=False)}"
        ]
        plain = rows[(rows["network"] == models.DEFAULT) & (rows["words"] == labels.method(reference))]
        if len(plain) and plain.iloc[0].name != best.name:
            said.append(f"the perceptron has {interval_words(plain.iloc[0], points=False)}")
        sentences.append(
            f"On {labels.escape(labels.dataset(dataset))}, the highest worst-group accuracy is that of "
            f"{'; '.join(said)}."
        )
    return " ".join(sentences)


def _number(row: pd.Series) -> str:
    return rf"{labels.score(row['mean'])} \mbox{{[{labels.score(row['low'])}, {labels.score(row['high'])}]}}"


def lines(found: pd.DataFrame, dataset: str, order: Sequence[Arm]) -> list[list[str]]:
    """The lines of a data set: network, method, then the metrics of SHOWN, "--" where there is none."""
    places = {arm.key: place for place, arm in enumerate(order)}
    own = found[found["dataset"] == dataset]
    keys = own[["arm", "network", "words"]].drop_duplicates().sort_values("arm", key=lambda names: names.map(places),
                                                                          kind="stable")  # fmt: skip
    rows = []
    for _, key in keys.iterrows():
        values = own[(own["arm"] == key["arm"]) & (own["words"] == key["words"])].set_index("metric")
        cells = [cell(values.loc[name], name) if name in values.index else "--" for name in SHOWN]
        rows.append([labels.escape(labels.network(key["network"])), labels.escape(key["words"]), *cells])
    return rows


def condition(asked: Condition, experiments: Mapping[str, dict]) -> str:
    """A condition in the words of an axis: data set, network, correlation, label noise, and what is scored."""
    own = experiments[asked.experiment]
    network = own.get("model", models.DEFAULT)
    parts = [
        labels.dataset(asked.dataset),
        "" if network == models.DEFAULT else f"{network.rpartition('_')[2]} units",
        f"correlation {own['correlation']:g}" if own.get("correlation") else "",
        rf"{100 * asked.label_noise:g} % wrong labels" if asked.label_noise else "",
        "" if asked.over == "worst group" else f"{asked.over} shift",
    ]
    return ", ".join(filter(None, parts))


def helped(found: pd.DataFrame, conditions: int) -> str:
    """found: as `factors.changes` gives it. In how many conditions each loss clearly gains and clearly loses."""
    parts = [
        f"{labels.method(method)} gains in {labels.word(int((rows['low'] > 0).sum()))} and loses in "
        f"{labels.word(int((rows['high'] < 0).sum()))}"
        for method, rows in found.groupby("method", sort=False)
    ]
    if not parts:
        return "Nothing is compared: no loss has runs at its largest strength."
    return f"Of {labels.word(conditions)} conditions, with an interval on one side of zero, {labels.listing(parts)}."
