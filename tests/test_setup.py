"""The set-up script on stand-ins for Python, pip and apt-get: run once, again, interrupted, and without rights."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "workflow/scripts/setup.sh"
ODD = "Doe, Jane ~a%b;c$d#e&f{g} h"  # a name of a folder that a shell reads otherwise than it is written
TOOLS = ["bash", "cat", "chmod", "cksum", "cp", "dirname", "env", "grep", "mkdir", "mv", "rm", "sed", "sleep", "tail"]
TOOLS += ["touch", "tr"]
# Notes each call; makes a virtual environment of itself; $PIP says how pip fares.
PYTHON = """#!/bin/bash
echo "python $*" >> "$CALLS"
works() { true; }
fails() { echo "no route"; exit 1; }
hangs() { sleep 60; }
awaits_apt() { for _ in {1..500}; do ! grep -q latexmk "$CALLS" || return 0; sleep 0.02; done; fails; }
awaits_apt_and_fails() { awaits_apt; fails; }
case "$*" in
    *ensurepip) exit "${NO_ENSUREPIP:-0}" ;;
    *Python.h*) exit "${NO_HEADERS:-0}" ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/python3.11 ;;
    *link_project.py*) touch .venv/linked ;;
    *"-m pip install"*) echo "Collecting a package"; "${PIP:-works}" ;;
esac
"""
APT = """#!/bin/bash
echo "apt-get $*" >> "$CALLS"
cd "$(dirname "$0")"
sleep "${APT_TAKES:-0}"
echo "Setting up a package"
[[ "$*" != *latexmk* ]] || { touch latexmk pdflatex g++ && chmod +x latexmk pdflatex g++; }
"""


class Machine:
    """A clone in `folder` on a machine with few commands; `calls` are those of its stand-ins since the last run."""

    def __init__(self, folder: Path):
        self.folder, self.bin, self.log = folder / ODD / "clone", folder / "bin", folder / "calls"
        (self.folder / "workflow/scripts").mkdir(parents=True)
        shutil.copy(SCRIPT, self.folder / "workflow/scripts/setup.sh")
        (self.folder / "requirements.lock").write_text("numpy==2.4.6 \\\n    --hash=sha256:0\n")
        (self.folder / "requirements.in").write_text("torch==2.13.0\n")
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.command("python3.11", PYTHON)

    def command(self, name: str, text: str = "#!/bin/bash\n"):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def has_system_packages(self):
        for command in ("latexmk", "pdflatex", "g++"):
            self.command(command)

    def may_install(self, user: int):
        self.command("id", f"#!/bin/bash\necho {user}\n")
        self.command("apt-get", APT)

    def start(self, **environment: str) -> subprocess.Popen:
        self.log.write_text("")
        # Fashion-MNIST counts as there, whether or not this machine has it.
        data = self.folder / ".cache/data"
        data.mkdir(parents=True, exist_ok=True)
        (data / "train-images-idx3-ubyte.gz").touch()
        return subprocess.Popen(
            [self.bin / "bash", self.folder / "workflow/scripts/setup.sh"],
            # make puts the virtual environment first.
            env={"PATH": f"{self.folder}/.venv/bin:{self.bin}", "CALLS": str(self.log), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A shell started in the background would leave interrupts ignored in all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, **environment: str) -> tuple[int, str]:
        process = self.start(**environment)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()

    def called(self, part: str) -> int:
        return sum(part in call for call in self.calls)

    @property
    def complete(self) -> bool:
        return (self.folder / ".venv/complete").exists()


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_first_run_installs_lock_then_torch_then_the_project(machine):
    machine.has_system_packages()
    code, output = machine.run()
    installs = [call.partition("--progress-bar off ")[2] for call in machine.calls if "-m pip install" in call]
    assert installs == [
        "--require-hashes -r requirements.lock",
        "torch==2.13.0",
    ]
    assert code == 0 and machine.complete
    assert (machine.folder / ".venv/linked").exists()
    assert [f"[{step}/5]" in output for step in range(1, 6)] == [True] * 5


def test_second_run_does_and_says_nothing(machine):
    machine.has_system_packages()
    machine.run()
    assert machine.run() == (0, "")
    assert [call[:9] for call in machine.calls] == ["python -c"] * 2


def test_changed_lock_or_moved_clone_is_set_up_anew(machine):
    machine.has_system_packages()
    machine.run()
    with (machine.folder / "requirements.lock").open("a") as lock:
        lock.write("pandas==3.1.1\n")
    assert machine.run()[0] == 0
    assert machine.called("-m venv") == 1
    machine.folder = machine.folder.rename(machine.folder.with_name("moved"))
    assert machine.run()[0] == 0
    assert machine.called("-m venv") == 1


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_set_up_is_incomplete_and_made_anew(machine, end):
    machine.has_system_packages()
    process = machine.start(PIP="hangs")
    deadline = time.monotonic() + 20
    while not machine.called("-m pip install") and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, end)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert not machine.complete
    assert machine.run()[0] == 0
    assert machine.complete and machine.called("-m venv") == 1


def test_folder_that_path_cannot_hold_is_refused(machine):
    machine.has_system_packages()
    machine.folder = machine.folder.rename(machine.folder.with_name("a:b"))
    code, output = machine.run()
    assert code == 1 and machine.calls == []
    assert output.startswith(f"error: the name of the folder {machine.folder} has a colon, which PATH cannot hold: ")


def test_programs_and_sources_are_found_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / ODD
    (folder / "src/robustpath").mkdir(parents=True)
    (folder / "src/robustpath/__init__.py").touch()
    venv, program = folder / ".venv", folder / ".venv/bin/program"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    head = f"#!/bin/sh\n'''exec' \"{venv}/bin/python\" \"$0\" \"$@\"\n' '''\n"  # as pip writes it
    program.write_text(f"{head}import robustpath\nprint(robustpath.__file__)\n")
    program.chmod(0o755)
    subprocess.run([venv / "bin/python", SCRIPT.with_name("link_project.py"), folder], check=True)
    for command in ([program], ["bash", "-c", "source .venv/bin/activate && program"]):
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        assert said == f"{folder}/src/robustpath/__init__.py\n"


def test_failing_pip_is_reported_with_its_own_words(machine):
    machine.has_system_packages()
    code, output = machine.run(PIP="fails")
    assert code == 1 and not machine.complete
    assert "no route" in output
    assert output.splitlines()[-1].startswith("error: pip could not install the packages: ")


def test_user_without_rights_reads_what_to_install_and_goes_on(machine):
    machine.may_install(user=1000)
    code, output = machine.run()
    last = output.splitlines()[-1]
    assert code == 0 and machine.complete
    assert "apt-get install --no-install-recommends latexmk lmodern texlive-latex-recommended" in last
    assert "g++ python3-dev'. Without LaTeX all is made but the PDF. Without a C++ compiler and Python.h" in last
    assert machine.called("apt-get") == 0


def test_compiler_without_the_headers_of_python_is_no_compiler(machine):
    machine.has_system_packages()
    code, output = machine.run(NO_HEADERS="1")
    assert code == 0
    assert "apt-get install --no-install-recommends g++ python3-dev'" in output


def test_administrator_gets_latex_installed(machine):
    machine.may_install(user=0)
    code, output = machine.run()
    assert code == 0 and "administrator" not in output
    assert machine.called("apt-get") == 2
    assert machine.called("install -y --no-install-recommends latexmk") == 1
    assert machine.run() == (0, "")


def test_the_system_is_installed_while_pip_is_at_work(machine):
    machine.may_install(user=0)
    code, output = machine.run(PIP="awaits_apt")
    assert code == 0 and machine.complete, output


def test_latex_is_installed_later_though_the_folder_of_logs_is_gone(machine):
    machine.may_install(user=0)
    machine.run(APT="no")
    shutil.rmtree(machine.folder / "build")
    code, output = machine.run()
    assert code == 0 and "system packages are ready" in output
    assert "No such file" not in output and "administrator" not in output


def test_an_error_of_pip_is_the_last_word_after_the_end_of_apt(machine):
    machine.may_install(user=0)
    code, output = machine.run(PIP="awaits_apt_and_fails", APT_TAKES="1")
    assert code == 1
    assert "system packages are ready" in output
    assert output.splitlines()[-1].startswith("error: pip could not install the packages: ")


def test_user_with_sudo_gets_latex_installed(machine):
    machine.may_install(user=1000)
    machine.command("sudo", '#!/bin/bash\necho "sudo $*" >> "$CALLS"\nshift; exec "$@"\n')
    (machine.bin / "true").symlink_to(shutil.which("true"))
    code, output = machine.run()
    assert code == 0 and "administrator" not in output
    assert machine.called("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get") == 2


def test_system_is_left_alone_on_request(machine):
    machine.may_install(user=0)
    code, output = machine.run(APT="no")
    assert code == 0 and "have an administrator run" in output
    assert machine.called("apt-get") == 0


def test_python_without_venv_is_named_where_nobody_may_install(machine):
    machine.has_system_packages()
    code, output = machine.run(NO_ENSUREPIP="1", PYTHON="python3.11")
    assert code == 1 and not machine.complete
    assert output.splitlines()[-1].startswith("error: Python 3.11 or newer with its venv module is missing: ")
    assert "apt-get install --no-install-recommends python3 python3-venv g++ python3-dev'" in output


def test_python_without_venv_is_asked_of_apt_by_an_administrator(machine):
    machine.has_system_packages()
    machine.may_install(user=0)
    machine.run(NO_ENSUREPIP="1", PYTHON="python3.11")
    assert machine.called("install -y --no-install-recommends python3 python3-venv") == 1
