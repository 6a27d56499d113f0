# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which hypotheses do the records support?
#
# The verdicts of claims.json, judged by code against the thresholds in paper/claims.yaml. One row a hypothesis and
# label noise: the numbers are those of the condition that decides, in the case that is nearest to support.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import conditions, verdicts
from robustpath.figures import captions, tables
from robustpath.records import labels, report_settings

# %% tags=["parameters"]
records = None  # not used: the verdicts were judged from the records
settings = None  # what the report is told of the config; None reads config.yaml
claims = None  # file of verdicts; None takes those in results/
out = None  # LaTeX of the table; None prints it
caption = None  # LaTeX caption; None prints it

# %%
settings = report_settings(settings)
told = verdicts.read(claims, settings["scale"])
display(pd.DataFrame(told["verdicts"]).drop(columns=["entries", "placebos"]))

# %%
short, limit = told["short_names"], conditions.level(told["confidence"])
SIGNS = {"above": "$>$", "below": "$<$", "either": r"$\pm$"}
COLUMNS = 9
SURE = ("supported", "refuted")


def group(verdict):
    """The statement of a hypothesis with its verdicts by the two rules, then a row for each label noise."""
    statement = f"{labels.escape(verdict['statement'].rstrip('.'))}: \\textbf{{{verdict['verdict']}}}"
    if verdict["earlier"]:
        statement += f" (was {verdict['earlier']['verdict']})"
    if verdict["passed_by"]:
        statement += r"\textsuperscript{\dag}"
    levels = sorted({entry["label_noise"] for entry in verdict["entries"]})
    cases = [[entry for entry in verdict["entries"] if entry["label_noise"] == level] for level in levels]
    head = [rf"\multicolumn{{{COLUMNS}}}{{@{{}}p{{0.97\linewidth}}@{{}}}}{{{verdict['id']}\enspace {statement}}}"]
    return [head, *map(row, [verdict] * len(cases), verdicts.nearest(verdict), cases)]


def row(verdict, best, entries):
    """The case nearest to support at one label noise: case, measure, threshold, effect, p, power, and all verdicts."""
    found = best["decides"]
    case = rf"{100 * best['label_noise']:g}\,\% {short.get(best['variant'], 'all')}"
    if found is None or found["effect"] is None:
        return ["", case, "", "", "--", "--", "--", "--", signs(entries)]
    unit, measure = found["unit"], verdicts.measure(found)
    threshold = f"{SIGNS[found['side']]} {verdicts.number(found['threshold'], unit, signed=False)}"
    effect = f"{verdicts.number(found['effect'], unit)} {verdicts.span(found['low'], found['high'], unit)}"
    lost = best["verdict"] in SURE and best["holm"] >= limit
    p = verdicts.p_value(best["p"]) + r"\rlap{$^{\prime}$}" * lost
    detectable = verdicts.number(found["detectable"], unit)
    if found.get("power_at_zero") is not None:
        detectable += f" ({100 * found['power_at_zero']:.0f})"
    return ["", case, measure, threshold, effect, p, detectable, counted(verdict, entries), signs(entries)]


def counted(verdict, entries):
    """How many placebos meet all conditions, in brackets where no variant does."""
    if not verdict["placebos"]:
        return "--"
    names = {name for entry in entries for name in entry["passed_by"]}
    return str(len(names)) if any(entry["verdict"] == "supported" for entry in entries) else f"({len(names)})"


def signs(entries):
    """The verdict of each variant in the order of the caption; with a prime where it does not stand corrected."""
    said = {entry["variant"]: entry for entry in entries}
    chosen = [said[name] for name in [*short, "all"] if name in said]
    return "".join(symbol(entry) for entry in chosen)


def symbol(entry):
    """The verdict's symbol, with a prime where the corrected p does not reach the level."""
    sign = verdicts.SYMBOLS[entry["verdict"]]
    lost = entry["verdict"] in SURE and entry["holm"] >= limit
    return rf"{sign}$^{{\prime}}$" if lost else sign


header = [
    ["", "case", "measure", "threshold", "effect [interval]", "$p$", "found", "plac.", "variants"],
]
groups = [group(verdict) for verdict in told["verdicts"]]
captions.write(tables.booktabs(header, groups, "lllrlrrcl", gap="1.8pt", size="scriptsize"), out)

# %%
found = [finding for verdict in told["verdicts"] for entry in verdict["entries"] for finding in entry["conditions"]]
kinds = sorted({finding["interval"] for finding in found if not finding["interval"].startswith("none")})
key = ", ".join(f"{symbol} {word}" for word, symbol in verdicts.SYMBOLS.items())
variants = ", ".join(f"{code} {labels.escape(labels.method(name))}" for name, code in short.items())
percent = rf"{100 * told['confidence']:g}\,\%"
marked = [verdict["id"] for verdict in told["verdicts"] if verdict["passed_by"]]
facts = (
    f"Scale {labels.escape(told['scale'])}. Variants: {variants}. Last column: {key}, in that order of variants. A "
    f"prime marks a $p$ that does not stand after Holm's correction (over the {told['corrected_tests']} cases of "
    f"{labels.listing(told['corrected'])} together, over its own cases for each other). "
    f"Intervals at {percent}: {labels.escape('; '.join(kinds) or 'none')}. $p$ is one-sided, of the verdict of the "
    rf"case ({limit:g} is the level); in brackets after a statement, the verdict of the earlier rule. Found: the "
    r"smallest true effect that is found with 80\,\% (in brackets, per cent: the chance to show that equal methods are "
    "equivalent). Against all controls, the numbers are those of the one that decides, and $p$ covers all. Without an "
    "interval: a mean is not known well enough for a ratio. Plac.: how many of "
    f"{len(told['placebos'])} placebos meet all conditions, in brackets where no variant does."
)
if marked:
    facts += r" \dag: not specific, placebos pass too (\cref{tab:placebos})."
captions.write(" ".join([captions.headline("hypotheses"), facts, captions.origin("hypotheses")]), caption)
