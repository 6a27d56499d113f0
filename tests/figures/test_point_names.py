from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from robustpath.figures.point_names import MARK, name_points

MIDDLE = {"method": (0.5, 0.5)}


@pytest.fixture
def panel():
    panel = Figure(figsize=(3, 2)).subplots()
    panel.set(xlim=(0, 1), ylim=(0, 1))
    return panel


def placed(panel, names, marks, **look):
    panel.scatter(*np.transpose(marks))
    panel.get_figure(root=True).draw_without_rendering()
    return name_points(panel, names, np.array(marks), fontsize=6, **look)


def at(panel, point):
    return panel.transData.transform(point)


def test_a_lone_point_has_its_name_at_its_right(panel):
    box = placed(panel, MIDDLE, [(0.5, 0.5)])["method"]
    x, y = at(panel, (0.5, 0.5))
    assert box.x0 == pytest.approx(x + 3 * panel.figure.dpi / 72, abs=1)
    assert box.y0 < y < box.y1


def test_a_name_goes_left_where_a_mark_lies_at_the_right(panel):
    box = placed(panel, MIDDLE, [(0.5, 0.5), (0.57, 0.5)])["method"]
    assert box.x1 < at(panel, (0.5, 0.5))[0]


def test_a_name_at_the_edge_stays_in_the_panel(panel):
    box = placed(panel, {"a long name": (0.99, 0.99)}, [(0.99, 0.99)])["a long name"]
    assert panel.bbox.x0 <= box.x0 <= box.x1 <= panel.bbox.x1
    assert panel.bbox.y0 <= box.y0 <= box.y1 <= panel.bbox.y1


def test_a_name_leaves_a_line_and_a_text_free(panel):
    panel.plot([0.5, 1], [0.5, 0.5])
    assert placed(panel, MIDDLE, [(0.5, 0.5)])["method"].x1 < at(panel, (0.5, 0.5))[0]
    text = panel.text(0.75, 0.82, "as large as this text")
    box = placed(panel, {"other": (0.7, 0.85)}, [(0.7, 0.85)])["other"]
    assert not box.overlaps(text.get_window_extent())


def test_names_hide_neither_marks_nor_each_other_where_there_is_room(panel):
    generator = np.random.default_rng(0)
    marks = generator.uniform(0.1, 0.9, (12, 2))
    boxes = placed(panel, {f"name {i}": tuple(mark) for i, mark in enumerate(marks)}, marks)
    assert not any(one.overlaps(other) for one, other in combinations(boxes.values(), 2))
    inner = [box.padded(MARK * panel.figure.dpi / 72 / 2) for box in boxes.values()]
    assert not any(box.contains(*at(panel, mark)) for box in inner for mark in marks)


def test_a_name_that_goes_far_is_joined_to_its_point(panel):
    ring = [(0.5 + 0.06 * np.cos(a), 0.5 + 0.09 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 16)]
    box = placed(panel, MIDDLE, [(0.5, 0.5), *ring])["method"]
    assert len(panel.texts) == 2
    x, y = at(panel, (0.5, 0.5))
    assert not box.padded(6 * panel.figure.dpi / 72).contains(x, y)
