"""The registry of theory cases, the table they give, and the command that writes it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from robustpath import theory
from robustpath.command_line import main
from robustpath.core.errors import UserError
from robustpath.theory import table
from robustpath.theory.section import Theory, theory_settings
from robustpath.theory.table import Row

SETTINGS = {
    "spurious_minimum": {"methods": ["sgd", "sam"], "noise": [0.5], "seeds": 1, "steps": 8},
    "saddles": {"methods": ["sgd"], "seeds": 1, "steps": 8},
    "uniform_convergence": {"dimension": 100, "linear_sizes": [4], "sizes": [4, 8], "seeds": 1},
    "memorisation": {"dimension": 3, "sizes": [4], "seeds": 1},
    "path_norm": {"scale": 1.0, "steps": 2, "seeds": 1},
    "sinusoid": {"steps": 1, "seeds": 1},
    "associative_retrieval": {"pairs": 2, "letters": 10, "units": 3, "decays": [0.9], "steps": 1, "seeds": 1},
    "known_streams": {"batches": 1, "steps": 2, "seeds": 1},
    "known_shortcuts": {"passes": 2, "seeds": 1},
    "superposition": {"steps": 10, "seeds": 1, "importances": [1.0]},
    "known_environments": {"digit_steps": 2, "split_steps": 2, "seeds": 1},
    "known_neurons": {"steps": 300},
    "known_dictionaries": {"steps": 2, "seeds": 1},
    "algorithmic_alignment": {"steps": 1, "graphs": 2, "seeds": 1, "densities": [0.3]},
    "known_choices": {"steps": 2, "seeds": 1},
}


def test_every_case_has_its_section_in_the_config():
    assert set(theory.CASES) == set(Theory.model_fields) == set(SETTINGS)


def test_listing_the_cases_imports_no_torch():
    code = "import sys, robustpath.theory, robustpath.theory.section; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(theory.__file__).parents[2]).returncode == 0


@pytest.mark.parametrize("case", [case for case in theory.CASES if case != "saddles"])
def test_a_case_is_run_by_its_command(case, tmp_path):
    settings = theory_settings(Theory(**SETTINGS), case)
    out = tmp_path / f"{case}.parquet"
    assert main(["theory", "--settings", json.dumps(settings), "--out", str(out)]) == 0
    found = table.read([out])
    assert set(found["case"]) == {case}
    assert set(found["method"]) - {""} == set(settings.get("methods", []))
    assert (found["source"] != "").eq(found["expected"].notna()).all()


def test_a_case_is_given_its_own_settings_alone():
    settings = theory_settings(Theory(**SETTINGS), "memorisation")
    assert settings == {"case": "memorisation", **SETTINGS["memorisation"]}


def test_a_table_is_read_as_it_was_written(tmp_path):
    rows = [Row("a", "b", float("inf")), Row("a", "c", 1.0, 2.0, "key2020, Theorem 1", "sgd", 3)]
    written = table.frame("x", rows)
    table.write(written, tmp_path / "x.parquet")
    table.write(written, tmp_path / "y.parquet")
    assert table.read([tmp_path / "x.parquet"]).equals(written)
    assert (tmp_path / "x.parquet").read_bytes() == (tmp_path / "y.parquet").read_bytes()
    with pytest.raises(ValueError, match="twice"):
        table.write(table.frame("x", rows + rows), tmp_path / "z.parquet")


def test_what_is_no_such_table_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"gone\.parquet: no such file"):
        table.read([tmp_path / "gone.parquet"])
    (tmp_path / "bad.parquet").write_text("text")
    with pytest.raises(UserError, match=r"bad\.parquet: not a readable parquet file"):
        table.read([tmp_path / "bad.parquet"])
    table.frame("x", [Row("a", "b", 1.0)]).drop(columns="source").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match="not the table of a theory case"):
        table.read([tmp_path / "other.parquet"])
