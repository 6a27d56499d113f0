"""No damaged, exchanged or lost file of a finished run is used in silence."""

import os
from pathlib import Path

import pytest
from checkouts import duplicate, edit, plan
from damages import KINDS, RESULTS, commands, harm, readers, refuses, silent, table
from safetensors.torch import load_file, save_file

from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.operations import damage

DAMAGES = int(os.environ.get("ROBUSTPATH_DAMAGES", "60"))


@pytest.fixture
def run(smoke_run, tmp_path, monkeypatch):
    """A finished run of its own, and the current folder in it."""
    monkeypatch.chdir(duplicate(smoke_run, tmp_path / "repository"))


def test_no_damage_is_used_in_silence(run):
    assert damage.find(RESULTS) == {}
    found = list(harm(DAMAGES, seed=0))
    assert {each.kind for each in found} == set(KINDS)
    assert not silent(found), table(found) + "\n" + "\n".join(map(str, silent(found)))


def test_weights_of_other_settings_are_refused_by_name(run):
    """As they would be that came back from a copy of an earlier run."""
    weights = RESULTS / "train/minima/optdigits/sgd.safetensors"
    job = readers(commands(Path.cwd()))[str(weights)]
    for file in weights.parent.glob("sgd.*"):
        _seal_anew(file, settings="0123456789abcdef")
    with pytest.raises(UserError, match=f"^{weights} is made with other settings than those of config.yaml"):
        seals.check([weights], {seals.place(weights): job[job.index("--keys") + 1]})
    assert refuses(job, [str(weights)])


def test_a_figure_of_other_records_is_refused_by_the_paper(run):
    """Each file is whole and in its place; together they are of two runs."""
    (paper,) = (job for job in commands(Path.cwd()) if job[0] == "paper")
    figure = RESULTS / "generated/learning_curves.pdf"
    _seal_anew(figure, of={"smoke/records.parquet": "0" * 16})
    assert refuses(paper, [str(figure)])
    assert damage.find(RESULTS)["generated/learning_curves.pdf"] == "made of another records.parquet"


def test_an_edited_number_is_not_printed(run):
    """The interval's confidence, changed by hand as one would mend a figure before a deadline."""
    (paper,) = (job for job in commands(Path.cwd()) if job[0] == "paper")
    numbers = RESULTS / "generated/numbers.tex"
    edit(numbers, "{95", "{99")
    assert refuses(paper, [str(numbers)])


def test_a_lost_training_is_found_and_made_again_by_name(run):
    weights = RESULTS / "train/data_efficiency/optdigits/sgd.safetensors"
    weights.unlink()
    assert damage.find(RESULTS) == {weights.relative_to(RESULTS).as_posix(): "lost"}
    assert plan(Path.cwd(), "--", str(weights)).rules == {"train": 1}


def _seal_anew(file: Path, settings: str | None = None, of: dict | None = None) -> None:
    """The same content under another seal."""
    before = seals.read(file)
    if file.suffix == ".safetensors":
        save_file(load_file(file), file)
    else:
        file.write_bytes(seals.content(file))
    seals.seal([file], settings or before.settings, before.of if of is None else of)
