"""The figure of the scale check on planted records, and where a side is not there."""

import larger_records
import pytest
from executed import executed

from robustpath import records
from robustpath.figures import larger
from robustpath.statistics.larger import contrasts


@pytest.fixture(scope="module")
def settings():
    return larger_records.settings()


@pytest.fixture(scope="module")
def table(settings):
    return larger_records.recorded(settings, {"sam": 2.0, "parallelogram": 0.1}, {"parallelogram": 0.1}, spread=0.002)


def run(table, settings, folder):
    records.write(table, folder / "records.parquet")
    return executed("larger_scale", folder, records=str(folder / "records.parquet"), settings=settings)


def test_the_figure_and_its_caption_are_made(table, settings, tmp_path):
    result, caption = run(table, settings, tmp_path)
    assert result.startswith(b"%PDF")
    found = larger.finding(contrasts(table, settings))
    assert caption.startswith(rf"\textbf{{{found}}}") and found.startswith("Of eight differences")
    assert "stream domains: Digit domains (6 and 6 seeds)" in caption and "Default hyperparameters." in caption
    assert "The ensemble takes four times the passes." in caption
    assert "strided convolutions" in caption and r"95\,\%" in caption


@pytest.mark.parametrize("lacking", ["ruler_larger", "larger"])
def test_without_a_side_a_sentence_takes_its_place(lacking, table, settings, tmp_path):
    names = [name for name in settings["experiments"] if lacking not in name]
    own = settings | {"experiments": {name: settings["experiments"][name] for name in names}}
    result, caption = run(table[table["experiment"].isin(names)], own, tmp_path)
    assert result.startswith(b"%PDF") and larger.LACKING in caption


def test_a_finding_counts_outcomes_in_one_sentence(table, settings):
    found = contrasts(table, settings)
    assert larger.finding(found.iloc[:1]).endswith("one is clear at the small scale only.")
