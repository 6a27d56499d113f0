"""What README says was found: the lines of paper/findings.md with the published numbers in their places."""

import re
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.paper.retyped import MACRO
from robustpath.publication import published

TEMPLATE = Path("paper/findings.md")
PLACE = re.compile(r"\{([A-Za-z]+)\}")
# What numbers of the paper hold of LaTeX, and the same in plain text.
PLAIN = (("$", ""), (r"\,", ""), (r"\%", "%"), ("-", "\N{MINUS SIGN}"), ("{", ""), ("}", ""))


def lines(scale: str, root: Path) -> str:
    """The template with the numbers that are published of a scale; UserError names a number that is not."""
    file = published.folder(scale, root) / "generated/numbers.tex"
    text = (root / TEMPLATE).read_text(encoding="utf-8").strip()
    if not file.is_file():
        return "Nothing is published yet."
    numbers = dict(MACRO.findall(file.read_text(encoding="utf-8")))

    def value(found: re.Match) -> str:
        if found[1] not in numbers:
            raise UserError(f"{TEMPLATE}: there is no number {found[1]} in {file.relative_to(root)}; name another")
        return plain(numbers[found[1]])

    return PLACE.sub(value, text)


def plain(value: str) -> str:
    """A number of the paper without LaTeX."""
    for latex, text in PLAIN:
        value = value.replace(latex, text)
    return value
