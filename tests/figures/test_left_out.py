"""What the job of a figure or table writes where the config lacks what it needs."""

import json

import known_faults
import pytest
from executed import MANIFEST, NOTEBOOKS
from sealed import nothing

from robustpath import study
from robustpath.command_line import main

CASES = {"forgetting": ("no moments are kept", "pdf"), "variance_components": ("variance_order varies nothing", "tex")}


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_takes_its_place(name, tmp_path, monkeypatch):
    fault, ending = CASES[name]
    config = study.validate(known_faults.edited(known_faults.FAULTS[fault]))
    out, caption = tmp_path / f"{name}.{ending}", tmp_path / f"{name}.caption.tex"
    monkeypatch.chdir(NOTEBOOKS.parent)
    settings = json.dumps(study.figure_settings(study.report_settings(config), MANIFEST[name]))
    files = ["--out", str(out), "--caption", str(caption), "--executed", str(tmp_path / "executed.ipynb")]
    given = ["--records", str(nothing(tmp_path)), "--settings", settings]
    assert main(["notebook", f"notebooks/{name}.py", *given, *files]) == 0
    key = {"forgetting": "trajectories.points = 0", "variance_components": r"variance\_order.vary = []"}[name]
    assert f"Left out: experiments.{key} is not " in caption.read_text()
    if ending == "tex":
        assert f"Left out: experiments.{key}" in out.read_text()
    else:
        assert out.read_bytes().startswith(b"%PDF")
