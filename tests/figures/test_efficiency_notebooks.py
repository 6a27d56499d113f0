"""The figures of ratios and rulers on planted curves, and where no experiment is a ruler."""

import json
import re

import pytest
import ruled
from executed import executed

from robustpath import records
from robustpath.figures import efficiency
from robustpath.statistics.rulers import COMPARISONS, YARDSTICKS, measured

JUDGED = {
    "short_names": {"contour_warmup": "V1"},
    "baselines": ["sgd", "sam"],
    "controls": ["short_descent"],
    "placebos": ["short_descent"],
}


@pytest.fixture(scope="module")
def settings():
    return ruled.settings()


@pytest.fixture(scope="module")
def table(settings):
    return ruled.recorded(settings, ruled.WORTH | {"sam": 20.0}, spread=0.002)


def run(name, table, settings, folder):
    """Result and caption of a notebook."""
    records.write(table, folder / "records.parquet")
    claims = folder / "claims.json"
    claims.write_text(json.dumps({"scale": "laptop", "confidence": 0.95, "families": {"minima": JUDGED}}))
    given = {"claims": str(claims)} if name == "data_efficiency_ratio" else {}
    return executed(name, folder, records=str(folder / "records.parquet"), settings=settings, **given)


@pytest.mark.parametrize("name", ["data_efficiency_ratio", "ruler"])
def test_a_figure_and_its_caption_are_made(name, table, settings, tmp_path):
    result, caption = run(name, table, settings, tmp_path)
    assert result.startswith(b"%PDF") and caption.startswith(r"\textbf{")
    assert r"95\,\%" in caption and "6 seeds" in caption and "nan" not in re.split(r"\W+", caption)
    if name == "data_efficiency_ratio":
        assert "minima, n = 300 (Fashion-MNIST, Optdigits and Typeface digits, 0 and 20" in caption
        # Three of minima and two of each ruler of streams at two noises, one of groups, two acquisitions.
        first = re.search(r"(\d+) of (\d+) ratios of our methods lie above 1 and (\d+) below it", caption).group(
            1, 3, 2
        )
        counts = re.findall(r"of (?:published methods|controls) (\d+) and (\d+) of (\d+)", caption)
        above, below, total = (sum(map(int, each)) for each in zip(first, *counts, strict=True))
        assert total == 2 * 3 + 2 * 3 + 1 + 2 and above >= 6 and below >= 4
        assert "of the same runs, mixup and ensemble of four (four times the passes)." in caption


@pytest.mark.parametrize("name", ["data_efficiency_ratio", "ruler"])
def test_without_a_ruler_a_sentence_takes_its_place(name, table, settings, tmp_path):
    own = {key: each for key, each in settings["experiments"].items() if not key.startswith("ruler")}
    result, caption = run(name, table, settings | {"experiments": own}, tmp_path)
    assert result.startswith(b"%PDF") and "Left out: no experiment trains the plain method" in caption


def test_rows_are_the_ruler_and_the_best_of_each_role(table, settings):
    found = measured(table, settings, [*COMPARISONS, *YARDSTICKS])
    blocks = efficiency.rows(found, JUDGED, settings)
    assert blocks["minima"] == [
        ("minima", "sgd", "ruler"), ("minima", "contour_warmup", "ours"), ("minima", "sam", "published"),
        ("yardsticks", "mixup", "published"), ("ensembles", "ensemble", "published"),
        ("minima", "short_descent", "control"),
    ]  # fmt: skip
    assert [own[1:] for own in blocks["streams"]] == [
        ("online_sgd", "ruler"), ("slow_ball", "ours"), ("der_plus_plus", "published"), ("er", "published"),
    ]  # fmt: skip
    rehearsed = [own[1:] for own in blocks["rehearsal"]]
    assert rehearsed[0] == ("er", "ruler") and ("online_sgd", "published") not in rehearsed
    assert [own[1:] for own in blocks["groups"]] == [("sgd", "ruler"), ("group_dro", "published")]
    assert sum(map(len, blocks.values())) <= 36
    assert efficiency.beyond(found, blocks, settings) == ""


def test_a_comparison_of_bounds_alone_is_a_sentence_and_no_block(settings):
    worth = ruled.WORTH | {"er": 0.01, "der_plus_plus": 40.0, "slow_ball": 30.0}
    found = measured(ruled.recorded(settings, worth), settings)
    blocks = efficiency.rows(found, JUDGED, settings)
    assert {"minima", "groups"} <= blocks.keys() and "streams" not in blocks
    words = "Not drawn: batches by the ruler online SGD; of 6 ratios 4 are bounds above its sizes and 2 below."
    assert words in efficiency.beyond(found, blocks, settings)
    assert "batches" not in efficiency.evidence(found, blocks, settings)
    alone = found[found["comparison"] == "streams"]
    assert list(efficiency.rows(alone, JUDGED, settings)) == ["streams"]


def test_titles_say_what_is_measured_at_how_many_examples(settings):
    assert efficiency.heading("minima", settings) == "minima: accuracy, n = 300; ruler SGD"
    assert efficiency.heading("rehearsal", settings) == "batches: accuracy, 400 a task; ruler ER"
    assert efficiency.heading("holes", settings).startswith("shortcuts: worst group, one missing, 120 labels")
