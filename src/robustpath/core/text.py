"""Rows of facts as text for a terminal."""


def table(found: list[dict]) -> str:
    """Rows under their keys, columns aligned, numbers to the right."""
    if not found:
        return "none"
    header = list(found[0])
    text = [[_cell(row[key]) for key in header] for row in found]
    widths = [max(len(line[i]) for line in [header, *text]) for i in range(len(header))]
    right = [all(isinstance(row[key], int) for row in found) for key in header]
    lines = [header, ["-" * width for width in widths], *text]
    return "\n".join("  ".join(map(_aligned, line, widths, right)).rstrip() for line in lines)


def _aligned(text: str, width: int, to_right: bool) -> str:
    return text.rjust(width) if to_right else text.ljust(width)


def _cell(value) -> str:
    return ", ".join(map(str, value)) or "-" if isinstance(value, list) else str(value)
