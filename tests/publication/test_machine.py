"""Which machine counts as the same; and which commit is named: the project's own, with what was edited since, or none
and why."""

import shutil

import pytest
from repositories import commit, git

from robustpath.publication import machine

ODD = "Doe, Jane ~a%b;c$d#e&f{g} h"


@pytest.fixture
def clone(tmp_path):
    """A clone of the project, as far as git looks at it."""
    folder = tmp_path / ODD / "clone"
    (folder / "src").mkdir(parents=True)
    (folder / "src/code.py").write_text("one = 1\n")
    commit(folder)
    return folder


def test_a_clone_names_its_commit_and_the_last_that_changed_the_code(clone):
    first = git(clone, "rev-parse", "HEAD")
    (clone / "README.md").write_text("Words.\n")
    second = commit(clone)
    assert machine.source(clone) == machine.Source(second, first, (), "")
    assert machine.commit_date(clone, first) == git(clone, "show", "-s", "--format=%cs", first)


def test_every_edited_or_new_file_is_an_edit(clone):
    (clone / "notebooks").mkdir()
    for name in (
        "src/code.py",
        "src/new.py",
        "notebooks/one ü.py",
        "notebooks/two.py",
        "requirements.lock",
        "other.txt",
    ):
        (clone / name).write_text("two = 2\n")
    edits = ("notebooks/one ü.py", "notebooks/two.py", "requirements.lock", "src/code.py", "src/new.py")
    assert tuple(sorted(machine.source(clone).edits)) == edits


def test_a_moved_file_is_two_edits(clone):
    git(clone, "mv", "src/code.py", "src/moved.py")
    assert sorted(machine.source(clone).edits) == ["src/code.py", "src/moved.py"]


def test_a_folder_inside_another_repository_has_no_commit(clone):
    shutil.rmtree(clone / ".git")
    commit(clone.parent)
    found = machine.source(clone)
    assert (found.commit, found.changed, found.edits) == ("unknown", "unknown", ())
    assert found.silence == f"{clone} is no clone: it lies in the repository {clone.parent}"


def test_a_folder_outside_any_repository_has_no_commit(clone, monkeypatch):
    shutil.rmtree(clone / ".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(clone.parent))
    assert machine.source(clone).silence.startswith("git says: not a git repository")
    assert machine.commit_date(clone, "unknown") == "1970-01-01"


def test_a_repository_that_git_refuses_to_read_has_no_commit_and_its_words_are_kept(clone, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = machine.source(clone)
    assert found.commit == "unknown"
    assert found.silence.startswith("git says: detected dubious ownership in repository")


def test_without_git_there_is_no_commit(clone, monkeypatch):
    monkeypatch.setenv("PATH", str(clone))
    assert machine.source(clone).silence == "git is not installed"


def test_a_repository_that_the_environment_names_is_not_asked(clone, tmp_path, monkeypatch):
    own = machine.source(clone)
    (tmp_path / "other").mkdir()
    commit(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(clone))
    assert machine.source(clone) == own


@pytest.mark.parametrize(
    ("commit", "edits", "said"),
    [
        ("abc", 0, "abc"),
        ("abc", 1, "abc with uncommitted edits of 1 file"),
        ("abc", 3, "abc with uncommitted edits of 3 files"),
        ("unknown", 0, "unknown"),
    ],
)
def test_a_commit_is_printed_with_the_edits_since(commit, edits, said):
    assert machine.described(commit, edits) == said


INFO = (
    "processor\t: 0\ncpu family\t: 6\nmodel\t\t: {model}\nmodel name\t: Some CPU\nflags\t\t: avx512f\n\nmodel\t\t: 1\n"
)


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    """The manifest of what was published on a machine whose processor is of model 85."""
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    machine.CPUINFO.write_text(INFO.format(model=85))
    machine.machine.cache_clear()
    yield {"platform": machine.machine(), "versions": machine.versions()}
    machine.machine.cache_clear()


def test_the_same_machine_counts_as_the_same(manifest):
    assert manifest["platform"]["processor"] == "Some CPU, cpu family 6, model 85"
    assert machine.alike(manifest, machine.TRAINING)


def test_another_model_of_processor_with_the_same_vector_instructions_is_another_machine(manifest):
    machine.CPUINFO.write_text(INFO.format(model=143))
    machine.machine.cache_clear()
    assert machine.machine()["cpu"] == manifest["platform"]["cpu"]
    assert not machine.alike(manifest, machine.TRAINING)


def test_a_manifest_that_names_no_model_is_compared_by_what_it_names(manifest):
    del manifest["platform"]["processor"]
    machine.CPUINFO.write_text(INFO.format(model=143))
    machine.machine.cache_clear()
    assert machine.alike(manifest, machine.TRAINING)
    manifest["platform"]["cpu"] = "another"
    assert not machine.alike(manifest, machine.TRAINING)


def test_other_versions_are_not_the_same(manifest):
    manifest["versions"]["torch"] = "0"
    assert not machine.alike(manifest, machine.TRAINING)


def test_a_system_that_does_not_describe_its_processor_is_asked_for_its_name(manifest, monkeypatch):
    machine.CPUINFO.unlink()
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    machine.machine.cache_clear()
    assert machine.machine()["processor"] == "unknown"
