"""Words that the paper does not use: readers stumble over them, or they are the pipeline's and not the field's.

Each rule is a pattern with context, so that other senses of a word pass, and has a sentence that it finds and one that
it does not. A word of `DEFINED` may be used where the text explains it, from the sentence that does so on.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple


class Rule(NamedTuple):
    """A banned wording: its name, its pattern, what to write, a sentence that has it and one that rightly passes."""

    name: str
    pattern: str
    instead: str
    bad: str
    good: str


RULES = [
    Rule("foretell", r"\bforet(?:ell\w*|old)\b", "predict", "Sharpness foretells the gap.", "Sharpness predicts it."),
    Rule(
        "ask (of a threshold)",
        r"\b(?:thresholds?|conditions?|hypothes[ie]s|criteri(?:on|a)|margins?)\s+asks?\b",
        "requires",
        "It gains more than the threshold asks.",
        "We ask three questions.",
    ),
    Rule(
        "stand (survive, be printed)",
        r"\b(?:stands?|stood)\b(?!\s+(?:in\s+)?for\b|-)",
        "remain, be",
        "One difference stands after the correction.",
        "We understand it; a bar stands for one seed, and SGD stands in for the ball.",
    ),
    Rule(
        "apart",
        r"(?<!far )(?<!further )(?<!equally )(?<!evenly )\bapart\b",
        "separately, on its own",
        "A study that takes the walk apart.",
        "The two minima are far apart.",
    ),
    Rule("elsewhere", r"\belsewhere\b", "say where", "Data from elsewhere.", "Data from another source."),
    Rule("mate", r"\b(?:batch-?)?mates?\b", "the other runs", "It depends on its mates.", "An estimate of it."),
    Rule(
        "way (path)",
        r"\b(?:the|its|their|whole)\s+ways?\b(?!\s+(?:in which\b|that\b|to\s+(?!the\b|an?\b)))",
        "path, trajectory, along training",
        "The curvature along the way of a run.",
        "Which way of training is better depends on the way in which it is measured, in the same way.",
    ),
    Rule(
        "make (amount to)",
        r"\bmakes?\s+(?:about\s+|only\s+)?(?:\d|\$|\\(?-i:[A-Z]))",
        "amounts to, changes by",
        "Another order of batches makes 0.02 nats.",
        "This makes the step parallel; it makes \\emph{no} difference.",
    ),
    Rule("whatever", r"\bwhatever\b", "any, all that", "Whatever descends less.", "Any method that trains less."),
    Rule(
        "sums of runs",
        r"\bsums?\s+of\s+the\s+same\s+runs\b|\bsummed\s+up\b",
        "aggregates",
        "Other sums of the same runs.",
        "Other aggregates of the same runs, and the sum of squares.",
    ),
    Rule(
        "as many",
        r"\bas many\b(?!\s+(?:\w+\s+){0,3}as\b)",
        "the same number of",
        "SGD after as many steps.",
        "It takes as many as ten steps, and as many gradient evaluations as SGD.",
    ),
    Rule("told", r"\btold\b", "given, said", "IRM is told the attribute.", "IRM is given the attribute."),
    Rule("truth counts", r"\btruth\s+counts\b", "1 = yes", "A truth counts as 1.", "1 = yes."),
    Rule("one points", r"\bOne\s+points\b", "one point", "One points far outside.", "One point lies outside."),
    Rule(
        "scale by its name",
        r"\bscale\s+(?:smoke|laptop|cluster)\b",
        "the number of runs, seeds or steps",
        "Scale laptop, ten seeds.",
        "On a logarithmic scale.",
    ),
    Rule(
        "the records",
        r"\b(?:the|our|published|its)\s+records\b",
        "the runs, the results",
        "Code judges it from the records.",
        "A protocol that records which examples are chosen.",
    ),
    Rule(
        "walk share",
        r"\bwalk\s+share\b|\bwalk\s+shares\b(?!\s+(?:the|its|this)\b)",
        "share of the budget spent on the walk",
        "The walk share is a quarter.",
        "The walk shares the step.",
    ),
]

# Word -> its uses, and a sentence that explains it to the reader.
DEFINED = {
    "void": (r"\bvoid\b", r"\\emph\{void\}|\b(?:call(?:ed)?|counts?\s+as)\s+void\b"),
    "probe": (r"\bprobes?\b", r"\\emph\{probe(?:\s+set)?\}|\bfixed\s+probe\s+set\b|\bprobe\s+set,?\s+which\b"),
    "draw": (
        r"\b(?:a|the|per|each|selected|of|\d+|two|three|ten|\\\w+(?:\{\})?)\s+draws?\b",
        r"\\emph\{draws?\}|\bdraws?\s+of\s+(?:the\s+|its\s+|all\s+)?hyperparameters\b",
    ),
}

_SILENT = re.compile(
    r"\\(?:label|c?ref|Cref|cite\w*|input|include|includegraphics|texttt|url|href|hyperlink|hypertarget|newcommand|begin|end)\*?"
    r"(?:\[[^]]*\])*\{[^{}]*\}|\\origin\{[^{}]*\}"
)


def words(latex: str) -> str:
    """The printed words of LaTeX: without comments, names of files and references; every line stays where it is."""
    text = re.sub(r"(?<!\\)%.*", "", latex)
    return _SILENT.sub(lambda found: " " + "\n" * found[0].count("\n"), text)


def faults(name: str, text: str) -> list[str]:
    """Banned wordings in printed words, each with the place and what to write."""
    said = []
    for rule in RULES:
        for found in re.finditer(rule.pattern, text, re.IGNORECASE):
            near = " ".join(text[max(0, found.start() - 40) : found.end() + 30].split())
            line = text.count("\n", 0, found.start()) + 1
            said.append(f"{name}, line {line}: {rule.name} (write: {rule.instead}): …{near}…")
    return said


def unexplained(texts: dict[str, str], printed: dict[str, str]) -> list[str]:
    """Uses of a word of DEFINED before the `texts` (in order) explain it, or in what is `printed` if none does."""
    said = []
    for word, (use, explains) in DEFINED.items():
        whole, starts = "", {}
        for name, text in texts.items():
            starts[len(whole)] = name
            whole += text + "\n\n"
        explained = re.search(explains, whole, re.IGNORECASE)
        first = re.search(use, whole, re.IGNORECASE)
        if first and (not explained or first.start() < explained.start() - 200):
            file = starts[max(start for start in starts if start <= first.start())]
            near = " ".join(whole[max(0, first.start() - 40) : first.end() + 30].split())
            said.append(f"{file}: '{word}' before the text explains it: …{near}…")
        if not explained:
            said += [
                f"{name}: '{word}', which no text explains"
                for name, text in printed.items()
                if re.search(use, text, re.IGNORECASE)
            ]
    return said


def literals(path: Path) -> dict[str, str]:
    """The texts that a Python file holds as literals: place -> text. Docstrings, and words alone, are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False):
            silent.add(id(node.body[0].value))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            # A value within a text stands where a word could.
            parts = [part.value if isinstance(part, ast.Constant) else "0" for part in node.values]
            silent |= {id(part) for part in node.values}
            found[f"{path.name}:{node.lineno}"] = "".join(map(str, parts))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            found[f"{path.name}:{node.lineno}:{node.col_offset}"] = node.value
    return {place: text for place, text in found.items() if " " in text.strip()}
