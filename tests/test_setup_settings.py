"""The set-up script with Python's own venv and pip, on tiny packages: what the user's settings and folders must not
change."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "workflow/scripts/setup.sh"
# Builds wheels of one empty package, and the project's own as an editable one. `torch` has a file of two megabytes.
WHEELS = """
import sys, zipfile

def wheel(folder, name, version, size=0):
    file = f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(f"{folder}/{file}", "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}/large", bytes(size))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return file

wheel(sys.argv[1], "tiny", "1.0")
wheel(sys.argv[1], "torch", "2.13.0", 2_000_000)
"""


@pytest.fixture
def clone(tmp_path):
    """A clone whose packages lie in a folder beside it."""
    folder, packages = tmp_path / "clone", tmp_path / "packages"
    (folder / "workflow/scripts").mkdir(parents=True)
    packages.mkdir()
    for script in ("setup.sh", "link_project.py"):
        shutil.copy(SCRIPT.with_name(script), folder / "workflow/scripts" / script)
    subprocess.run([sys.executable, "-c", WHEELS, packages], check=True)
    hashed = subprocess.run(["sha256sum", packages / "tiny-1.0-py3-none-any.whl"], capture_output=True, text=True)
    (folder / "requirements.lock").write_text(f"tiny==1.0 --hash=sha256:{hashed.stdout.split()[0]}\n")
    (folder / "requirements.in").write_text("torch==2.13.0\n")
    return folder


def set_up(clone, *command, **environment):
    settings = {
        "PYTHON": sys.executable,
        "APT": "no",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(clone.parent / "packages"),
    }
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [*command, "bash", clone / "workflow/scripts/setup.sh"],
        env={"PATH": os.environ["PATH"], "HOME": str(home), **settings, **environment},
        capture_output=True,
        text=True,
    )


def installed(done, clone):
    """Whether both packages and the project's sources are in .venv, compiled, and nothing else is left."""
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / ".venv/complete").exists() and not (clone / "build/tmp").exists()
    code = "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions() if d.name != 'setuptools'))"
    names = subprocess.run([clone / ".venv/bin/python", "-I", "-c", code], capture_output=True, text=True).stdout
    assert names.split() == ["pip", "tiny", "torch"]
    assert list((clone / ".venv/lib").glob("python*/site-packages/tiny/__pycache__/__init__.*.pyc"))
    linked = next((clone / ".venv/lib").glob("python*/site-packages/robustpath.pth"))
    assert linked.read_text() == f"{clone / 'src'}\n"
    return True


def test_variables_of_pip_and_python_do_not_change_where_or_how_packages_are_installed(clone, tmp_path):
    (tmp_path / "other/tiny").mkdir(parents=True)
    (tmp_path / "other/tiny/__init__.py").touch()
    (tmp_path / "other/tiny-1.0.dist-info").mkdir()
    (tmp_path / "other/tiny-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    switches = ("PIP_USER", "PIP_REQUIRE_HASHES", "PIP_DRY_RUN", "PIP_NO_COMPILE", "PYTHONDONTWRITEBYTECODE")
    switches = dict.fromkeys(switches, "1")
    places = dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"), str(tmp_path / "elsewhere"))
    assert installed(set_up(clone, **switches, **places, PYTHONPATH=str(tmp_path / "other")), clone)
    assert not (tmp_path / "elsewhere").exists()


def test_a_users_settings_of_pip_do_not_stop_the_set_up(clone, tmp_path):
    (tmp_path / "pip.conf").write_text("[install]\nuser = true\n[global]\nrequire-hashes = true\n")
    assert installed(set_up(clone, PIP_CONFIG_FILE=str(tmp_path / "pip.conf")), clone)


def test_settings_of_pip_that_name_another_place_are_named(clone, tmp_path):
    (tmp_path / "pip.conf").write_text(f"[global]\ntarget = {tmp_path}/elsewhere\n")
    done = set_up(clone, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert done.returncode == 1 and not (clone / ".venv/complete").exists()
    assert done.stderr == (
        f"error: pip is set to install somewhere else (global.target='{tmp_path}/elsewhere'): take that out of its "
        "settings; '.venv/bin/python -m pip config debug' lists their files.\n"
    )


def test_a_small_folder_for_temporary_files_and_no_home_are_enough(clone, tmp_path):
    """A folder of 1 MB from which nothing can be started, which a user's own name space may mount."""
    (tmp_path / "small").mkdir()
    mount = 'mount -t tmpfs -o size=1m,noexec tmpfs "$TMPDIR" && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "small")}
    if (
        not shutil.which("unshare")
        or subprocess.run([*inside, "true"], env=environment, capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody mount a file system of their own (unshare --user --mount)")
    assert installed(set_up(clone, *inside, TMPDIR=str(tmp_path / "small"), HOME="/proc/none"), clone)
