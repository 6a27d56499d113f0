"""The kinds of fault that faults.py puts into runs.

A kind is written as a generator in three parts: up to its first `yield` what must be so before the run, then the fault
itself, which yields what it did, then (the run has ended) what a person or the machine's owner mends before the run is
resumed. What it opened is closed after the comparison.
"""

import os
import platform
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
from node import active, kill, mend, node, possible, start_at_once

RESULTS = Path("results/smoke")
TRAIN = RESULTS / "train"
DISK_MB = 16
MEND_SECONDS = 20  # for SLURM to drain a node whose jobs it forgot, and to hold them
LIMIT_SECONDS = 180  # for SLURM to see that a job's minute is over


class Missed(Exception):
    """The run was over, or what was to be hit was, before the fault."""


class Scene:
    """A study under way: its folder, Snakemake's process, the chances of the episode, what resuming it takes first."""

    def __init__(self, folder: Path, chance: random.Random):
        self.folder, self.chance = folder, chance
        self.run: subprocess.Popen | None = None
        self.hit: set[str] = set()  # methods whose training was hit while it had a checkpoint
        self.two_writers = False  # an orphan may finish what a resumed run begins anew

    def worker(self) -> psutil.Process:
        """One of the trainings under way; waits for one while the run goes on."""
        found = self.wait(lambda: workers(self.folder))
        chosen = self.chance.choice(sorted(found, key=lambda process: process.pid))
        self.hit = {name for name in [method(chosen)] if checkpoint(self.folder, name).exists()}
        return chosen

    def wait(self, condition: Callable[[], object], seconds: float = 120):
        """What the condition becomes; Missed when the run ends before."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if self.run.poll() is not None or time.monotonic() > deadline:
                raise Missed
            time.sleep(0.02)
        return found

    def interrupt(self) -> None:
        """Ctrl-C: SIGINT to Snakemake and all else that is in its terminal's foreground."""
        os.killpg(self.run.pid, signal.SIGINT)


class Kind(NamedTuple):
    """A kind of fault: its story, and whether it takes a SLURM node or else root."""

    story: Callable[[Scene], Iterator[str | None]]
    cluster: bool = False
    root: bool = False

    def impossible(self) -> str:
        """Why it cannot be tried here; "" where it can."""
        if self.cluster:
            return possible()
        return "mounting a small disk needs root" if self.root and os.geteuid() else ""


def workers(folder: Path) -> list[psutil.Process]:
    """The training processes of a folder, whoever started them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline()[1:4] == ["-m", "robustpath", "train"] and process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def method(worker: psutil.Process) -> str:
    """The method that a training process trains."""
    try:
        command = worker.cmdline()
        return Path(command[command.index("--weights") + 1]).stem
    except (psutil.Error, ValueError):
        raise Missed from None


def checkpoint(folder: Path, name: str) -> Path:
    """Where a method's training is saved."""
    return folder / TRAIN / f"data_efficiency/optdigits/.{name}.part0.resume.safetensors"


def to_worker(number: signal.Signals) -> Callable[[Scene], Iterator[str | None]]:
    def story(scene: Scene) -> Iterator[str | None]:
        yield
        worker = scene.worker()
        name = method(worker)
        worker.send_signal(number)
        yield f"{number.name} to the training of {name}"

    return story


def snakemake_killed(scene: Scene) -> Iterator[str | None]:
    """Its trainings run on; the run is resumed beside them, or after they were ended."""
    yield
    scene.worker()
    scene.run.kill()
    scene.two_writers = scene.chance.random() < 0.5
    yield f"SIGKILL to Snakemake, orphans {'left to write' if scene.two_writers else 'killed'}"
    if not scene.two_writers:
        for worker in workers(scene.folder):
            worker.kill()
            worker.wait(10)


def interrupted(scene: Scene) -> Iterator[str | None]:
    yield
    scene.worker()
    scene.hit.clear()  # Ctrl-C reaches trainings that are still being set up too
    if alone := scene.chance.random() < 0.5:
        scene.run.send_signal(signal.SIGINT)
    else:
        scene.interrupt()
    yield f"SIGINT to {'Snakemake alone' if alone else 'Snakemake and its jobs (Ctrl-C)'}"


def checkpoint_damaged(scene: Scene) -> Iterator[str | None]:
    yield
    scene.wait(lambda: [each for each in workers(scene.folder) if checkpoint(scene.folder, method(each)).exists()])
    alive = [each for each in workers(scene.folder) if checkpoint(scene.folder, method(each)).exists()]
    if not alive:
        raise Missed
    worker = scene.chance.choice(alive)
    name = method(worker)
    worker.kill()
    worker.wait(10)
    file = checkpoint(scene.folder, name)
    if not file.exists():
        raise Missed
    content = bytearray(file.read_bytes())
    place = scene.chance.randrange(len(content))
    if scene.chance.random() < 0.5:
        file.write_bytes(content[:place])
        did = f"cut to {place}"
    else:
        content[place] ^= 1 << scene.chance.randrange(8)
        file.write_bytes(content)
        did = f"a bit turned at {place}"
    yield f"SIGKILL to the training of {name}, its checkpoint damaged: {did} of {len(content)} bytes"


def output_truncated(scene: Scene) -> Iterator[str | None]:
    """The weights or runs of a training on record as finished, which the next step reads, are cut short while no
    run goes on."""
    yield

    def on_record() -> list[str]:
        return re.findall(r"^ *\d+/\d+  train \S+/(\w+) ", (scene.folder / "said.txt").read_text(), re.M)

    scene.wait(on_record)
    scene.interrupt()
    yield "Ctrl-C"
    name = scene.chance.choice(sorted(on_record())) + scene.chance.choice([".safetensors", ".parquet"])
    file = scene.folder / TRAIN / "data_efficiency/optdigits" / name
    size = file.stat().st_size
    os.truncate(file, scene.chance.randrange(size))
    yield f"the finished {name} cut from {size} to {file.stat().st_size} bytes"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few MB for what training writes."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def disk_full(scene: Scene) -> Iterator[str | None]:
    """What has been written while the disk was full must not look whole."""
    with small_disk(scene.folder / TRAIN) as disk:
        yield
        scene.worker()
        scene.hit.clear()
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            block = 1 << 16
            while block:
                try:
                    file.write(bytes(block))
                except OSError:
                    block //= 2
        yield f"{ballast.stat().st_size >> 10} kB of ballast fill the disk"
        ballast.unlink()
        yield None


def daemon_killed(name: str) -> Callable[[Scene], Iterator[str | None]]:
    def story(scene: Scene) -> Iterator[str | None]:
        yield
        scene.worker()
        scene.hit.clear()
        kill(name)
        away = scene.chance.uniform(0, 8)
        time.sleep(away)
        node("start")
        yield "; ".join([f"SIGKILL to {name}, started again after {away:.1f} s", *mend(MEND_SECONDS)])

    return story


def job_of(worker: psutil.Process) -> int:
    try:
        return int(worker.environ()["SLURM_JOB_ID"])
    except (psutil.Error, KeyError):
        raise Missed from None


def to_job(*command: str) -> Callable[[Scene], Iterator[str | None]]:
    def story(scene: Scene) -> Iterator[str | None]:
        yield
        worker = scene.worker()
        name, job = method(worker), job_of(worker)
        done = subprocess.run([*command, str(job)], capture_output=True)
        if done.returncode:
            raise Missed
        if "requeue" in command:
            start_at_once(job)
        yield f"{' '.join(command)} of the job that trains {name}"

    return story


def time_limit(scene: Scene) -> Iterator[str | None]:
    """A limit is a minute at least, so the training is stopped for that long; SLURM lets it go on to end it."""
    yield
    worker = scene.worker()
    name, job = method(worker), job_of(worker)
    worker.suspend()
    try:
        if subprocess.run(["scontrol", "update", f"JobId={job}", "TimeLimit=1"], capture_output=True).returncode:
            raise Missed
        deadline = time.monotonic() + LIMIT_SECONDS
        while active().get(job) == "R" and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        if worker.is_running():
            worker.resume()
    yield f"the limit of the job that trains {name} came"


def node_down(scene: Scene) -> Iterator[str | None]:
    yield
    job = job_of(scene.worker())
    name = f"NodeName={platform.node().split('.')[0]}"
    running = [number for number, state in active().items() if state == "R"]
    subprocess.run(["scontrol", "update", name, "State=DOWN", "Reason=fault"], check=True)
    time.sleep(scene.chance.uniform(1, 3))
    node("start")  # it may have come back by itself, and is then not to be resumed
    for number in running:
        start_at_once(number)
    yield "; ".join([f"the node declared down under job {job}, then up again", *mend(MEND_SECONDS)])


def login_lost(scene: Scene) -> Iterator[str | None]:
    """Snakemake is killed where it runs, its jobs run on; docs/cluster.md has them cancelled, or one forgets it."""
    yield
    scene.worker()
    scene.run.kill()
    scene.two_writers = scene.chance.random() < 0.5
    yield f"SIGKILL to Snakemake, its jobs {'left to run' if scene.two_writers else 'cancelled by their run id'}"
    if not scene.two_writers:
        said = (scene.folder / "said.txt").read_text()
        run = said.partition("SLURM run ID: ")[2].split("\n")[0].strip()
        assert run, "Snakemake did not tell its SLURM run ID"
        subprocess.run(["scancel", "--name", run], check=True)
        deadline = time.monotonic() + 60
        while active(run) and time.monotonic() < deadline:
            time.sleep(0.3)


KINDS = {
    "worker_killed": Kind(to_worker(signal.SIGKILL)),
    "worker_stopped": Kind(to_worker(signal.SIGTERM)),
    "snakemake_killed": Kind(snakemake_killed),
    "interrupted": Kind(interrupted),
    "checkpoint_damaged": Kind(checkpoint_damaged),
    "output_truncated": Kind(output_truncated),
    "disk_full": Kind(disk_full, root=True),
    "slurmd_killed": Kind(daemon_killed("slurmd"), cluster=True),
    "slurmctld_killed": Kind(daemon_killed("slurmctld"), cluster=True),
    "job_requeued": Kind(to_job("scontrol", "requeue"), cluster=True),
    "job_cancelled": Kind(to_job("scancel"), cluster=True),
    "time_limit": Kind(time_limit, cluster=True),
    "node_down": Kind(node_down, cluster=True),
    "login_lost": Kind(login_lost, cluster=True),
}
