"""The table of the factorial: planted effects in its finding and rows, and the methods of a smoke run."""

import re

import acquired_records
import pytest
from executed import MANIFEST, on_records

from robustpath.statistics.factorial import EXPERIMENTS

BOUGHT = {"cal": 0.1, "parallelogram": 0.05, "parallelogram_reversed": -0.1}


def study_settings(scale="laptop", **changes):
    return acquired_records.settings(*MANIFEST["factorial"]["experiments"], seeds=6, scale=scale, **changes)


def planted(run):
    """A descent that gains 8 points and 12 more with CAL, and a coding that loses 6."""
    descent, coding = EXPERIMENTS[run["experiment"]]
    more = 0.08 * descent - 0.06 * coding + 0.12 * descent * (run["method"] == "cal")
    return {"worst": 0.4 + BOUGHT.get(run["method"], 0.0) + more}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    settings = study_settings()
    return on_records("factorial", acquired_records.recorded(settings, planted), settings, tmp_path_factory.mktemp("f"))


def test_the_caption_opens_with_what_was_planted(made):
    """By hand: all less CAL alone 8 - 6 + 12; beyond the sum of 10, 8 and -6: 12; so is the largest interaction."""
    opening = made[1].split("} \\emph")[0]
    assert re.search(
        r"CAL, ASAM and activation entropy together gain \(\$\+1[34]\.\d\$ .*compared with the best of them alone, "
        r"CAL; against the sum of what each changes alone they gain more "
        r"\(\$\+1[12]\.\d\$ .*the largest interaction of two is acquisition \$\\times\$ descent "
        r"\(\$\+1[12]\.\d\$",
        opening,
    ), opening
    assert rf"\emph{{{MANIFEST['factorial']['question']}}}" in made[1] and "6 seeds" in made[1]


def test_the_table_has_every_cell_and_every_effect_of_both_acquisitions(made):
    lines = [line for line in made[0].decode().splitlines() if line.endswith(r"\\")]
    rows = [line for line in lines if "multicolumn" not in line]
    assert len(rows) == 1 + 4 * len(EXPERIMENTS) + 2 * 7
    assert {line.count("&") for line in rows} == {3}
    assert "nan" not in re.split(r"\W+", made[0].decode() + made[1])
    assert [line for line in rows if re.match(r"acquisition & \$\+1[56]\.\d\$ ", line)], rows
    assert [line for line in rows if re.match(r"acquisition & \$\+(4|5)\.\d\$ ", line)], rows


def test_it_bears_the_methods_of_a_smoke_run(tmp_path):
    settings = study_settings("smoke")
    assert on_records("factorial", acquired_records.recorded(settings, planted), settings, tmp_path)[1].startswith(
        r"\textbf{"
    )
