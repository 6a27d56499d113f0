"""The table of hypotheses: a statement with its verdict, then the case nearest to support at each label noise."""

from robustpath.claims import conditions, verdicts
from robustpath.figures import captions, tables
from robustpath.figures.tables import Row
from robustpath.records import labels

SIGNS = {"above": "$>$", "below": "$<$", "either": r"$\pm$", "within": r"$\in$"}
HEADER: list[Row | str] = [
    ["", "case", "measure", "threshold", "effect [interval]", "$p$", "found", "plac.", "variants"]
]
ALIGNMENT = "lllrlrrcl"
COLUMNS = len(HEADER[0])
SURE = ("supported", "refuted")
KEY = ", ".join(f"{symbol} {word}" for word, symbol in verdicts.SYMBOLS.items())


def table(judged: dict) -> str:
    """The table of a family in LaTeX; judged: what claims.json says of the family."""
    rows = [_group(verdict, judged) for verdict in judged["verdicts"]]
    return tables.booktabs(HEADER, rows, ALIGNMENT, gap="5pt")


def caption(name: str, judged: dict) -> str:
    """The caption of the table `name` of a family whose claims have no variants: its finding, then how to read it."""
    facts = (
        f"Last column: {KEY}; a prime marks a $p$ that is not below the level "
        f"after Holm's correction over the {judged['corrected_tests']} cases of all hypotheses. Intervals at "
        rf"{100 * judged['confidence']:g}\,\%: {intervals(judged)}. $p$ is one-sided, of the verdict of the case "
        rf"({conditions.level(judged['confidence']):g} is the level). Found: the smallest true effect that is found "
        r"with 80\,\% (in brackets, per cent: the chance to show that an effect in the middle of the interval lies "
        "within it). Plac.: how many placebos meet all conditions, in brackets where the hypothesis does not hold."
    )
    return " ".join([captions.headline(name), facts])


def intervals(judged: dict) -> str:
    """The kinds of intervals in the findings of a family, in LaTeX."""
    found = [
        finding for verdict in judged["verdicts"] for entry in verdict["entries"] for finding in entry["conditions"]
    ]
    kinds = sorted({finding["interval"] for finding in found if not finding["interval"].startswith("none")})
    return labels.escape("; ".join(kinds) or "none")


def _group(verdict: dict, judged: dict) -> list[Row]:
    """The statement of a hypothesis with its verdicts by the two rules, then a row for each label noise."""
    statement = f"{labels.escape(verdict['statement'].rstrip('.'))}: \\textbf{{{verdict['verdict']}}}"
    if verdict["earlier"]:
        statement += f" (was {verdict['earlier']['verdict']})"
    if verdict["passed_by"]:
        statement += r"\textsuperscript{\dag}"
    levels = sorted({entry["label_noise"] for entry in verdict["entries"]})
    cases = [[entry for entry in verdict["entries"] if entry["label_noise"] == level] for level in levels]
    head = [rf"\multicolumn{{{COLUMNS}}}{{@{{}}p{{0.97\linewidth}}@{{}}}}{{{verdict['id']}\enspace {statement}}}"]
    rows = zip(verdicts.nearest(verdict), cases, strict=True)
    return [head, *(_row(verdict, best, own, judged) for best, own in rows)]


def _row(verdict: dict, best: dict, entries: list[dict], judged: dict) -> Row:
    """The case nearest to support at one label noise: case, measure, threshold, effect, p, power, and all verdicts."""
    found, short = best["decides"], judged["short_names"]
    case = rf"{100 * best['label_noise']:g}\,\% {short.get(best['variant'], 'all')}"
    if found is None or found["effect"] is None:
        return ["", case, "", "", "--", "--", "--", "--", _signs(entries, judged)]
    unit, measure = found["unit"], verdicts.measure(found)
    threshold = f"{SIGNS[found['side']]} {verdicts.threshold(found)}"
    effect = f"{verdicts.number(found['effect'], unit)} {verdicts.span(found['low'], found['high'], unit)}"
    lost = unsure(best, judged)
    p = verdicts.p_value(best["p"]) + r"\rlap{$^{\prime}$}" * lost
    detectable = verdicts.number(found["detectable"], unit)
    if found.get("power_at_zero") is not None:
        detectable += f" ({100 * found['power_at_zero']:.0f})"
    return ["", case, measure, threshold, effect, p, detectable, _counted(verdict, entries), _signs(entries, judged)]


def _counted(verdict: dict, entries: list[dict]) -> str:
    """How many placebos meet all conditions, in brackets where no variant does."""
    if not verdict["placebos"]:
        return "--"
    names = {name for entry in entries for name in entry["passed_by"]}
    return str(len(names)) if any(entry["verdict"] == "supported" for entry in entries) else f"({len(names)})"


def _signs(entries: list[dict], judged: dict) -> str:
    """The verdict of each variant in the order of the caption; with a prime where it does not stand corrected."""
    said = {entry["variant"]: entry for entry in entries}
    chosen = [said[name] for name in [*judged["short_names"], "all"] if name in said]
    return "".join(_symbol(entry, judged) for entry in chosen)


def _symbol(entry: dict, judged: dict) -> str:
    """The verdict's symbol, with a prime where the corrected p does not reach the level."""
    sign = verdicts.SYMBOLS[entry["verdict"]]
    return rf"{sign}$^{{\prime}}$" if unsure(entry, judged) else sign


def unsure(entry: dict, judged: dict) -> bool:
    """Whether a verdict does not stand after Holm's correction."""
    return entry["verdict"] in SURE and entry["holm"] >= conditions.level(judged["confidence"])
