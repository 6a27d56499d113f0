"""What the LaTeX sources of the paper hold: the order of their files, floats, formulas and generated parts."""

import re
from pathlib import Path

APPENDIX = r"\appendix"
_FLOAT = re.compile(r"\\begin\{(figure|table|longtable)\}|\\captionof\{(figure|table)\}")
_ENVIRONMENTS = r"equation|align|gather|multline|eqnarray|displaymath|math"
_MATH = re.compile(
    rf"\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}(?P<environment>.*?)\\end\{{(?P=name)\}}"
    r"|\\\[(?P<display>.*?)\\\]|\\\((?P<inline>.*?)\\\)|(?<!\\)\$(?P<dollar>(?:\\.|[^$\\])*)\$",
    re.DOTALL,
)


def plain(text: str) -> str:
    """LaTeX without its comments; every line and every place of what is left stays where it is."""
    return re.sub(r"(?<!\\)%.*", lambda found: " " * len(found[0]), text)


def files(paper: Path, part: str = "all") -> list[Path]:
    """The files that main.tex inputs from its folder, in order: of the `main` text, of the `appendix`, or `all`."""
    whole = plain((paper / "main.tex").read_text(encoding="utf-8"))
    main, _, appendix = whole.partition(APPENDIX)
    text = {"main": main, "appendix": appendix, "all": whole}[part]
    names = (name.removesuffix(".tex") for name in re.findall(r"\\(?:input|include)\{([^}]+)\}", text))
    return [paper / f"{name}.tex" for name in names if (paper / f"{name}.tex").is_file()]


def floats(paper: Path, part: str) -> dict[str, int]:
    """How many figures and tables a part of the text has; a table over pages counts by its caption."""
    counts = {"figure": 0, "table": 0}
    for file in files(paper, part):
        for kind, of in _FLOAT.findall(plain(file.read_text(encoding="utf-8"))):
            if kind != "longtable":
                counts[kind or of] += 1
    return counts


def captions(paper: Path, part: str) -> list[str]:
    """The names of the figures and tables whose generated caption a part of the text inputs, in order."""
    texts = (plain(file.read_text(encoding="utf-8")) for file in files(paper, part))
    return [name for text in texts for name in re.findall(r"\\input\{(\w+)\.caption(?:\.tex)?\}", text)]


def generated(paper: Path) -> set[str]:
    """The names of the generated files that the text inputs or includes."""
    found = set()
    for file in [paper / "main.tex", *files(paper)]:
        text = plain(file.read_text(encoding="utf-8"))
        names = re.findall(r"\\input\{([^}/]+)\}", text)
        found |= {name if name.endswith(".tex") else f"{name}.tex" for name in names}
        found |= set(re.findall(r"\\includegraphics(?:\[[^]]*\])?\{([^}]+)\}", text))
    return found


def formulas(text: str) -> list[tuple[int, str]]:
    """Every formula of a text without comments: where its inside begins, and its LaTeX."""
    found = []
    for match in _MATH.finditer(text):
        name = next(name for name in ("environment", "display", "inline", "dollar") if match[name] is not None)
        found.append((match.start(name), match[name]))
    return found
