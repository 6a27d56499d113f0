"""A real SLURM of one node for tests, and what is asked of it."""

import fcntl
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, pairwise
from pathlib import Path

import psutil

SCRIPT = Path(__file__).resolve().parents[2] / "workflow/scripts/slurm_node.sh"
HOME = Path(os.environ.get("SLURM_NODE_DIR", "/var/lib/robustpath-slurm"))
# A third of a job's time goes to waiting, and tests take a tenth of the memory that the profile asks for.
CLAIMS = {"SLURM_NODE_CPUS": "3", "SLURM_NODE_GPUS": "3", "SLURM_NODE_MB": "32000"}
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")


def possible() -> str:
    """Why no node can run here; "" where it can."""
    if os.geteuid() != 0:
        return "a SLURM node needs root"
    missing = [program for program in NEEDED if not shutil.which(program)]
    return f"{', '.join(missing)} not installed (bash workflow/scripts/slurm_node.sh install)" if missing else ""


@contextmanager
def held() -> Iterator[None]:
    """The node for oneself: tests of another process wait until the block ends."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def node(action: str) -> None:
    """`start` or `stop` it; AssertionError with what the script said where it fails."""
    done = subprocess.run(["bash", SCRIPT, action], env={**os.environ, **CLAIMS}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def kill(daemon: str) -> None:
    """SIGKILL to a daemon of the node: the process of its pid file, if it is that daemon."""
    process = psutil.Process(int((HOME / f"run/{daemon}.pid").read_text()))
    assert process.name() == daemon, f"process {process.pid} is {process.name()}, not {daemon}"
    process.kill()


def mend(seconds: float) -> list[str]:
    """Do for so many seconds what the owner of a cluster does after a daemon was killed, and name it.

    A controller forgets its last seconds: it takes a job that runs for one that waits, finds it twice on the node,
    drains the node and holds the job."""
    did, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        if "drain" in _said("sinfo", "-h", "-N", "-o", "%T"):
            _said("scontrol", "update", f"NodeName={platform.node().split('.')[0]}", "State=RESUME")
            did.append("the node put back to work")
        for number, _, reason in (line.partition(" ") for line in _said("squeue", "-h", "-o", "%i %r").splitlines()):
            if "held" in reason.lower():
                _said("scontrol", "release", number)
                start_at_once(int(number))
                did.append(f"held job {number} released")
        time.sleep(0.5)
    return list(dict.fromkeys(did))


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def active(*names: str) -> dict[int, str]:
    """Jobs that wait, run or end, and their states; of some names (Snakemake's run ids), else all."""
    command = ["squeue", "-h", "-o", "%i %t", *(["--name", ",".join(names)] if names else [])]
    return {int(number): state for number, state in map(str.split, _said(*command).splitlines())}


def idle(seconds: float) -> None:
    """Wait until the node has no job; AssertionError where others' jobs are there for longer."""
    deadline = time.monotonic() + seconds
    while left := active():
        assert time.monotonic() < deadline, f"the node has had jobs for {seconds:.0f} s: {left}"
        time.sleep(1)


def start_at_once(job: int, seconds: float = 60) -> None:
    """Wait until a job that was requeued is pending, and take off the two minutes that SLURM lets it wait then."""
    deadline = time.monotonic() + seconds
    while active().get(job) in ("R", "CG"):
        assert time.monotonic() < deadline, f"job {job} was not requeued within {seconds:.0f} s"
        time.sleep(0.3)
    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], capture_output=True)


def latest() -> int:
    """The id of the last job that was submitted."""
    return max((number for number, *_ in _remembered()), default=0)


def history(since: int) -> list[tuple[str, str, str, str]]:
    """The jobs after that id, first come first: rule and wildcards, state, partition, GPUs."""
    return [tuple(rest) for number, *rest in sorted(_remembered()) if number > since]


def _remembered() -> list[tuple[int, str, str, str, str]]:
    widths = {"JobID": 16, "Comment": 160, "StateCompact": 16, "Partition": 16, "tres-per-job": 24}
    command = ["squeue", "-h", "-t", "all", "-O", ",".join(f"{field}:{width}" for field, width in widths.items())]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cuts = list(accumulate(widths.values(), initial=0))
    rows = [[line[start:stop].strip() for start, stop in pairwise(cuts)] for line in said.splitlines()]
    return [(int(number), *rest) for number, *rest in rows]
