"""docs/acquisition.md says what the code does."""

import re
from pathlib import Path

from robustpath.protocols.acquisition import metrics, on_the_way, source, views
from robustpath.protocols.acquisition.protocol import PROTOCOL

PAGE = (Path(__file__).parents[3] / "docs/acquisition.md").read_text(encoding="utf-8")


def test_the_page_names_every_score_and_no_other():
    named = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## What is scored")[2]))
    rounds = set(re.findall(r"`(\w+)_round_n`", PAGE))
    assert rounds == on_the_way.CURVES.keys()
    others = {name for name in on_the_way.ON_THE_WAY if "_round_" not in name}
    assert others == named & metrics.METRICS.keys() - {"accuracy"}


def test_the_page_names_every_key_that_a_training_depends_on():
    keys = PROTOCOL.keys | PROTOCOL.unusual | {"budget"}
    assert keys - {"task"} <= set(re.findall(r"`([a-z_]+)`", PAGE))


def test_the_page_has_the_numbers_of_the_code():
    assert (source.MOMENTS, views.PASSES, views.DROPPED) == (10, 20, 0.5)
    assert "up to ten moments" in PAGE and "20 passes in which half of the features" in " ".join(PAGE.split())
