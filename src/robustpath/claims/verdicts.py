"""The verdicts in claims.json as figures, tables and prose take them: read, grouped, and printed in their own units."""

import json
from pathlib import Path

from robustpath import protocols, records
from robustpath.claims import contrast_model
from robustpath.claims.ordering import distance_from_support
from robustpath.core.errors import UserError
from robustpath.records import labels

NEIGHBOURS = ["level_teleportation", "symmetry_teleportation", "bbi", "esh"]
SHORT = {
    "walk_function_distance": "function dist.",
    "barrier_matched": "barrier",
    "lambda_max": r"$\lambda_{\max}$",
    "noise_sharpness": "noise sharpn.",
}
SYMBOLS = {"supported": "$+$", "refuted": "$-$", "undecided": r"$\circ$", "void": r"$\times$"}


def read(claims: str | Path | None, scale: str = "laptop", family: str = "minima") -> dict:
    """What claims.json says of one family, with the scale and the confidence; None takes that of `scale` (see
    records.files)."""
    if (found := find(claims, family, scale)) is None:
        families = ", ".join(read_all(claims, scale)["families"])
        raise UserError(f"{claims or 'claims.json'}: no family {family}, only {families}")
    return found


def find(claims: str | Path | None, family: str, scale: str = "laptop") -> dict | None:
    """What `read` gives; None where no such family was judged."""
    judged = read_all(claims, scale)
    own = judged["families"].get(family)
    return own and {"scale": judged["scale"], "confidence": judged["confidence"], **own}


def read_all(claims: str | Path | None, scale: str = "laptop") -> dict:
    """The content of claims.json."""
    path = Path(claims) if claims else records.files(scale, "claims.json")[0]
    try:
        judged = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no verdicts at {path}: run `snakemake claims --config scale={scale}` first") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not readable as JSON ({error}); remove it and run snakemake again") from None
    if "families" not in judged:
        raise UserError(f"{path}: holds no families of claims; remove it and run snakemake again")
    return judged


def grouped(methods: list[str], judged: dict, reference: str) -> dict[str, list[str]]:
    """The methods in groups, the reference left out: published, controls, ours, neighbours, others; empty ones not.

    A published method that serves as a control stands with the published ones.
    """
    ours, published = list(judged["short_names"]), judged["baselines"]
    rest = [name for name in methods if name != reference]
    controls = [*judged["controls"], *judged["placebos"]]
    groups = {
        "published methods": [name for name in rest if name in published],
        "controls": [name for name in rest if name in controls and name not in published],
        "contour-parallel variants": [name for name in ours if name in rest],
        "neighbours": [name for name in rest if name in NEIGHBOURS],
    }
    placed = {name for names in groups.values() for name in names}
    groups["other methods"] = [name for name in rest if name not in placed]
    return {name: members for name, members in groups.items() if members}


def nearest(verdict: dict) -> list[dict]:
    """For each label noise the entry that is nearest to support."""
    levels = sorted({entry["label_noise"] for entry in verdict["entries"]})
    cases = [[entry for entry in verdict["entries"] if entry["label_noise"] == level] for level in levels]
    return [min(own, key=distance_from_support) for own in cases]


def of_kind(judged: dict, kind: str) -> list[tuple[dict, dict]]:
    """The entries of hypotheses that have one condition, of this kind, each with the finding of that condition, where
    the effect was measured."""
    entries = [entry for verdict in judged["verdicts"] for entry in verdict["entries"] if len(entry["conditions"]) == 1]
    found = [(entry, entry["conditions"][0]) for entry in entries]
    return [(entry, its) for entry, its in found if its["kind"] == kind and its["effect"] is not None]


def variant(name: str | None) -> str:
    """A variant as it is printed in a sentence."""
    return {"all": "all walks", None: labels.MISSING}.get(name) or labels.method(name)


def placebo(name: str) -> str:
    """A placebo as it is printed in a sentence: a method, or a metric that stood in for another one."""
    return f"the metric {name.replace('_', ' ')}" if name in protocols.metrics() else labels.method(name)


def measure(finding: dict) -> str:
    """What the effect of a condition measures, and against whom, in a few words for a column of a table."""
    test_set = {"none": "acc.", "ood": "shift acc.", "natural": "natural acc.", "corruption": "corr. acc."}
    against = finding["against"] and labels.escape(
        labels.method(finding["against"]).removesuffix(" warm-up").removesuffix(" SGD")
    )
    what = test_set.get(finding["test_set"], str(finding["measure"]).replace("_", " "))
    what = SHORT.get(finding["measure"], what)
    match finding["kind"]:
        case "level_error":
            return "level error"
        case "matched_difference" | "matched_ratio":
            return f"{what}, equal loss"
        case "effective_robustness":
            return "acc. above line"
        case "partial_correlation":
            return f"rank corr., {what}"
        case kind if kind in contrast_model.KINDS:
            return labels.escape(finding["short"])
        case _:
            return f"{what}, {against}" if against else what


def number(value: float | None, unit: str | None, signed: bool = True) -> str:
    """A number of a verdict for LaTeX: points and correlations with a sign, shares in per cent, ratios plain."""
    if value is None:
        return "--"
    if unit == "percentage points" and signed:
        return labels.points(value / 100, 2)
    if unit == "share":
        return rf"{100 * value:.2f}\,\%" if signed else rf"{100 * value:g}\,\%"
    if unit in ("correlation", "bits per label", "number") and signed:
        return labels.signed(value)
    if not signed:
        return minus(value)
    return f"{value:.2f}" if abs(value) < 100 else labels.count(value)


def threshold(finding: dict) -> str:
    """The threshold of a finding for LaTeX: a number without a sign of its own, or the ends of an interval."""
    if finding["side"] == "within":
        return rf"[{', '.join(minus(end) for end in finding['threshold'])}]"
    return number(finding["threshold"], finding["unit"], signed=False)


def minus(value: float) -> str:
    """A number for LaTeX, shortly, with a minus where it is negative."""
    return f"${value:g}$" if value < 0 else f"{value:g}"


def span(low: float | None, high: float | None, unit: str | None) -> str:
    """The interval of a verdict for LaTeX."""
    return "--" if low is None else f"[{number(low, unit)}, {number(high, unit)}]"


def p_value(p: float | None) -> str:
    """A p value for a column of a table, without its relation unless it is small."""
    return "--" if p is None else "$<$.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 1 else "1"
