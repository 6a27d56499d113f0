"""Values of --config are read as config.yaml is, from what was typed: Snakemake has made other values of some."""

import pytest

from robustpath.config.errors import ConfigError
from robustpath.config.overrides import overrides
from robustpath.study import load

CHAIN = ", ".join(
    ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))],
)


def test_values_are_those_of_the_file():
    given = ["scale=smoke", "verify={level: 2, minutes: 1.5}", "methods=[sgd, sam]", "start="]
    assert overrides(given) == {
        "scale": "smoke", "verify": {"level": 2, "minutes": 1.5}, "methods": ["sgd", "sam"], "start": None,
    }  # fmt: skip


def test_mappings_come_together_and_stand_above_those_of_files(tmp_path):
    (tmp_path / "one.yaml").write_text("scale: cluster\nverify: {cells: 5}\n")
    (tmp_path / "two.yaml").write_text("confidence: 0.9\n")
    given = ["scale=smoke", "verify={level: 2}", "verify={minutes: 1}"]
    assert overrides(given, [tmp_path / "one.yaml", tmp_path / "two.yaml"], ["snakemake", "--config", *given]) == {
        "scale": "smoke", "verify": {"cells": 5, "level": 2, "minutes": 1}, "confidence": 0.9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["confidence=0120"], "--config confidence line 1, column 1: 0120 would be read as 80; write it without"),
        (["scales={smoke: {batch_size: 016}}"], "--config scales line 1, column 22: 016 would be read as 14; write"),
        (["scale=2001-02-30"], "--config scale line 1, column 1: '2001-02-30' reads as timestamp but is none; correct"),
        (["scale=2001-02-03"], "--config scale line 1, column 1: 2001-02-03 would be read as a date; put quotes"),
        (["verify={level: 1, level: 2}"], "--config verify line 1, column 12: level = 2 is given twice; keep one of"),
        (["verify={level: [[}"], "--config verify line 1, column 11: expected the node content, but found '}';"),
        ([f"scales={{{CHAIN}}}"], "a6 has more than 200,000 values, aliases written out; take out aliases of aliases"),
        (["scale=smoke", "scale=laptop"], "--config: scale is given twice; keep one"),
        (["verify={level: 1}", "verify={level: 2}"], "--config: verify.level is given twice; keep one"),
        (["scale=sm\udce9ke"], "--config scale: is no UTF-8 text; type it again in a terminal that writes UTF-8"),
    ],
)
def test_what_the_file_refuses_is_refused(given, said):
    with pytest.raises(ConfigError) as error:
        load(overrides=overrides(given))
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("second", [["--config", "scale=smoke"], ["-C", "scale=smoke"], ["--config=scale=smoke"]])
def test_a_second_list_of_values_is_refused_since_snakemake_forgets_the_first(second):
    with pytest.raises(ConfigError, match="--config is given twice, of which Snakemake reads the last; put all values"):
        overrides(["scale=smoke"], command=["snakemake", "--config", "confidence=0.9", *second])


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "one.yaml").write_text("- scale\n")
    with pytest.raises(ConfigError, match=r"one\.yaml: is not a mapping of keys to values"):
        overrides([], [tmp_path / "one.yaml"])
