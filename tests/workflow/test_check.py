"""What `check` says of a copy of the repository: Snakemake's own plan, condensed."""

import pytest
from checkouts import edit

from robustpath.core.errors import UserError
from robustpath.operations import state
from robustpath.operations.state import FRESH, MISSING, STALE, Part

STAGES = [*state.STAGES]


@pytest.fixture
def check(monkeypatch):
    """`check` on a clone: part -> (state, why), and the next step, on a machine that has everything."""
    monkeypatch.setattr(state, "has_latex", lambda: True)
    monkeypatch.setattr(state, "set_up", lambda root: Part("set-up", FRESH, ""))
    monkeypatch.setattr(state.damage, "find", lambda results: {})  # the files of the pretended run are empty

    def read(folder):
        lines = state.show(None, folder).splitlines()
        assert lines[-1].startswith("Next step: ")
        assert sum(line.startswith("Next step: ") for line in lines) == 1
        rows = [line.split("  ") for line in lines[2:-2]]
        cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
        return {name: (found, *why) for name, found, *why in cells}, lines[-1].removeprefix("Next step: ")

    return read


def test_a_finished_clone_is_fresh_and_to_be_read(pretended, check):
    parts, step = check(pretended)
    assert [parts[name] for name in STAGES] == [(FRESH,)] * len(STAGES)
    assert step.startswith("xdg-open results/smoke/paper.pdf")


def test_an_edited_method_makes_its_runs_stale_and_what_follows(finished, check):
    with (finished / "src/robustpath/methods/minima/sam.py").open("a") as file:
        file.write("\nUNUSED = 1\n")
    parts, step = check(finished)
    assert parts["data"] == (FRESH,)
    found, why = parts["runs"]
    assert found == STALE
    assert why.startswith("code or settings changed: train (")
    assert parts["claims"] == (STALE, "follows from the above: claims, calibrate")
    assert step == "make paper  (what is not fresh: runs, records, claims, figures and tables, paper)"


def test_a_lost_figure_is_missing(finished, check):
    (finished / "results/smoke/generated/learning_curves.pdf").unlink()
    parts, _ = check(finished)
    assert parts["records"] == (FRESH,)
    assert parts["figures and tables"] == (MISSING, "not made yet: learning_curves")
    assert parts["paper"] == (STALE, "follows from the above: paper")


def test_a_broken_config_is_said_in_its_own_sentence(finished):
    edit(finished / "notebooks/manifest.yaml", "learning_curves:", "learning_curve:")
    with pytest.raises(UserError, match=r"^notebooks/manifest\.yaml: learning_curve has no notebook"):
        state.dry_run(finished, "smoke")
