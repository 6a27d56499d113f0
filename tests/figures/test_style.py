from itertools import combinations

import pytest

from robustpath.figures import style


def test_a_method_appended_changes_no_other():
    names = ["sgd", "adamw", "radam"]
    longer = style.looks([*names, "new_method"])
    assert {name: longer[name] for name in names} == style.looks(names)
    assert longer["new_method"]["label"] == "new method"


def test_no_two_of_many_methods_look_alike():
    many = style.looks(f"m{i}" for i in range(40)).values()
    kinds = [(look["color"], look["marker"], look["linestyle"]) for look in many]
    assert len(set(kinds)) == 40
    for one, other in combinations(kinds[:8], 2):
        assert one[0] != other[0]


@pytest.fixture
def figure():
    figure, axes = style.panels(1, 2, 2.0)
    axes[0][0].plot([0, 1], [0, 1], **style.looks(["sgd"])["sgd"])
    axes[0][0].set_xlabel("number of examples")
    style.legend(figure, style.looks(["sgd", "adamw", "swa", "ema", "sam"]))
    return figure


def test_pdf_is_the_same_twice_with_real_fonts_and_the_width_of_the_text(figure, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        style.save(figure, tmp_path / name)
    content = (tmp_path / "a.pdf").read_bytes()
    assert content == (tmp_path / "b.pdf").read_bytes()
    assert b"CreationDate" not in content
    assert b"/Type3" not in content
    assert b"/MediaBox [ 0 0 403.2 144 ]" in content


def test_without_a_file_nothing_is_written(figure, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    style.save(figure, None)
    assert not list(tmp_path.iterdir())


def test_legend_is_read_along_the_rows(figure):
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    # Filled column by column: the fifth of five stands under the first of four.
    assert labels == ["SGD", "SAM", "AdamW", "SWA", "EMA"]


def test_ticks_of_differences_lie_inside_and_are_signed():
    assert style.difference_ticks(-2.5, 4.4) == {-2: "\N{MINUS SIGN}2", 0: "0", 2: "+2", 4: "+4"}
    assert list(style.difference_ticks(-30, 6)) == [-20, -5, -2, 0, 2, 5]
    assert list(style.difference_ticks(-80, 80)) == [-50, -5, 0, 5, 50]


def test_a_saved_figure_is_laid_out_and_drawn_once(tmp_path):
    figure, [[axis]] = style.panels(1, 1, 2.0)
    axis.set_ylabel("two\nlines\nof text")
    style.save(figure, tmp_path / "figure.pdf")
    assert not figure.stale  # pyplot draws every stale figure after a cell
    place = axis.get_position().bounds
    axis.set_ylabel("")
    figure.draw_without_rendering()
    assert axis.get_position().bounds == place


def test_a_figure_that_is_only_shown_is_drawn_when_it_is_shown():
    figure, _ = style.panels(1, 1, 2.0)
    style.save(figure, None)
    assert figure.stale
