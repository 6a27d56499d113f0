"""What make says and removes: the scale is the one that the config's reader names, and nothing else is touched."""

import pytest
from checkouts import ODD, checkout, edit, equip, make

NAMES = ("smoke", "laptop", "laptop-text")


@pytest.fixture(scope="module")
def equipped(tmp_path_factory):
    """A checkout that is set up, in a folder of an odd name."""
    folder = checkout(tmp_path_factory.mktemp("make") / ODD / "repository")
    equip(folder)
    return folder


@pytest.fixture
def filled(equipped):
    """The same with results of several scales."""
    for name in NAMES:
        (equipped / f"results/{name}").mkdir(parents=True, exist_ok=True)
    config = (equipped / "config.yaml").read_text()
    yield equipped
    (equipped / "config.yaml").write_text(config)


def kept(folder):
    return sorted(entry.name for entry in (folder / "results").iterdir())


@pytest.mark.parametrize(
    "line", ["scale: laptop", "scale : laptop", "'scale': laptop", 'scale: "laptop"', "scale:\n  laptop"]
)
def test_clean_removes_the_scale_that_the_config_names_however_it_is_written(filled, line):
    edit(filled / "config.yaml", "scale: smoke", line)
    done = make(filled, "clean")
    assert done.returncode == 0, done.stderr
    assert kept(filled) == ["smoke"]
    assert done.stdout.splitlines()[:2] == ["removed results/laptop", "removed results/laptop-text"]


@pytest.mark.parametrize("name", ["", ".", "..", "../results", "*", "smoke laptop", "-rf", "/", "Laptop", "smoke/"])
def test_clean_refuses_what_is_no_name_of_a_scale(filled, name):
    done = make(filled, "clean", f"SCALE={name}")
    assert done.returncode != 0
    assert done.stderr.startswith(f"error: '{name}' is not the name of a scale")
    assert kept(filled) == sorted(NAMES)


def test_clean_refuses_a_config_without_a_scale(filled):
    edit(filled / "config.yaml", "scale: smoke", "")
    done = make(filled, "clean")
    assert done.returncode != 0
    assert done.stderr.startswith("error: config.yaml: scale is missing")
    assert kept(filled) == sorted(NAMES)


def test_clean_removes_the_results_of_a_scale_that_the_config_has_no_more(filled):
    (filled / "results/older").mkdir()
    assert make(filled, "clean", "SCALE=older").returncode == 0
    assert kept(filled) == sorted(NAMES)


def test_clean_without_the_set_up_wants_the_name(filled):
    (filled / ".venv").rename(filled / "elsewhere")
    refused, done = make(filled, "clean"), make(filled, "clean", "SCALE=laptop")
    (filled / "elsewhere").rename(filled / ".venv")
    assert refused.returncode != 0 and "name the scale, as in 'make clean SCALE=smoke'" in refused.stderr
    assert done.returncode == 0 and kept(filled) == ["smoke"]


@pytest.mark.parametrize("target", ["paper", "paper-text", "verify", "report", "arxiv", "crate", "diff", "check"])
@pytest.mark.parametrize(("name", "hint"), [("", "allowed: smoke, laptop"), ("smok", "did you mean 'smoke'")])
def test_every_target_refuses_an_empty_or_unknown_scale(equipped, target, name, hint):
    done = make(equipped, target, f"SCALE={name}")
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(errors) == 1 and errors[0].startswith(f"error: --config: scale = '{name}' is not a known scale;")
    assert hint in errors[0]


def test_the_next_step_is_shown_below_a_folder_of_any_name(equipped):
    done = make(equipped, "check")
    assert done.returncode == 0, done.stderr
    assert "Next step: make paper" in done.stdout
