"""LaTeX tables in booktabs style, from cells that are LaTeX already."""

Row = list[str]


def heading(text: str, columns: int) -> Row:
    """A row that names the group of rows below it."""
    return [f"\\multicolumn{{{columns}}}{{@{{}}l}}{{\\textit{{{text}}}}}"]


def span(text: str, first: int, last: int) -> tuple[str, str]:
    """A cell centred over columns first..last, counted from 1, and the rule to stand under it."""
    return f"\\multicolumn{{{last - first + 1}}}{{c}}{{{text}}}", f"\\cmidrule(lr){{{first}-{last}}}"


EFFECT = "r@{}l"  # the columns of an `effect`: decimal points lie above one another


def effect(value: str, half: str = "", star: bool = False) -> Row:
    """The two cells of a number with half the width of its interval, and a star; a number alone has an empty second."""
    mark = r"$^{\ast}$" if star else ""
    return [value, rf"\,$\pm$\,{half}{mark}" if half else ""]


def over(text: str) -> str:
    """The heading over the two columns of an `effect`."""
    return f"\\multicolumn{{2}}{{c}}{{{text}}}"


def booktabs(
    header: list[Row | str],
    groups: list[list[Row]],
    alignment: str,
    gap: str = "4pt",
    size: str = "footnotesize",
    stretch: float = 1.0,
) -> str:
    """A tabular: header rows (or rules, as strings), then groups of rows a thin gap apart.

    `gap` is the space on either side of a column, `size` that of its type, `stretch` a factor on the height of rows.
    """
    lines = [f"\\begingroup\\{size}\\setlength{{\\tabcolsep}}{{{gap}}}%"]
    lines += [f"\\renewcommand{{\\arraystretch}}{{{stretch:g}}}%"] * (stretch != 1.0)
    lines += [f"\\begin{{tabular}}{{@{{}}{alignment}@{{}}}}", "\\toprule", *_above(header), "\\midrule"]
    return "\n".join([*lines, *_below(groups), "\\bottomrule", "\\end{tabular}\\endgroup"])


def over_pages(
    header: list[Row | str], groups: list[list[Row]], alignment: str, gap: str = "4pt", size: str = "footnotesize"
) -> str:
    """As `booktabs`, a longtable: it goes on over pages, each of which begins with the header rows."""
    lines = [f"\\begingroup\\{size}\\setlength{{\\tabcolsep}}{{{gap}}}%"]
    lines += [f"\\begin{{longtable}}{{@{{}}{alignment}@{{}}}}", "\\toprule", *_above(header), r"\midrule \endhead"]
    return "\n".join([*lines, *_below(groups), "\\bottomrule", "\\end{longtable}\\endgroup"])


def _above(header: list[Row | str]) -> list[str]:
    return [row if isinstance(row, str) else " & ".join(row) + r" \\" for row in header]


def _below(groups: list[list[Row]]) -> list[str]:
    lines: list[str] = []
    for position, group in enumerate(groups):
        lines += ["\\addlinespace[3pt]"] * (position > 0)
        # A page does not break below a heading, the one cell of its row.
        lines += [" & ".join(row) + (r" \\*" if len(row) == 1 else r" \\") for row in group]
    return lines
