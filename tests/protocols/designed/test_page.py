"""docs/designed.md says what the code does."""

import re
from pathlib import Path

from robustpath.protocols.designed import designs, metrics, reliance, sizes, source, training

PAGE = " ".join((Path(__file__).parents[3] / "docs/designed.md").read_text(encoding="utf-8").split())


def test_the_page_names_every_score_and_every_knob():
    named = set(re.findall(r"`([a-z_0-3]+)`", PAGE))
    swept, changed = (designs.knobs_of(design, [0], 1600)[0] for design in ("sweep", "changes"))
    assert metrics.METRICS.keys() | swept.keys() | changed.keys() - {"group_1", "group_2"} <= named


def test_the_page_has_the_numbers_of_the_code():
    for name, (low, high) in designs.RANGES.items():
        assert f"`{name}` {low:g} to {high:g}" in PAGE, name
    assert sizes.SHARES == {False: (0.02, 0.25), True: (0.25, 1.0)} and sizes.SHARE == 0.9
    assert "have 2% to 25%, majority groups (0 and 3) 25% to 100%" in PAGE
    assert {abs(change) for _, change in sizes.CHANGES} == {0, 5, 20, 80} and f"{sizes.FEWEST} to that" in PAGE
    assert (reliance.EACH, training.LOOKED, source.MOMENTS) == (1000, 100, 20)
