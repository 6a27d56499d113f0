"""What runs again after which edit, and that nothing else does."""

from base64 import urlsafe_b64encode

import pytest
from checkouts import edit, plan

from robustpath.figures.manifest import manifest
from robustpath.study import datasets_to_prepare, expand, experiments, load

METHODS = "src/robustpath/methods/minima"


def cells(folder):
    return expand(load(folder / "config.yaml"))


def drawn(folder):
    return set(manifest(folder / "notebooks/manifest.yaml"))


def reported(folder):
    """All that follows the records."""
    return drawn(folder) | {"claims", "calibrate", "numbers", "origin", "paper", "all"}


def apart_from(folder, *inputs):
    """What follows the records and reads none of these inputs beside them."""
    entries = manifest(folder / "notebooks/manifest.yaml")
    return {name for name, entry in entries.items() if not set(inputs) & set(entry.get("inputs", []))}


def trainings(planned):
    """The (method, data set) pairs that a plan trains, read off the messages of its jobs."""
    words = [message.split() for message in planned.messages if message.startswith("Train ")]
    return {(method, dataset) for _, method, _, dataset, *_ in words}


def append(file, text):
    file.write_text(file.read_text() + text)


def test_a_finished_run_has_nothing_to_do(finished):
    assert not plan(finished).rules


def test_what_was_written_after_snakemake_was_killed_is_made_again_and_no_flag_is_asked_for(finished):
    file = "results/smoke/train/data_efficiency/optdigits/sam.parquet"
    (finished / ".snakemake/incomplete" / urlsafe_b64encode(file.encode()).decode()).write_text(
        '{"external_jobid": null}'
    )
    planned = plan(finished)
    assert trainings(planned) == {("sam", "optdigits")}
    assert planned.rules["train"] == 1


def test_comments_and_docstrings_rerun_nothing(finished):
    for file in (finished / "src").rglob("*.py"):
        append(file, "\n# A comment.\n")
        text = file.read_text()
        if text.startswith('"""'):
            file.write_text('"""In other words. ' + text.removeprefix('"""'))
    assert not plan(finished).rules


def test_a_method_reruns_its_own_cells_and_what_depends_on_them(finished):
    append(finished / METHODS / "sam.py", "\nUNUSED = 1\n")
    planned = plan(finished)
    assert trainings(planned) == {("sam", cell.dataset) for cell in cells(finished) if cell.method == "sam"}
    of_sam = {(cell.experiment, cell.dataset) for cell in cells(finished) if cell.method == "sam"}
    assert planned.rules["evaluate"] == len(of_sam)
    assert set(planned.rules) == {"train", "evaluate", "measure", "collate"} | reported(finished)


def test_the_engine_reruns_every_training(finished):
    append(finished / "src/robustpath/engine/population.py", "\nUNUSED = 1\n")
    planned = plan(finished)
    assert planned.rules["train"] == len(cells(finished))
    assert not planned.rules["prepare"]


def test_the_training_of_a_protocol_reruns_its_own_cells(finished):
    """And those of the protocols that train by it."""
    append(finished / "src/robustpath/protocols/supervised/training.py", "\nUNUSED = 1\n")
    known = experiments(load(finished / "config.yaml"))
    trained = ("supervised", "attention", "choices", "representations")
    own = [cell for cell in cells(finished) if known[cell.experiment].protocol in trained]
    assert 0 < plan(finished).rules["train"] == len(own) < len(cells(finished))


def test_the_recipe_of_the_data_reruns_everything(finished):
    append(finished / "src/robustpath/data/prepare.py", "\nUNUSED = 1\n")
    planned = plan(finished)
    assert planned.rules["prepare"] == len(datasets_to_prepare(load(finished / "config.yaml")))
    assert planned.rules["train"] == len(cells(finished))


def test_the_statistics_rerun_no_training(finished):
    append(finished / "src/robustpath/statistics/intervals.py", "\nUNUSED = 1\n")
    planned = plan(finished)
    assert planned.rules["numbers"] == 1
    assert not {"prepare", "train", "evaluate"} & set(planned.rules)


@pytest.mark.parametrize(
    ("old", "new", "first", "untouched"),
    [
        ("confidence: 0.95", "confidence: 0.9", "numbers", {"prepare", "train", "evaluate", "trace", "theory"}),
        ("severities: [1, 3, 5]", "severities: [1, 5]", "evaluate", {"prepare", "train"}),
        ("budget: 60", "budget: 61", "train", {"prepare"}),
        ("budget: 1000", "budget: 1001", None, {"prepare", "train", "evaluate", "collate", "numbers", "paper"}),
    ],
)
def test_a_value_of_the_config_reruns_what_it_touches(finished, old, new, first, untouched):
    edit(finished / "config.yaml", old, new)
    planned = plan(finished)
    assert first is None or planned.rules[first]
    assert not untouched & set(planned.rules)


def test_a_method_taken_out_trains_nothing(finished):
    edit(finished / "config.yaml", "  - asam\n", "")
    planned = plan(finished)
    assert not {"prepare", "train"} & set(planned.rules)
    assert planned.rules["evaluate"]


def test_a_deleted_figure_is_all_that_its_name_reruns(finished):
    (finished / "results/smoke/generated/learning_curves.pdf").unlink()
    assert plan(finished, "learning_curves").rules == {"learning_curves": 1}
    assert set(plan(finished).rules) == {"learning_curves", "paper", "all"}


def test_a_threshold_of_the_claims_judges_anew_and_trains_nothing(finished):
    edit(finished / "paper/claims.yaml", "threshold: 0.3", "threshold: 0.4")
    judged = {"claims", "calibrate", "numbers", "origin", "paper", "all"}
    assert set(plan(finished).rules) == judged | drawn(finished) - apart_from(finished, "claims", "calibration")


def test_a_notebook_reruns_itself(finished):
    append(finished / "notebooks/learning_curves.py", "\nprint('more')\n")
    assert set(plan(finished).rules) == {"learning_curves", "paper", "all"}


def test_a_question_of_the_manifest_draws_its_own_figure_again(finished):
    edit(finished / "notebooks/manifest.yaml", "How does accuracy grow", "How fast does accuracy grow")
    assert set(plan(finished).rules) == {"learning_curves", "origin", "paper", "all"}


def test_the_environment_file_reruns_nothing(finished):
    append(finished / "environment.yml", "\n# A comment.\n")
    assert not plan(finished).rules
