import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import quick_yaml

from robustpath import study
from robustpath.figures import style
from robustpath.methods import roles

ROOT = Path(__file__).parents[2]
MANIFEST = quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text())
LOOKING = [name for name in MANIFEST if "style.looks(" in (ROOT / f"notebooks/{name}.py").read_text()]


def kind(look):
    return look["color"], look["marker"], look["linestyle"]


def is_grey(colour):
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red == green == blue


def test_a_look_follows_the_role():
    looks = style.looks(["adamw", "sgd", "flat_warmup", "sam", "contour_warmup"], "sgd")
    assert looks["sgd"]["color"] == style.REFERENCE == "#000000"
    assert (looks["adamw"]["color"], looks["sam"]["color"]) == (style.OTHERS, style.OTHERS)
    assert [looks[name]["color"] for name in ("flat_warmup", "contour_warmup")] == style.PROPOSED[:2]
    assert looks["contour_warmup"]["label"] == "contour warm-up"


def test_every_figure_that_looks_by_role_gives_the_methods_of_that_figure_alone():
    assert len(LOOKING) >= 3
    for name in LOOKING:
        text = (ROOT / f"notebooks/{name}.py").read_text()
        assert not re.search(r'style\.looks\(settings\["methods"\]', text), name


@pytest.mark.parametrize("scale", ["smoke", "laptop", "cluster"])
def test_no_two_methods_of_a_figure_look_alike_and_ours_are_in_colour(scale):
    config = study.load(ROOT / "config.yaml", {"scale": scale})
    for figure in LOOKING:
        for experiment in MANIFEST[figure]["experiments"]:
            looks = style.looks(study.methods_of(config, experiment), config.reference)
            assert max(Counter(map(kind, looks.values())).values()) == 1, (figure, experiment)
            ours = {name: look for name, look in looks.items() if name in roles.PROPOSED}
            assert not [name for name, look in ours.items() if is_grey(look["color"])]
            assert all(is_grey(look["color"]) for name, look in looks.items() if name not in ours)
            assert len({look["color"] for look in ours.values()}) == len(ours)


def test_where_a_colour_comes_again_marker_and_line_differ(monkeypatch):
    many = [f"m{i}" for i in range(20)]
    monkeypatch.setattr(roles, "PROPOSED", many)
    looks = style.looks(["sgd", *many], "sgd")
    assert [looks[name]["color"] for name in many[:7]] == style.PROPOSED
    again = [pair for pair in combinations(map(looks.get, many), 2) if pair[0]["color"] == pair[1]["color"]]
    assert len(again) == 19  # 6 colours on three methods, one on two
    for one, other in again:
        assert one["marker"] != other["marker"]
        assert one["linestyle"] != other["linestyle"]


def test_no_two_of_many_grey_methods_look_alike():
    looks = style.looks(["sgd", *(f"m{i}" for i in range(66))], "sgd").values()
    assert len({json.dumps(kind(look)) for look in looks}) == 67


def test_the_walks_in_colour_are_those_that_the_claims_name():
    """And the two forms of walks that begin later, which no claim is about."""
    claims = quick_yaml.loaded((ROOT / "paper/claims.yaml").read_text())["families"]["minima"]
    assert [name for name in roles.PROPOSED if "midway" not in name] == list(claims["short_names"])


def test_figures_are_as_wide_as_the_text_of_the_paper():
    (width,) = re.findall(r"textwidth=([\d.]+)in", (ROOT / "paper/main.tex").read_text())
    assert float(width) == style.TEXT_WIDTH


@pytest.fixture
def figure():
    figure, axes = style.panels(1, 2, 2.0)
    axes[0][0].plot([0, 1], [0, 1], **style.looks(["sgd"], "sgd")["sgd"])
    axes[0][0].set_xlabel("number of examples")
    style.legend(figure, style.looks(["sgd", "adamw", "swa", "ema", "sam"], "sgd"))
    return figure


def test_pdf_is_the_same_twice_with_real_fonts_and_the_width_of_the_text(figure, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        style.save(figure, tmp_path / name)
    content = (tmp_path / "a.pdf").read_bytes()
    assert content == (tmp_path / "b.pdf").read_bytes()
    assert b"CreationDate" not in content
    assert b"/Type3" not in content
    assert b"/MediaBox [ 0 0 468 144 ]" in content


@pytest.mark.parametrize("shown", [0, 1, 3])
def test_a_figure_that_was_shown_before_it_was_finished_is_the_same(tmp_path, shown):
    """As IPython does after each cell: a figure's layout would begin where the one of a half-drawn figure ended."""

    def built(times: int) -> bytes:
        figure, ((left, right),) = style.panels(1, 2, 2.0)
        left.set_aspect("equal")
        for _ in range(times):
            figure.canvas.draw()
        left.set_ylabel("two\nlines")
        right.set_title("a title")
        right.text(1.01, 0.5, "beside", transform=right.get_yaxis_transform())
        figure.legend(right.plot([0, 1], [1, 0]), ["a line"], loc="outside upper center")
        style.save(figure, tmp_path / "figure.pdf")
        return (tmp_path / "figure.pdf").read_bytes()

    assert built(shown) == built(0)


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


def test_ticks_of_a_logit_scale_are_round_and_lie_at_the_logits():
    ticks = style.logit_ticks(0.912, 0.937)
    assert list(ticks.values()) == ["92", "93"]
    assert list(ticks) == pytest.approx([np.log(92 / 8), np.log(93 / 7)])
    assert list(style.logit_ticks(0.0, 1.0)) == [0.0]  # 0 and 100 % lie at no place


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
