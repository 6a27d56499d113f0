"""Packages that PYTHONPATH puts in the place of the installed ones, and users without a name."""

import getpass
import importlib.metadata
import os
import site
import subprocess
import sys
import sysconfig

import pytest

from robustpath.operations.surroundings import SOURCES, displaced, user_name

OWN = sysconfig.get_path("purelib")


def package(folder, name, version):
    """A package of one empty file, with its version on record if it has one."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    if version:
        (folder / f"{name}-{version}.dist-info").mkdir()
        (folder / f"{name}-{version}.dist-info/METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    return folder


def reason(folder):
    return displaced({"PYTHONPATH": f"{SOURCES}{os.pathsep}{folder}"}, [str(SOURCES), str(folder), OWN])


@pytest.mark.parametrize(("version", "said"), [("1.26.4", "1.26.4"), (None, "of unknown version")])
def test_an_older_numpy_in_pythonpath_is_named_with_the_variable(tmp_path, version, said):
    installed = importlib.metadata.version("numpy")
    assert reason(package(tmp_path, "numpy", version)) == (
        f"PYTHONPATH: {tmp_path} has numpy {said} in place of the installed {installed}; "
        "run `unset PYTHONPATH`, then the same command again"
    )


def test_a_package_under_another_name_than_its_distribution_is_seen(tmp_path):
    assert "yaml of unknown version in place of the installed 6" in reason(package(tmp_path, "yaml", None))


def test_the_same_version_another_package_and_a_folder_without_code_do_no_harm(tmp_path):
    package(tmp_path, "numpy", importlib.metadata.version("numpy"))
    package(tmp_path, "something_else", None)
    (tmp_path / "pandas").mkdir()
    assert reason(tmp_path) == ""
    assert reason(tmp_path / "none") == ""


def test_a_folder_after_the_installed_packages_does_no_harm(tmp_path):
    package(tmp_path, "numpy", "1.26.4")
    assert displaced({"PYTHONPATH": str(tmp_path)}, [OWN, str(tmp_path)]) == ""


def test_packages_of_the_user_are_named_with_their_own_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "USER_SITE", str(package(tmp_path, "numpy", "1.26.4")))
    said = displaced({}, [str(tmp_path), OWN])
    assert said.startswith(f"the user's site-packages: {tmp_path} has numpy 1.26.4")
    assert "run `export PYTHONNOUSERSITE=1`" in said


def test_a_command_is_refused_with_the_sentence(tmp_path):
    path = os.pathsep.join([str(SOURCES), str(package(tmp_path, "seaborn", "0.1"))])
    command = [sys.executable, "-m", "robustpath", "list", "methods"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"error: PYTHONPATH: {tmp_path} has seaborn 0.1 in place of the installed ")
    assert done.stderr.count("\n") == 1


def test_a_user_without_a_name_has_a_number(monkeypatch):
    def unknown():
        raise KeyError("getpwuid(): uid not found: 54321")

    assert user_name() == getpass.getuser()
    monkeypatch.setattr(getpass, "getuser", unknown)
    assert user_name() == str(os.getuid())
