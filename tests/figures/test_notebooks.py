import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import contrasted
import planted
import pytest
import quick_yaml
import repeated
import warm
from sealed import nothing, sealed
from study_fixtures import second_rule

from robustpath import records
from robustpath.claims import verdicts
from robustpath.core import seals
from robustpath.figures.notebooks import ENVIRONMENT

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
MANIFEST = quick_yaml.loaded((FOLDER / "manifest.yaml").read_text())
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
    "stream_hypotheses",
    "shortcut_hypotheses",
    "placebos",
    "claims_by_dataset",
    "walks",
    "measures",
    "effective_robustness",
    "descent_forgets",
    "calibration",
    "error_rates",
}


def test_every_notebook_is_in_the_manifest():
    assert set(MANIFEST) == {file.stem for file in FOLDER.glob("*.py")}
    assert {entry["kind"] for entry in MANIFEST.values()} <= {"figure", "table"}


def test_further_experiments_of_an_entry_are_in_the_shipped_config():
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text())["scales"].values()
    there = {name for scale in scales for name in (*scale["experiments"], *scale["further"])}
    named = {name for entry in MANIFEST.values() for name in entry.get("further", [])}
    assert named and named <= there


def test_a_method_of_any_group_has_a_dot_in_the_figure_of_robustness():
    judged = {"short_names": {"contour_warmup": "V1"}, "baselines": ["adamw"], "controls": ["restarts"]}
    judged["placebos"] = ["rescaled_start"]
    methods = ["adamw", "restarts", "contour_warmup", *verdicts.NEIGHBOURS, "newcomer"]
    groups = verdicts.grouped(methods, judged, "sgd")
    assert len(groups) == 5
    text = (FOLDER / "effective_robustness.py").read_text()
    assert [name for name in groups if f'"{name}": (' not in text] == []


def columns(line):
    """The number of columns that a row of a table spans."""
    cells = re.split(r"(?<!\\)&", line)
    spans = [re.match(r"\s*\\multicolumn\{(\d+)\}", cell) for cell in cells]
    return sum(int(span[1]) if span else 1 for span in spans)


def execute(notebook, out, records_file="none", settings=None, *inputs, start=subprocess.run, **environment):
    """Execute a notebook by the command of its job, its caption and itself beside `out`; None takes a variable away."""
    caption, executed = out.with_name(f"{notebook.stem}.caption.tex"), out.with_name(f"{notebook.stem}.ipynb")
    records_file = nothing(out.parent.parent) if records_file == "none" else sealed(records_file)
    for each in inputs:
        sealed(each.partition("=")[2])
    command = [sys.executable, "-m", "robustpath", "notebook", notebook, "--records", records_file]
    command += ["--settings", json.dumps(settings or {}), "--out", out, "--caption", caption, "--executed", executed]
    command += ["--inputs", *inputs] if inputs else []
    given = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment}
    given = {name: value for name, value in given.items() if value is not None}
    return start([*map(str, command)], env=given, cwd=ROOT, input="typed\n", capture_output=True, text=True)


def warmly(command, env, cwd, **_):
    """Start a command in a process that has imported what it imports."""
    return warm.run(warm.lasting(*warm.DRAWING, **ENVIRONMENT), command[1:], cwd, env)


def run(name, records_file, settings, folder, start=warmly, **inputs):
    out = folder / f"{name}.{'pdf' if MANIFEST[name]['kind'] == 'figure' else 'tex'}"
    inputs = [f"{key}={file}" for key, file in inputs.items()]
    ended = execute(FOLDER / f"{name}.py", out, records_file, settings, *inputs, start=start)
    assert ended.returncode == 0, ended.stderr
    return seals.content(out), seals.content(folder / f"{name}.caption.tex").decode()


def outputs(executed):
    """The outputs of all cells of an executed notebook, in order."""
    return [output for cell in json.loads(executed.read_text())["cells"] for output in cell.get("outputs", [])]


def sound(name, result, caption):
    """A figure is a PDF; all rows of a table span the same columns; the caption opens with the question, or with a
    finding and then the question."""
    asked = MANIFEST[name]["question"]
    found = re.match(r"\\textbf\{.*?\} \\emph\{(.*?)\}", caption)
    assert caption.startswith(rf"\textbf{{{asked}}}") or (found and found[1] == asked)
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


@pytest.mark.parametrize("alone", [False, True], ids=["both rules", "the second rule alone"])
def test_the_rules_of_selection_make_a_table_and_its_caption(alone, tmp_path):
    table, settings = second_rule({"sgd": "minima", "sam": "minima"}, ["optdigits"], (50, 150), 4, 2)
    kept = table[table["experiment"] == "held_out"] if alone else table
    records.write(kept, tmp_path / "records.parquet")
    result, caption = run("selection_rules", tmp_path / "records.parquet", settings, tmp_path)
    sound("selection_rules", result, caption)
    assert result.count(b"SAM") == 2
    assert f"of {0 if alone else 2} differences" in caption


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


@pytest.mark.parametrize("name", ["walk_levels", "headline"])
def test_contrasts_make_a_figure_and_its_caption(name, tmp_path):
    records.write(contrasted.contrasted(3, 4, spread=0.004), tmp_path / "records.parquet")
    result, caption = run(name, tmp_path / "records.parquet", contrasted.settings(3, 4), tmp_path)
    sound(name, result, caption)
    assert " Optdigits and Typeface digits; " in caption and "with the data sets as strata" in caption
    assert ("of the 36 differences remain" in caption) == (name == "walk_levels")


def test_notebooks_of_the_study_bear_few_seeds_and_methods(make_study, tmp_path):
    records_file, claims_file, settings = make_study(["sgd", "adamw", "contour_warmup"], 2)
    for name in (
        "hypotheses",
        "placebos",
        "claims_by_dataset",
        "effective_robustness",
        "matched_loss",
        "descent_forgets",
    ):
        sound(name, *run(name, records_file, settings, tmp_path, claims=str(claims_file)))


def test_a_yardstick_is_drawn_beside_the_methods_of_the_study(make_study, tmp_path):
    """As if it were one of them: 2 data sets, 2 levels of label noise and 3 seeds a method."""
    records_file, claims_file, settings = make_study(["sgd", "sam", "mixup"], 3)
    moved, apart = planted.with_yardstick(records.load(records_file), settings)
    records.write(moved, tmp_path / "moved.parquet")
    for name in ("matched_loss", "descent_forgets"):
        result, caption = run(name, tmp_path / "moved.parquet", apart, tmp_path, claims=str(claims_file))
        sound(name, result, caption)
        if name == "matched_loss":
            assert "of 24 runs are left out" in caption
        without = {key: own for key, own in apart["experiments"].items() if key != "yardsticks"}
        alone = run(
            name, tmp_path / "moved.parquet", apart | {"experiments": without}, tmp_path, claims=str(claims_file)
        )
        assert alone[0] != result


def test_a_figure_drawn_again_is_the_same_to_the_byte(records_file, small_settings, tmp_path):
    """Also where the process has imported what it needs before it knew of the notebook."""
    starts = {"a": subprocess.run, "b": warmly}
    one, other = (
        run("learning_curves", records_file, small_settings, tmp_path / place, start) for place, start in starts.items()
    )
    assert one == other


FACTS = """
# %% tags=["parameters"]
out = None

# %%
import json, os, pathlib, sys

import numpy
import threadpoolctl

threads = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
facts = {"interpreter": sys.executable, "threads": threads, "epoch": os.environ["SOURCE_DATE_EPOCH"]}
pathlib.Path(out).write_text(json.dumps({**facts, "settings": settings}))
"""


def test_a_notebook_has_this_interpreter_and_one_thread(tmp_path):
    (tmp_path / "cell.py").write_text(FACTS)
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    settings = {"n": None, "list": [1, 2.5, True], "long": "x" * 200, "quoted": "a'\"\\\n"}
    ended = execute(tmp_path / "cell.py", tmp_path / "out", "none", settings, **environment)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads((tmp_path / "out").read_text())
    assert (facts["interpreter"], set(facts["threads"]), facts["epoch"]) == (sys.executable, {1}, "0")
    assert json.dumps(facts["settings"]) == json.dumps(settings)  # in their order


SHOWN = """
# %%
import sys, warnings
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import display

# %%
print("one")
print("two")
warnings.warn("three")
display(pd.DataFrame([range(20)], columns=[f"column{i}" for i in range(20)], index=["four"]))
print("five")
"si" + "x"

# %%
from robustpath.figures import style

figure, axes = style.panels(1, 1, 2.0)
style.save(figure, out)
"""


def test_packages_of_another_environment_that_is_active_are_left_out(tmp_path):
    """IPython would take them in, with a warning."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    foreign = tmp_path / "other/lib" / version / "site-packages"
    foreign.mkdir(parents=True)
    (foreign / "nowhere_else.py").touch()
    (tmp_path / "shown.py").write_text(SHOWN.replace("# %%", "# %%\nimport nowhere_else", 1))
    ended = execute(tmp_path / "shown.py", tmp_path / "out.pdf", VIRTUAL_ENV=str(tmp_path / "other"))
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ") and "No module named 'nowhere_else'" in ended.stderr


def test_an_executed_notebook_keeps_in_order_what_its_cells_showed(tmp_path):
    (tmp_path / "shown.py").write_text(SHOWN)
    ended = execute(tmp_path / "shown.py", tmp_path / "out.pdf")
    assert (ended.returncode, ended.stderr) == (0, "")
    kept = outputs(tmp_path / "shown.ipynb")
    assert [output["output_type"] for output in kept] == [
        "stream",
        "stream",
        "display_data",
        "stream",
        "execute_result",
        "display_data",
    ]
    said, warned, table, again, value, figure = kept
    assert "".join(said["text"]) == "one\ntwo\n"
    assert warned["name"] == "stderr" and "UserWarning: three" in "".join(warned["text"])
    assert "four" in "".join(table["data"]["text/html"])
    assert "column10" in "".join(table["data"]["text/plain"])  # not cut to the width of a terminal
    assert "".join(again["text"]) == "five\n"
    assert value["data"] == {"text/plain": ["'six'"]} and value["execution_count"] == 3
    assert base64.b64decode(figure["data"]["image/png"]).startswith(b"\x89PNG")


def test_a_failing_notebook_is_kept_and_reported_in_one_sentence(tmp_path):
    (tmp_path / "bad.py").write_text("# %%\nprint('before')\n\n# %%\nraise KeyError('no such\\ncolumn')\n\n# %%\n1\n")
    ended = execute(tmp_path / "bad.py", tmp_path / "logs" / "bad.pdf")
    assert ended.returncode == 1
    assert re.fullmatch(r"error: .*bad\.py: KeyError: .*column.*logs/bad\.ipynb\)\n", ended.stderr)
    before, error = outputs(tmp_path / "logs" / "bad.ipynb")
    assert "before" in str(before) and error["ename"] == "KeyError"
    assert [file.name for file in (tmp_path / "logs").iterdir()] == ["bad.ipynb"]


@pytest.mark.parametrize(
    ("source", "error"),
    {
        "def wrong(:": "SyntaxError",
        "print(undefined)": "NameError",
        "input()": "EOFError",
        "import sys; sys.exit(3)": "SystemExit",
        "%no_such_magic": "UsageError",
        r"import matplotlib.pyplot as plt; plt.figure().suptitle(r'$\frac$')": "ValueError",
    }.items(),
)
def test_a_cell_that_cannot_be_run_or_shown_fails(source, error, tmp_path):
    (tmp_path / "bad.py").write_text(f"# %%\n{source}\n\n# %%\nprint('the next cell')\n")
    ended = execute(tmp_path / "bad.py", tmp_path / "bad.pdf")
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1
    kept = str(outputs(tmp_path / "bad.ipynb"))
    assert error in kept and "the next cell" not in kept


def test_nothing_of_the_users_home_is_read_or_written(tmp_path):
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit('read')\n")
    (startup.parent / "ipython_config.py").write_text("raise SystemExit('read')\n")
    before = sorted(home.rglob("*"))
    (tmp_path / "cell.py").write_text("# %%\nprint('executed')\n")
    ended = execute(tmp_path / "cell.py", tmp_path / "out", HOME=str(home), IPYTHONDIR=None)
    assert ended.returncode == 0, ended.stderr
    assert "executed" in str(outputs(tmp_path / "cell.ipynb"))
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("place", [{"HOME": None}, {"HOME": "/dev/null/none"}, {"TMPDIR": "t" * 120}])
def test_a_figure_is_drawn_without_a_home_and_in_a_folder_of_a_long_name(place, tmp_path):
    if "TMPDIR" in place:  # a socket's name is 107 characters at most
        place = {"TMPDIR": str(tmp_path / place["TMPDIR"])}
        (tmp_path / place["TMPDIR"]).mkdir()
    (tmp_path / "shown.py").write_text(SHOWN)
    ended = execute(tmp_path / "shown.py", tmp_path / "out.pdf", **place)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")


def test_a_process_that_has_executed_a_notebook_executes_no_other(tmp_path):
    (tmp_path / "cell.py").write_text("# %%\nleft = 1\n")
    code = f"""
from pathlib import Path
from robustpath.figures.notebooks import execute
for name in ("a", "b"):
    execute({str(tmp_path / "cell.py")!r}, {{}}, Path({str(tmp_path)!r}) / f"{{name}}.ipynb")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert ended.stderr.endswith("RuntimeError: a process can execute one notebook only\n")
    assert (tmp_path / "a.ipynb").exists() and not (tmp_path / "b.ipynb").exists()


def test_every_notebook_reads_records_by_the_loader_that_refuses_gaps():
    for file in FOLDER.glob("*.py"):
        text = file.read_text()
        unused = "records = None  # not used" in text
        assert unused or 'load(records, settings["scale"], ' in text, file.name
        assert unused or re.search(r"^from robustpath\.records import .*\bload\b", text, re.M), file.name
        assert "read_parquet" not in text, file.name


def test_a_lost_run_does_not_vanish_into_a_mean(minima_records, minima_settings, tmp_path):
    own = minima_records["experiment"] == "random_labels"
    lost = own & (minima_records["seed"] == 3) & (minima_records["label_noise"] == 0.5)
    lost &= minima_records["dataset"] == "optdigits"
    records.write(minima_records[~lost], tmp_path / "records.parquet")
    said = (
        "experiment=random_labels, dataset=optdigits, .* is lacking for method=sgd, .*label_noise=0.5, seed=3, draw=0;"
    )
    out = tmp_path / "measures.tex"
    ended = execute(FOLDER / "measures.py", out, tmp_path / "records.parquet", minima_settings)
    assert ended.returncode == 1 and re.search(said, ended.stderr)
    assert not out.exists()
