"""Names beside points of a scatter plot, where they hide the least."""

from collections.abc import Mapping
from itertools import pairwise, product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

GAPS = (3.0, 7.0, 12.0, 17.0)  # points of paper to the name; from the second on a line leads there
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
ALIGNED = {1: ("left", "bottom"), 0: ("center", "center"), -1: ("right", "top")}
MARK = 2.6  # points of paper from the middle of a mark to its edge, with a little air
LEADER = {"arrowstyle": "-", "linewidth": 0.4, "color": "0.5", "shrinkA": 0.5, "shrinkB": 1.5}
# What a place costs: leaving the panel, each mark or text that is hidden, each dot of a line, each point of the gap.
LEAVES, COVERS, CROSSES, FAR = 100.0, 10.0, 1.0, 0.5


def name_points(panel: Axes, names: Mapping[str, tuple[float, float]], marks: np.ndarray, **look) -> dict[str, Bbox]:
    """Write each name beside its point (x, y) and return the boxes of the names, in pixels.

    A name goes where it hides the fewest of `marks` [n, 2], of the texts that are there already and of the lines, and
    stays within the panel; of places that are equally good, the nearest, right of the point first. The figure must have
    its layout (`draw_without_rendering`). `look`: how the text is drawn, as of `Axes.annotate`.
    """
    unit = panel.get_figure(root=True).dpi / 72
    dots = panel.transData.transform(np.asarray(marks, dtype=float).reshape(-1, 2))
    of_lines = [panel.transData.transform(_dotted(*line.get_data())) for line in panel.lines]
    taken = [text.get_window_extent() for text in panel.texts]
    placed = {}
    for name, point in names.items():
        middle = panel.transData.transform(point)
        text = panel.annotate(name, point, (0, 0), textcoords="offset points", **look)
        size = text.get_window_extent()

        def cost(gap_and_side, middle=middle, size=size):
            gap, side = gap_and_side
            box = _box(middle, gap * unit, side, size.width, size.height)
            leaves = not (panel.bbox.containsx(box.x0) and panel.bbox.containsx(box.x1))
            leaves |= not (panel.bbox.containsy(box.y0) and panel.bbox.containsy(box.y1))
            hidden = _inside(dots, box.padded(MARK * unit)) + sum(box.overlaps(other) for other in taken)
            crossed = sum(_inside(line, box) for line in of_lines)
            leader = _leader(middle, gap * unit, side)
            crossed += sum(_inside(leader, other) for other in taken)
            return LEAVES * leaves + COVERS * hidden + CROSSES * crossed + FAR * gap

        gap, side = min(product(GAPS, SIDES), key=cost)
        text.set(horizontalalignment=ALIGNED[side[0]][0], verticalalignment=ALIGNED[side[1]][1])
        text.set_position((gap * side[0], gap * side[1]))
        if gap > GAPS[0]:
            panel.annotate("", point, text.get_position(), textcoords="offset points", arrowprops=LEADER)
            of_lines.append(_leader(middle, gap * unit, side))
        placed[name] = text.get_window_extent()
        taken.append(placed[name])
    return placed


def _dotted(x, y) -> np.ndarray:
    """Fifty points along each piece of a line [50 pieces, 2]."""
    ends = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    share = np.linspace(0, 1, 50)[:, None]
    pieces = [first + share * (last - first) for first, last in pairwise(ends)]
    return np.concatenate(pieces) if pieces else ends


def _leader(middle: np.ndarray, gap: float, side: tuple[int, int]) -> np.ndarray:
    """Fifty points from a point to where its name begins [50, 2]."""
    end = middle + gap * np.array(side)
    return _dotted(*np.column_stack([middle, end]))


def _box(middle: np.ndarray, gap: float, side: tuple[int, int], width: float, height: float) -> Bbox:
    """Where a text lies that begins a gap away from a point, on one of its sides."""
    left, low = (
        at + gap * step + length * (step - 1) / 2
        for at, step, length in zip(middle, side, (width, height), strict=True)
    )
    return Bbox.from_bounds(left, low, width, height)


def _inside(points: np.ndarray, box: Bbox) -> int:
    """How many points lie in a box."""
    return int(((points >= box.min) & (points <= box.max)).all(axis=1).sum())
