"""The studies side by side and the verdicts on all hypotheses: two tables that cover the three families."""

from robustpath.claims import sentences, verdicts
from robustpath.claims.conditions import SUPPORTED
from robustpath.figures import captions, tables
from robustpath.figures.hypotheses import unsure
from robustpath.figures.tables import Row
from robustpath.records import labels

# An experiment with this many methods is a comparison of methods; the others answer one question each.
COMPARED = 8
HEADER: list[Row | str] = [["study", "data", "examples", "noise", "evaluations", "methods", "seeds", "draws"]]
VERDICTS: list[Row | str] = [["", "", "hypothesis", "clean labels", "noisy labels"]]


def compared(experiments: dict[str, dict]) -> dict[str, dict]:
    """The experiments that compare at least `COMPARED` methods; all of them where none does."""
    large = {name: each for name, each in experiments.items() if len(each["methods"]) >= COMPARED}
    return large or experiments


def table(experiments: dict[str, dict]) -> str:
    """A row for each comparison in LaTeX; those that differ in their data alone share one."""
    rows: dict[tuple, list[str]] = {}
    names: dict[tuple, list[str]] = {}
    for name, each in compared(experiments).items():
        facts = (examples(each), noise(each), ragged(evaluations(each)), str(len(each["methods"])), str(each["seeds"]))
        facts += (str(draws(each)),)
        names.setdefault(facts, []).append(name)
        rows.setdefault(facts, []).extend(labels.dataset(one) for one in each["datasets"])
    cells = [
        [ragged(labels.escape(study(names[facts]))), ragged(labels.escape(", ".join(dict.fromkeys(data)))), *facts]
        for facts, data in rows.items()
    ]
    return tables.booktabs(HEADER, [cells], "p{1.2in}p{1.75in}p{0.95in}lp{0.6in}rrr", gap="3pt", size="scriptsize")


def ragged(latex: str) -> str:
    """A cell of several lines, not justified."""
    return rf"\rightskip=0pt plus 3em\relax {latex}"


def study(names: list[str]) -> str:
    """The names of the experiments of a row: one, or what the first of several begins with and how many they are."""
    first = names[0].replace("_", " ")
    return first if len(names) == 1 else f"{first} and {labels.word(len(names) - 1)} more"


def examples(each: dict) -> str:
    """What a run of an experiment learns from: labelled examples, examples of a stream, or examples of a class."""
    if "train_sizes" in each:
        return ", ".join(map(labels.count, each["train_sizes"]))
    if "examples" in each:
        return rf"{labels.count(each['tasks'])} $\times$ {labels.count(each['examples'])} in a stream"
    if "seed_labels" in each:
        last = each["seed_labels"] + each["rounds"] * each["acquired"]
        return f"{labels.count(each['seed_labels'])} to {labels.count(last)} labels"
    if "shots" in each:
        return f"{', '.join(map(labels.count, each['shots']))} a class"
    return labels.count(each.get("train_size", 0))


def noise(each: dict) -> str:
    """The shares of random labels, in per cent."""
    return labels.levels(each.get("label_noise", [0.0]))


def evaluations(each: dict) -> str:
    """The gradient evaluations that a run, a batch of a stream, or a round of acquisition may spend."""
    if "evaluations" in each:
        return f"{', '.join(f'{one:g}' for one in each['evaluations'])} a batch"
    unit = " a round" if "rounds" in each else ""
    return f"{labels.count(each['budget'])}{unit}"


def draws(each: dict) -> int:
    """How many draws of hyperparameters a method has for each seed, or cells of a grid."""
    cells = 1
    for values in each["grid"].values():
        cells *= len(values)
    return max(each["draws"], cells)


def verdict_table(families: list[dict]) -> str:
    """A row for each hypothesis of the families of claims.json in LaTeX: its statement, and its verdicts by noise."""
    groups = [[_row(verdict, judged) for verdict in judged["verdicts"]] for judged in families]
    return tables.booktabs(VERDICTS, groups, "lcp{3.5in}p{1.34in}p{0.92in}", gap="3pt", size="scriptsize")


def _row(verdict: dict, judged: dict) -> Row:
    mark = r"\textsuperscript{\dag}" if verdict["passed_by"] else ""
    statement = labels.escape(verdict["statement"].rstrip("."))
    cells = [_said([each for each in verdict["entries"] if bool(each["label_noise"]) == noisy], judged)
             for noisy in (False, True)]  # fmt: skip
    return [verdict["id"], verdicts.SYMBOLS[verdict["verdict"]], ragged(f"{statement}{mark}"), *map(ragged, cells)]


def _said(entries: list[dict], judged: dict) -> str:
    """The verdicts of the cases at one kind of labels: a word, or how many cases have each; a prime where Holm's
    correction takes the verdict away."""
    counts: dict[str, int] = {}
    for entry in sorted(entries, key=lambda each: list(verdicts.SYMBOLS).index(each["verdict"])):
        word = entry["verdict"] + (r"$^{\prime}$" if unsure(entry, judged) else "")
        if entry.get("beside"):
            word = f"({word})"
        counts[word] = counts.get(word, 0) + 1
    if not counts:
        return "--"
    if len(entries) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _partly(verdict: dict) -> bool:
    """Whether a hypothesis is supported although not all cases that it is stated for are."""
    own = [entry["verdict"] for entry in verdict["entries"] if not entry.get("beside")]
    return verdict["verdict"] == SUPPORTED and set(own) != {SUPPORTED}


def verdict_caption(families: list[dict], confidence: float) -> str:
    """The caption of the table of verdicts: how many hypotheses have each verdict, then how to read it."""
    found = [verdict["verdict"] for judged in families for verdict in judged["verdicts"]]
    counts = {word: found.count(word) for word in verdicts.SYMBOLS if word in found}
    overall = labels.listing([f"{verdicts.SYMBOLS[word]} {word}" for word in counts])
    facts = (
        rf"Intervals at {100 * confidence:g}\,\%. A prime: not after Holm's correction. In brackets: a level of noise "
        r"for which the hypothesis was not stated. \dag: placebos meet its conditions too. Beside the name, after the "
        f"correction: {overall}. On minima, where a walk at a level of noise is a case, one case is enough for $+$, "
        "and $-$ takes all before the correction (a conjunction needs none); for the others $+$ takes all levels "
        "that a hypothesis is stated for, and one is enough for $-$."
    )
    holding = [each for judged in families for each in judged["verdicts"] if each["verdict"] == SUPPORTED]
    partly, shared = sum(map(_partly, holding)), sum(bool(each["passed_by"]) for each in holding)
    limits = [f"{labels.word(partly)} of them in some cases only"] if partly else []
    limits += [f"{labels.word(shared)} of them met by placebos too"] if shared else []
    some = {SUPPORTED: f" ({', '.join(limits)})" if limits else ""}
    parts = [f"{labels.word(count)} {sentences.be(count)} {word}{some.get(word, '')}" for word, count in counts.items()]
    finding = f"Of {labels.word(len(found))} hypotheses, {labels.listing(parts)}."
    return f"{captions.headline('verdicts', finding)} {facts}"
