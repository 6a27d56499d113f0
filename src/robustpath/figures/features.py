"""What the figure of features says: how knobs and behaviours are called, its finding and its caption, in LaTeX."""

import pandas as pd

from robustpath.figures import captions, style
from robustpath.records import labels
from robustpath.statistics.features import (
    CHANGES,
    JUDGED,
    MINORITY,
    SUBSETS,
    SWEEP,
    Check,
    Datamodel,
    Score,
    Sweep,
    Verdict,
)

EXPERIMENTS = (SWEEP, SUBSETS, CHANGES)

WORDS = {
    "reliance_attribute": "reliance on the attribute",
    "reliance_core": "reliance on the core feature",
    "accuracy_worst_group": "accuracy of the worst group",
}
LOOKS = {
    "reliance_attribute": {"color": style.COLOURS[5], "marker": "o"},
    "reliance_core": {"color": style.COLOURS[4], "marker": "s"},
    "accuracy_worst_group": {"color": style.COLOURS[3], "marker": "^"},
}
GROUPS = ("label 0, attribute 0", "label 0, attribute 1", "label 1, attribute 0", "label 1, attribute 1")


def finding(score: Score, shares: pd.DataFrame, check: Verdict | None) -> str:
    """What was found of the reliance on the attribute: how well knobs predict it, the largest share, the check."""
    r2 = r_squared(score)
    if not score.r2_low > 0:
        known = f"On settings held out, the knobs do not clearly predict the reliance on the attribute ({r2})"
    else:
        top = shares.loc[shares["first"].idxmax()]
        ends = labels.percent_range(top["first_low"], top["first_high"], 0)
        knob, share = labels.KNOBS[top["knob"]], labels.percent(top["first"], 0)
        known = (
            f"On settings held out, the knobs predict the reliance on the attribute ({r2}); the largest share of its "
            rf"predicted variance is that of the {knob} ({share}\,\% {ends})"
        )
    return f"{known}. {verdict(check)}"


def verdict(check: Verdict | None) -> str:
    """The causal check as a sentence: confirmed or refuted, by which numbers and conditions."""
    if check is None:
        return "The causal check was not made: no number of examples was added to both kinds of groups."
    failed = [
        words for holds, words in (
            (check.sign, "the measured effect has not clearly the predicted sign"),
            (check.inside, "the predicted effect is outside the interval of the measured one"),
            (check.smaller, "the same number of majority examples does not do clearly less"),
        ) if not holds
    ]  # fmt: skip
    why = f": {labels.listing(failed)}" if failed else ""
    return (
        f"The predicted effect of {labels.count(check.change)} added minority examples is {check.word}"
        f"{why} (predicted {labels.points(check.predicted)}, measured {labels.points(check.minority)} "
        f"{labels.points_range(check.low, check.high)} points; majority examples {labels.points(check.majority)})."
    )


def caption(
    name: str, said: str, settings: dict, table: pd.DataFrame, found: Sweep, learnt: Datamodel, check: Check
) -> str:
    """The caption in LaTeX: finding, question, what is shown, scores, placebo, datamodel, evidence, its notebook."""
    own = table[table["experiment"].isin(EXPERIMENTS)]
    ranks = [
        f"{WORDS[behaviour]} {span(each.rank, each.rank_low, each.rank_high)}"
        for behaviour, each in found.scores.items()
    ]
    worth = [
        f"{GROUPS[int(row['group'])]} {labels.points(row['predicted'], 2)} "
        f"[{labels.points(row['predicted_low'], 2)}, {labels.points(row['predicted_high'], 2)}]"
        for _, row in check.worth.iterrows()
    ]
    seeds = [labels.count(own[own["experiment"] == experiment]["seed"].nunique()) for experiment in EXPERIMENTS]
    facts = [
        f"Rank correlations on settings held out: {labels.listing(ranks)}.",
        f"Placebo, knobs permuted between settings {labels.word(found.placebo.n)} times: mean "
        f"$R^2$ {span(*found.placebo[1:])}, "
        f"{'above zero, where it must not be' if found.placebo.low > 0 else 'not above zero, as it must be'}.",
        f"Datamodel (ridge on {learnt.model.basis.form.name}): {r_squared(learnt.score)} on subsets held out; one more "
        f"example of a group changes the reliance on the attribute by so many points: {labels.listing(worth)}.",
        f"Sweep: ridge on {found.forms[JUDGED]} for the reliance on the attribute; form and strength are chosen "
        "without what is held out.",
        f"{labels.count(found.scores[JUDGED].n)} settings with {seeds[0]} "
        f"seeds each, {labels.count(learnt.score.n)} subsets with {seeds[1]}, changes with {seeds[2]} seeds; "
        rf"{100 * settings['confidence']:g}\,\% intervals: of scores by bootstrap over settings, of shares and "
        "predictions by jackknife over settings, of measured effects $t$ intervals over seeds.",
        captions.diverged(own, EXPERIMENTS),
    ]
    return " ".join(filter(None, [captions.headline(name, said), *facts]))


def r_squared(score: Score) -> str:
    """R^2 with its interval, in LaTeX."""
    return f"$R^2$ {span(score.r2, score.r2_low, score.r2_high)}"


def span(value: float, low: float, high: float) -> str:
    """A score with its interval, in LaTeX."""
    return f"{labels.score(value)} [{labels.score(low)}, {labels.score(high)}]"


def plain_number(value: float) -> str:
    """A score with two digits on an axis; a dash where it is not defined."""
    return labels.score(value).replace("$", "").replace("-", "\N{MINUS SIGN}")


def group_look(group: int) -> dict[str, str]:
    """Colour (minority or majority), marker and label of a group, the same in every figure."""
    kind = "minority" if group in MINORITY else "majority"
    return {
        "color": style.COLOURS[5 if kind == "minority" else 4],
        "marker": "os^D"[group],
        "label": f"{GROUPS[group]} ({kind})",
    }
