"""Figures and tables that are left out of the paper, since the config lacks what they need; a sentence says so."""

from pathlib import Path

from robustpath.figures import captions, style
from robustpath.records import labels


def write(name: str, entry: dict, why: str, out: Path | str | None, caption: Path | str | None) -> None:
    """Write the reason in the place of a figure or table, and a caption that says what it would have shown."""
    if entry["kind"] == "table":
        captions.write(rf"\emph{{{labels.escape(why)}}}", out)
    else:
        figure, axes = style.panels(1, 1, 0.5)
        axes[0][0].set_axis_off()
        axes[0][0].text(0.5, 0.5, "left out", ha="center", va="center", color="0.4")
        style.save(figure, out)
    text = [rf"\textbf{{{labels.escape(entry['question'])}}}", labels.escape(why)]
    captions.write(" ".join(text), caption)
