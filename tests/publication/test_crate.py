"""The RO-Crate of a finished run: closed, complete, the same for the same results, refused where files are missing."""

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest

from robustpath.core.errors import UserError
from robustpath.publication import crate, machine, origin
from robustpath.study import load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path):
    """A clone whose smoke run is finished, as far as a crate lists it."""
    for part in (
        "config.yaml",
        "CITATION.cff",
        "paper/claims.yaml",
        "paper/claims_batches.yaml",
        "paper/claims_shortcuts.yaml",
        "paper/claims_together.yaml",
    ):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for entry in drawn(tmp_path):
        inputs = [name.replace("**", "minima").replace("*", "one") for name in entry.inputs]
        for name in [*entry.outputs, *inputs, f"logs/notebooks/{entry.name}.ipynb", "paper.pdf"]:
            (tmp_path / "results/smoke" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "results/smoke" / name).write_text(f"What stands in {name}.")
    return tmp_path


def drawn(root):
    entries = origin.table(load(root / "config.yaml", {"scale": "smoke"}), root)
    return [entry for entry in entries if entry.kind in ("figure", "table")]


def entities(root):
    graph = json.loads(crate.write("smoke", root).read_text())["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def references(value):
    """Every @id that a value points to."""
    if isinstance(value, dict):
        return {value["@id"]} if value.keys() == {"@id"} else set().union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_is_to_something_in_the_crate(clone):
    found = entities(clone)
    outside = set().union(*(references(list(entity.values())) for entity in found.values())) - found.keys()
    assert all(name.startswith("https://w3id.org/ro/crate/") for name in outside)
    assert found["./"]["license"] == {"@id": crate.LICENCE}


def test_every_figure_and_table_is_there_with_its_size_and_the_notebook_that_made_it(clone):
    found = entities(clone)
    parts = {part["@id"] for part in found["./"]["hasPart"]}
    assert "paper.pdf" in parts
    for entry in drawn(clone):
        action = found[f"#draw-{entry.name}"]
        assert action["instrument"] == {"@id": f"logs/notebooks/{entry.name}.ipynb"}
        assert [result["@id"] for result in action["result"]] == list(entry.outputs)
        assert {*entry.outputs, f"logs/notebooks/{entry.name}.ipynb"} <= parts
        for name in entry.outputs:
            assert found[name]["description"] == entry.meaning
            assert found[name]["contentSize"] == str((clone / "results/smoke" / name).stat().st_size)


def test_a_figure_that_is_left_out_was_made_by_no_notebook(clone):
    config = (clone / "config.yaml").read_text()
    before, after = config.split("      trajectories:", 1)
    (clone / "config.yaml").write_text(f"{before}      trajectories:{after.replace('points: 9', 'points: 0', 1)}")
    (clone / "results/smoke/logs/notebooks/forgetting.ipynb").unlink()
    (clone / "results/smoke/logs/notebooks/loss_surfaces.ipynb").write_text("Of an earlier run.")
    found = entities(clone)
    for name in ("forgetting", "loss_surfaces"):
        action = found[f"#draw-{name}"]
        assert action["instrument"] == found["#run"]["instrument"]
        assert "Left out: experiments.trajectories.points = 0 is not" in action["name"]
        assert f"logs/notebooks/{name}.ipynb" not in found
        assert action["result"]


def test_what_a_result_was_made_of_is_there_file_by_file(clone):
    found = entities(clone)
    (clone / "results/smoke/theory/two.parquet").write_text("Another case.")
    again = entities(clone)
    assert found["#draw-escape"]["object"] == {"@id": "theory/one.parquet"}
    assert again["#draw-escape"]["object"] == [{"@id": "theory/one.parquet"}, {"@id": "theory/two.parquet"}]
    assert found["#draw-forgetting"]["object"] == {"@id": "trace/minima/one.parquet"}


def test_the_paper_is_made_by_snakemake_of_this_version(clone):
    found = entities(clone)
    assert found["#run"]["result"] == {"@id": "paper.pdf"}
    assert found[found["#run"]["instrument"]["@id"]]["version"] == metadata.version("snakemake")


def test_the_commit_is_named_with_the_edits_since(clone, monkeypatch):
    here = machine.Source("unused", "abc", ("src/one.py", "src/two.py"), "")
    monkeypatch.setattr(machine, "source", lambda root: here)
    monkeypatch.setattr(machine, "commit_date", lambda root, commit: {"abc": "2001-02-03"}[commit])
    found = entities(clone)
    assert found["./"]["version"].endswith(", commit abc with uncommitted edits of 2 files")
    assert found["./"]["datePublished"] == "2001-02-03"
    assert found["#run"]["name"].startswith("Run the Snakefile of commit abc with uncommitted edits of 2 files")


def test_the_same_results_give_the_same_bytes_at_any_times_in_the_notebooks(clone):
    first = crate.write("smoke", clone).read_bytes()
    (clone / "results/smoke/logs/notebooks/walks.ipynb").write_text("A later time.")
    assert crate.write("smoke", clone).read_bytes() == first
    (clone / "results/smoke/generated/walks.tex").write_text("Other words.")
    assert crate.write("smoke", clone).read_bytes() != first


@pytest.mark.parametrize("name", ["paper.pdf", "generated/walks.tex", "claims.json", "theory/one.parquet"])
def test_a_missing_file_is_named(clone, name):
    (clone / "results/smoke" / name).unlink()
    named = name.replace("one", r"\*")
    with pytest.raises(UserError, match=f"{named}: no such file"):
        crate.write("smoke", clone)
    assert not (clone / "results/smoke" / crate.NAME).exists()
