"""What the figures and captions of data-efficiency ratios share: which methods are shown, names of blocks, words."""

from collections.abc import Mapping

import pandas as pd

from robustpath import protocols
from robustpath.figures import acquisition, streams
from robustpath.methods.roles import ACQUISITION
from robustpath.models.ensemble_mlp import COUNT
from robustpath.protocols.acquisition.sizes import NONE
from robustpath.records import labels
from robustpath.statistics.efficiency import exceeds, falls_below
from robustpath.statistics.rulers import COMPARISONS, EVERY, WORST, YARDSTICKS, ruler_of

SHOWN = ["minima", "streams", "rehearsal", "groups", "holes"]
ADDED = {"minima": list(YARDSTICKS)}  # comparisons whose methods end the block of another one
# How many of each role are shown, those of the highest validation accuracy, and their colours; the ruler is black.
COUNTS = {"ours": 3, "published": 3, "control": 1}
COLOURS = {"ours": "#D55E00", "published": "0.35", "control": "0.62", "ruler": "#000000"}
OURS_ON_STREAMS = ("balls on replayed inputs", "balls on the batch")
# A line search goes less far and not elsewhere: the control of a ball.
CONTROLS_ON_STREAMS = ("batch_line_search", "batch_feature_line_search", "ball_line_search")
# Published methods that the text compares ours with: shown, whether or not validation prefers them.
NAMED = {"holes": ("core_set",)}
PLAIN_ON_STREAMS = "plain steps, and training without order"
ORACLES = "oracles, which see the attribute"
TICKS = {1 / 4: "1/4", 1 / 2: "1/2", 1: "1", 2: "2", 4: "4", 8: "8"}
REACH = (0.22, 10.0)  # of the axis; what lies beyond is drawn at its end, as an arrow


def role(comparison: str, method: str, judged: Mapping, ruler: str) -> str | None:
    """ "ours", "published", "control" or "ruler"; None for a method that has no row. `judged`: what claims.json says of
    the hypotheses on minima, which names its variants, baselines and controls."""
    if method == ruler:
        return "ruler"
    if comparison in YARDSTICKS:
        return "published"
    if comparison == "minima":
        groups = {"ours": judged["short_names"], "published": judged["baselines"], "control": judged["placebos"]}
        return next((name for name, members in groups.items() if method in members), None)
    if comparison in ("streams", "rehearsal"):
        group = streams.group(method)
        if method in CONTROLS_ON_STREAMS:
            return "control"
        plain = None if group == PLAIN_ON_STREAMS else "published"
        return "ours" if group in OURS_ON_STREAMS else plain
    if comparison == "groups":
        return "published"
    groups = acquisition.GROUPS
    title = next((title for title, members in groups.items() if method in members), ORACLES)
    known = dict(zip(groups, ["published", "ours", "ours", "control", None], strict=True))
    return known[title]


def role_of(comparison: str, method: str, judged: Mapping, settings: Mapping) -> str | None:
    """The role of a method in a comparison of the config."""
    return role(comparison, method, judged, ruler_of(comparison, settings))


def rows(found: pd.DataFrame, judged: Mapping, settings: Mapping) -> dict[str, list[tuple[str, str, str]]]:
    """(comparison, method, role) of the rows of each block: the ruler, then of each role as many as COUNTS says, by
    the mean validation accuracy over levels of label noise, and those that are NAMED, and the methods of ADDED before
    the controls; `found` is
    the table of rulers.measured. Blocks of bounds alone, but for the ruler, are not drawn beside others: a sentence
    says what they hold (`beyond`)."""
    blocks, bounds = {}, []
    for comparison in SHOWN:
        own, ruler = found[found["comparison"] == comparison], ruler_of(comparison, settings)
        if own.empty:
            continue
        best = own.groupby("method")["validation"].mean().sort_values(ascending=False, kind="stable")
        roles = {name: role(comparison, name, judged, ruler) for name in best.index}
        chosen = [(comparison, name, "ruler") for name in best.index if roles[name] == "ruler"]
        for wanted, count in COUNTS.items():
            own_role = [name for name in best.index if roles[name] == wanted]
            named = [name for name in own_role[count:] if name in NAMED.get(comparison, ())]
            chosen += [(comparison, name, wanted) for name in [*own_role[:count], *named]]
        drawn = own[own["method"].isin([name for _, name, each in chosen if each != "ruler"])]
        bounds += [comparison] * bool((drawn["side"] != "").all())
        place = sum(each != "control" for *_, each in chosen)
        for other in ADDED.get(comparison, []):
            added = found.loc[(found["comparison"] == other) & ~found["itself"], "method"].unique()
            chosen[place:place] = [(other, name, role(other, name, judged, ruler)) for name in added]
            place += len(added)
        blocks[comparison] = chosen
    return {name: own for name, own in blocks.items() if name not in bounds} or blocks


def finding(found: pd.DataFrame, judged: Mapping, settings: Mapping) -> str:
    """For a caption, in LaTeX: how many ratios of each role have an interval above 1, and below it; "" where there are
    none. Without those to a second ruler of the same runs."""
    others = found[found["comparison"].isin(COMPARISONS) & (found["comparison"] != "rehearsal") & ~found["itself"]]
    of_role = {}
    for row in others.itertuples():
        of_role.setdefault(role_of(row.comparison, row.method, judged, settings), []).append(row)
    parts = []
    for each, whose in (("ours", "our methods"), ("published", "published methods"), ("control", "controls")):
        if own := of_role.get(each):
            above, below = (labels.count(sum(map(happened, own))) for happened in (exceeds, falls_below))
            total = labels.count(len(own))
            first = f"{above} of {total} ratios of {whose} lie above 1 and {below} below it, with their whole interval"
            parts.append(f"of {whose} {above} and {below} of {total}" if parts else first)
    return f"{'; '.join(parts)}." if parts else ""


def added(blocks: Mapping[str, list[tuple[str, str, str]]]) -> str:
    """For a caption, in LaTeX: the methods of ADDED, which are not counted, after a comma; "" where there are none."""
    names = [method for own in blocks.values() for comparison, method, _ in own if comparison in YARDSTICKS]
    if not names:
        return ""
    passes = f" ({labels.word(COUNT)} times the passes)"
    listed = [labels.escape(labels.method(each)) + (passes if each == "ensemble" else "") for each in names]
    return f", {labels.listing(listed)}"


def beyond(found: pd.DataFrame, blocks: Mapping[str, list], settings: Mapping) -> str:
    """For a caption, in LaTeX: how many ratios of the comparisons without a block are bounds; "" where all have one."""
    parts = []
    for comparison in SHOWN:
        own = found[(found["comparison"] == comparison) & ~found["itself"]]
        if own.empty or comparison in blocks:
            continue
        ruler = name(comparison, ruler_of(comparison, settings))
        total, above, below = map(labels.count, (len(own), *((own["side"] == side).sum() for side in "><")))
        parts.append(
            f" Not drawn: {COMPARISONS[comparison].family} by the ruler {labels.escape(ruler)}; of {total} ratios "
            f"{above} are bounds above its sizes and {below} below."
        )
    return "".join(parts)


def heading(comparison: str, settings: Mapping) -> str:
    """The title of a block: the family, what is scored, how many examples the methods had, and the ruler."""
    about = COMPARISONS[comparison]
    what = "worst group" if about.score == WORST else "accuracy"
    own = settings["experiments"][about.experiment]
    missing = ", one missing" if own.get("missing", [NONE]) != [NONE] else ""
    ruler = name(comparison, ruler_of(comparison, settings))
    return f"{about.family}: {what}{missing}, {_size(comparison, settings)}; ruler {ruler}"


def _size(comparison: str, settings: Mapping) -> str:
    """How many examples the methods of a comparison had, in words."""
    own = settings["experiments"][COMPARISONS[comparison].experiment]
    if protocols.name_of(own) == ACQUISITION:
        return f"{own['seed_labels'] + own['acquired'] * own['rounds']:,} labels"
    return f"{own['examples']:,} a task" if "examples" in own else f"n = {max(own['train_sizes']):,}"


def name(comparison: str, method: str) -> str:
    """A method as the figure prints it."""
    acquires = EVERY[comparison].experiment.startswith(ACQUISITION)
    return acquisition.name(method) if acquires else labels.method(method)


def levels(found: pd.DataFrame, comparison: str) -> list[float]:
    """The lowest and the highest level of label noise of a comparison, once where they are the same."""
    noise = sorted(found.loc[found["comparison"] == comparison, "label_noise"].unique())
    return list(dict.fromkeys([noise[0], noise[-1]]))


def datasets(found: pd.DataFrame, comparison: str) -> list[str]:
    """The data sets that a comparison averages over."""
    parts = found.loc[found["comparison"] == comparison, "by_dataset"]
    return list(dict.fromkeys(name for own in parts for name, *_ in own))


def evidence(found: pd.DataFrame, blocks: Mapping[str, list], settings: Mapping) -> str:
    """For a caption, in LaTeX: data sets, label noise and seeds of each block."""
    parts = []
    for comparison in blocks:
        own = found[found["comparison"] == comparison]
        listed = labels.listing([labels.escape(labels.dataset(each)) for each in datasets(found, comparison)])
        noise = f", {labels.levels(levels(found, comparison))} random labels"
        seeds = own.loc[~own["itself"], "seeds"].min()
        family, size = COMPARISONS[comparison].family, _size(comparison, settings)
        parts.append(f"{family}, {size} ({listed}{noise}; {seeds:.0f} seeds)")
    return labels.listing(parts)


def lacking(there: bool) -> str:
    """The reason for which a figure of ratios is left out, "" where there is something to show."""
    if there:
        return ""
    return (
        "Left out: no experiment trains the plain method of minima, streams, groups or acquisition alone at other "
        "numbers of examples, which this needs."
    )
