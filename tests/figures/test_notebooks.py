import json
import re
import sys
from pathlib import Path

import pytest
import repeated
import yaml

from robustpath import records
from robustpath.core.errors import UserError
from robustpath.figures import notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
MANIFEST = yaml.safe_load((FOLDER / "manifest.yaml").read_text())
EFFICIENCY = {
    "learning_curves",
    "shift_severity",
    "method_comparison",
    "search_spaces",
    "aggregates",
    "tuning_curves",
}
STUDY = {
    "minima_comparison",
    "matched_loss",
    "hypotheses",
    "walks",
    "measures",
    "effective_robustness",
    "random_labels",
    "calibration",
}


def test_every_notebook_is_in_the_manifest():
    assert set(MANIFEST) == {file.stem for file in FOLDER.glob("*.py")}
    assert {entry["kind"] for entry in MANIFEST.values()} <= {"figure", "table"}


def columns(line):
    """The number of columns that a row of a table spans."""
    cells = re.split(r"(?<!\\)&", line)
    spans = [re.match(r"\s*\\multicolumn\{(\d+)\}", cell) for cell in cells]
    return sum(int(span[1]) if span else 1 for span in spans)


def run(name, records_file, settings, folder, **inputs):
    out = folder / f"{name}.{'pdf' if MANIFEST[name]['kind'] == 'figure' else 'tex'}"
    parameters = {
        "records": str(records_file),
        "settings": settings,
        "out": str(out),
        "caption": str(folder / f"{name}.caption.tex"),
        **inputs,
    }
    notebooks.execute(FOLDER / f"{name}.py", parameters, folder / f"{name}.ipynb")
    return out.read_bytes(), (folder / f"{name}.caption.tex").read_text()


def sound(name, result, caption):
    """A figure is a PDF; all rows of a table span the same columns; the caption opens with the question."""
    assert caption.startswith(rf"\textbf{{{MANIFEST[name]['question']}}}")
    assert "nan" not in caption.split()
    if MANIFEST[name]["kind"] == "figure":
        assert result.startswith(b"%PDF")
    else:
        assert result.count(rb"\toprule") == 1
        assert len({columns(line) for line in result.decode().splitlines() if line.endswith(r"\\")}) == 1


@pytest.mark.parametrize("name", [name for name in MANIFEST if name in EFFICIENCY])
def test_a_notebook_makes_its_result_and_caption(name, records_file, small_settings, tmp_path):
    from robustpath import methods

    known = {name: family for name, family in small_settings["methods"].items() if name in methods.names()}
    settings = small_settings if name != "search_spaces" else {**small_settings, "methods": known}
    sound(name, *run(name, records_file, settings, tmp_path))


@pytest.mark.parametrize("name", [name for name in MANIFEST if name in STUDY])
def test_a_notebook_of_the_study_makes_its_result_and_caption(
    name, claims_file, calibration_file, minima_settings, tmp_path
):
    files = {"claims": str(claims_file), "calibration": str(calibration_file)}
    inputs = {key: files[key] for key in MANIFEST[name].get("inputs", [])}
    records_file = claims_file.with_name("records.parquet")
    sound(name, *run(name, records_file, minima_settings, tmp_path, **inputs))


@pytest.mark.parametrize("seeds", [2, 12])
def test_the_components_of_variance_make_a_table_and_its_caption(seeds, tmp_path):
    planted = {"split": 0.01, "initialisation": 0.004, "order": 0.002, "draw": 0.006}
    records.write(repeated.repeated(planted, seeds), tmp_path / "records.parquet")
    settings = repeated.settings(seeds)
    result, caption = run("variance_components", tmp_path / "records.parquet", settings, tmp_path)
    sound("variance_components", result, caption)
    assert f"{seeds} repetitions a row" in caption
    assert f"{seeds} of {2 * seeds} selections keep the default" in caption
    assert result.count(rb"order of batches") == 3
    assert b"nan" not in result


def test_notebooks_of_the_study_bear_few_seeds_and_methods(make_study, tmp_path):
    records_file, claims_file, settings = make_study(["sgd", "adamw", "contour_warmup"], 2)
    for name in ("hypotheses", "effective_robustness", "matched_loss"):
        sound(name, *run(name, records_file, settings, tmp_path, claims=str(claims_file)))


def test_a_figure_drawn_again_is_the_same_to_the_byte(records_file, small_settings, tmp_path):
    one, other = (run("learning_curves", records_file, small_settings, tmp_path / place) for place in ("a", "b"))
    assert one == other


CELL = """
# %% tags=["parameters"]
out = None

# %%
import os, sys, pathlib
facts = [sys.executable, os.environ["OMP_NUM_THREADS"], os.environ["SOURCE_DATE_EPOCH"]]
pathlib.Path(out).write_text("\\n".join(facts))
"""


def test_the_kernel_is_this_interpreter_with_one_thread(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    (tmp_path / "cell.py").write_text(CELL)
    notebooks.execute(tmp_path / "cell.py", {"out": str(tmp_path / "out")}, tmp_path / "executed.ipynb")
    assert (tmp_path / "out").read_text().split("\n") == [sys.executable, "1", "0"]


def test_a_failing_notebook_is_kept_and_told_in_one_sentence(tmp_path):
    (tmp_path / "bad.py").write_text("# %%\nprint('before')\n\n# %%\nraise KeyError('no such\\ncolumn')\n")
    executed = tmp_path / "logs" / "bad.ipynb"
    with pytest.raises(UserError, match=r"bad\.py: KeyError: .*column.*logs/bad\.ipynb") as error:
        notebooks.execute(tmp_path / "bad.py", {}, executed)
    assert "\n" not in str(error.value)
    cells = json.loads(executed.read_text())["cells"]
    assert any("before" in str(cell.get("outputs")) for cell in cells)
    assert [file.name for file in executed.parent.iterdir()] == ["bad.ipynb"]


def test_every_notebook_reads_records_by_the_loader_that_refuses_gaps():
    for file in FOLDER.glob("*.py"):
        text = file.read_text()
        unused = "records = None  # not used" in text
        assert unused or 'table = load(records, settings["scale"])' in text, file.name
        assert "read_parquet" not in text, file.name


def test_a_lost_run_does_not_vanish_into_a_mean(minima_records, minima_settings, tmp_path):
    own = minima_records["experiment"] == "random_labels"
    lost = own & (minima_records["seed"] == 3) & (minima_records["label_noise"] == 0.5)
    lost &= minima_records["dataset"] == "optdigits"
    records.write(minima_records[~lost], tmp_path / "records.parquet")
    said = (
        "experiment=random_labels, dataset=optdigits, .* is lacking for method=sgd, .*label_noise=0.5, seed=3, draw=0;"
    )
    with pytest.raises(UserError, match=said):
        run("random_labels", tmp_path / "records.parquet", minima_settings, tmp_path)
    assert not (tmp_path / "random_labels.pdf").exists()
