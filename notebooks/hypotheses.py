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
# The verdicts of claims.json, judged by code against the thresholds in paper/claims.yaml. A hypothesis is judged for
# several variants and levels of label noise; its own numbers are those of the case that speaks most for it.

# %%
import pandas as pd
from IPython.display import display

from robustpath.claims import verdicts
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
display(pd.DataFrame(told["verdicts"]).drop(columns="entries"))

# %%
short = told["short_names"]
levels = sorted({entry["label_noise"] for verdict in told["verdicts"] for entry in verdict["entries"]})


def rows(verdict):
    """The statement of a hypothesis with its verdict, then the numbers of its best case and the verdicts of all."""
    statement = f"{labels.escape(verdict['statement'].rstrip('.'))}: \\textbf{{{verdict['verdict']}}}"
    first = [verdict["id"], rf"\multicolumn{{{6 + len(short)}}}{{l}}{{{statement}}}"]
    unit = verdict["unit"]
    sign = {"above": "$>$", "below": "$<$", "either": r"$|\cdot| >$"}.get(verdict["side"], "")
    threshold = f"{sign} {verdicts.number(verdict['threshold'], unit, signed=False)}"
    case = short.get(verdict["variant"], "all" if verdict["variant"] == "all" else "")
    case = rf"{case}, {100 * verdict['label_noise']:g}\,\%"
    numbers = [verdicts.number(verdict["effect"], unit), verdicts.span(verdict["low"], verdict["high"], unit)]
    tail = ["--" if verdict["n"] is None else str(verdict["n"]), verdicts.p_value(p_of(verdict))]
    return [first, ["", case, *numbers, threshold, *tail, *cases(verdict)]]


def p_of(verdict):
    """Holm's p where the hypothesis is corrected, else its own."""
    return verdict["holm"] if verdict["corrected"] else verdict["p"]


def cases(verdict):
    """A symbol for each level of label noise, variant by variant."""
    said = {(entry["variant"], entry["label_noise"]): entry["verdict"] for entry in verdict["entries"]}

    def symbols(variant):
        return r"\,".join(verdicts.SYMBOLS[said[variant, level]] for level in levels if (variant, level) in said)

    if "all" in {variant for variant, _ in said}:
        return [rf"\multicolumn{{{len(short)}}}{{c}}{{{symbols('all')}}}"]
    return [symbols(variant) for variant in short]


over, rule = tables.span("most favourable case", 2, 7)
names, under = tables.span("verdict of each variant", 8, 7 + len(short))
header = [
    ["", over, names],
    f"{rule} {under}",
    ["", "variant, noise", "effect", "interval", "threshold", "$n$", "$p$", *short.values()],
]
groups = [rows(verdict) for verdict in told["verdicts"]]
captions.write(tables.booktabs(header, groups, "llrllrr" + "c" * len(short), gap="1.5pt"), out)

# %%
kinds = {verdict["interval"] for verdict in told["verdicts"] if verdict["interval"]}
kinds |= {
    condition["interval"]
    for verdict in told["verdicts"]
    for entry in verdict["entries"]
    for condition in entry["conditions"]
}
key = ", ".join(f"{symbol} {word}" for word, symbol in verdicts.SYMBOLS.items())
variants = ", ".join(f"{code} {labels.escape(labels.method(name))}" for name, code in short.items())
noise = " and ".join(rf"{100 * level:g}\,\%" for level in levels)
percent = rf"{100 * told['confidence']:g}\,\%"
facts = (
    f"Scale {labels.escape(told['scale'])}. Variants: {variants}. Symbols, one for each label noise ({noise}): {key}. "
    f"Intervals at {percent} over paired seeds: {labels.escape('; '.join(sorted(kinds - {'none'})) or 'none')}. "
    f"$p$ of $t$ tests (of a median: sign test); those of {labels.listing(told['corrected'])} after Holm's correction "
    f"over their {told['corrected_tests']} cases."
)
captions.write(" ".join([captions.headline("hypotheses"), facts, captions.origin("hypotheses")]), caption)
