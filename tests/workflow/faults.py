"""Faults put into runs at random moments, and what becomes of them: is every run recovered, with the same bytes?

python tests/workflow/faults.py [--faults 30] [--seed 0] [--kinds worker_killed,disk_full] [--report FILE.md]

A fault is put into a small study while it trains; then the command that any user types is repeated until it succeeds.
Faults of the machine's daemons need root and the SLURM node of workflow/scripts/slurm_node.sh.
"""

import argparse
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import psutil
import yaml
from checkouts import checkout, duplicate, snakemake
from node import node, possible

RESULTS = Path("results/smoke")
TARGET = str(RESULTS / "evaluate/data_efficiency/optdigits.parquet")
STUDY = {"datasets": ["optdigits"], "methods": ["sgd", "contour_warmup"], "train_sizes": [50], "budget": 2000}
LOCAL = ("--cores", "2", "--keep-going", "--rerun-incomplete")
CLUSTER = ("--profile", "slurm", "--config", "scale=smoke", "--")
PATIENCE = 300  # seconds for a run to end
RESUMES = 4
OFTEN = {"OMP_NUM_THREADS": "1", "ROBUSTPATH_CHECKPOINT_SECONDS": "0.3"}
TMPFS_MB = 48


class Struck(NamedTuple):
    """A run under way: its folder, Snakemake's process, the study's chances."""

    folder: Path
    run: subprocess.Popen
    chance: random.Random


class Kind(NamedTuple):
    """A kind of fault: what to do to a run, what to do after it has ended, and whether it takes a SLURM node."""

    strike: Callable[[Struck], str]
    mend: Callable[[Path], None] = lambda folder: None
    cluster: bool = False
    root: bool = False


class Outcome(NamedTuple):
    """What became of a fault."""

    kind: str
    what: str
    failed: bool  # whether the run that was struck ended with an error
    resumes: int
    recovered: bool
    identical: bool
    went_on: bool  # from a checkpoint
    left: list[str]  # temporary files
    seconds: float


def study(folder: Path) -> Path:
    """A checkout with the study, its data prepared and nothing trained."""
    checkout(folder)
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    config["scales"]["smoke"]["experiments"]["data_efficiency"] |= STUDY
    file.write_text(yaml.safe_dump(config))
    done = snakemake(folder, *LOCAL, "--until", "prepare", "--", TARGET, **OFTEN)
    assert done.returncode == 0, done.stderr
    return folder


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of all that must not depend on how often a run was struck."""
    files = [folder / TARGET, *(folder / RESULTS / "train").rglob("*.*")]
    kept = [file for file in files if file.is_file() and file.name[0] != "." and ".seconds." not in file.name]
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in kept}


def undisturbed(prepared: Path, folder: Path) -> dict[str, str]:
    """The digests of a run that nothing happens to."""
    done = snakemake(duplicate(prepared, folder), *LOCAL, "--", TARGET, **OFTEN)
    assert done.returncode == 0, done.stderr
    found = digests(folder)
    assert len(found) == 1 + 3 * len(STUDY["methods"]), sorted(found)
    return found


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


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / RESULTS / "train").rglob(".*.resume.safetensors"))


def until(condition: Callable[[], object], seconds: float, run: subprocess.Popen | None = None):
    """What the condition becomes; None when the time is over or the run has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        if run and run.poll() is not None:
            return None
        time.sleep(0.02)
    return None


def a_worker(struck: Struck) -> psutil.Process | None:
    alive = workers(struck.folder)
    return struck.chance.choice(alive) if alive else None


def to_worker(number: signal.Signals) -> Callable[[Struck], str]:
    def strike(struck: Struck) -> str:
        process = until(lambda: a_worker(struck), 60, struck.run)
        if process is None:
            return ""
        process.send_signal(number)
        return f"{number.name} to a training"

    return strike


def to_snakemake(number: signal.Signals) -> Callable[[Struck], str]:
    def strike(struck: Struck) -> str:
        struck.run.send_signal(number)
        return f"{number.name} to Snakemake"

    return strike


def damage_checkpoint(struck: Struck) -> str:
    """The worker dies, and the checkpoint that it leaves is cut short or has a bit turned."""
    found = until(lambda: checkpoints(struck.folder), 60, struck.run)
    for process in workers(struck.folder):
        process.kill()
    finish(struck.run)
    left = checkpoints(struck.folder)
    if not (found and left):
        return ""
    file = struck.chance.choice(left)
    content = bytearray(file.read_bytes())
    place = struck.chance.randrange(len(content))
    if struck.chance.random() < 0.5:
        file.write_bytes(content[:place])
        return f"the worker killed, its checkpoint cut to {place} of {len(content)} bytes"
    content[place] ^= 1 << struck.chance.randrange(8)
    file.write_bytes(content)
    return f"the worker killed, a bit of its checkpoint turned at {place} of {len(content)} bytes"


def truncate_output(struck: Struck) -> str:
    """After a whole run, a file of weights is cut short: what a later step reads, for nothing else looks at results."""
    finish(struck.run)
    trained = (struck.folder / RESULTS / "train").rglob("[!.]*.safetensors")
    file = struck.chance.choice(sorted(file for file in trained if ".path." not in file.name))
    size = file.stat().st_size
    with file.open("r+b") as content:
        content.truncate(struck.chance.randrange(size))
    return f"after the run, {file.name} cut from {size} to {file.stat().st_size} bytes"


def ballast(folder: Path) -> Path:
    return folder / RESULTS / "train/ballast"


def fill_disk(struck: Struck) -> str:
    with ballast(struck.folder).open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return f"the disk of the results filled to the brim with {file.tell() >> 20} MB"


def empty_disk(folder: Path) -> None:
    ballast(folder).unlink(missing_ok=True)


def daemon(name: str, pause: float = 3.0) -> Callable[[Struck], str]:
    def strike(struck: Struck) -> str:
        for process in psutil.process_iter(["name"]):
            if process.info["name"] == name:
                process.kill()
        away = struck.chance.uniform(0, pause)
        time.sleep(away)
        node("start")
        return f"SIGKILL to {name}, started again after {away:.1f} s"

    return strike


def to_job(*command: str) -> Callable[[Struck], str]:
    def strike(struck: Struck) -> str:
        process = until(lambda: a_worker(struck), 60, struck.run)
        number = process and process.environ().get("SLURM_JOB_ID")
        if not number:
            return ""
        subprocess.run([*command, number], check=True, capture_output=True)
        return f"{' '.join(command)} of a training job"

    return strike


def node_down(struck: Struck) -> str:
    name = f"NodeName={platform.node().split('.')[0]}"
    subprocess.run(["scontrol", "update", name, "State=DOWN", "Reason=fault"], check=True)
    time.sleep(struck.chance.uniform(1, 3))
    subprocess.run(["scontrol", "update", name, "State=RESUME"], check=True)
    return "the node declared down, then up again"


KINDS = {
    "worker_killed": Kind(to_worker(signal.SIGKILL)),
    "worker_stopped": Kind(to_worker(signal.SIGTERM)),
    "snakemake_killed": Kind(to_snakemake(signal.SIGKILL)),
    "snakemake_stopped": Kind(to_snakemake(signal.SIGTERM)),
    "interrupted": Kind(to_snakemake(signal.SIGINT)),
    "checkpoint_damaged": Kind(damage_checkpoint),
    "output_truncated": Kind(truncate_output),
    "disk_full": Kind(fill_disk, empty_disk, root=True),
    "slurmd_killed": Kind(daemon("slurmd"), cluster=True),
    "slurmctld_killed": Kind(daemon("slurmctld"), cluster=True),
    "job_requeued": Kind(to_job("scontrol", "requeue"), cluster=True),
    "job_cancelled": Kind(to_job("scancel"), cluster=True),
    "job_signalled": Kind(to_job("scancel", "--full", "--signal=TERM"), cluster=True),
    "node_down": Kind(node_down, cluster=True),
}


def impossible(kind: Kind) -> str:
    """Why a kind cannot be tried here; "" where it can."""
    if kind.cluster:
        return possible()
    return "mounting a small disk needs root" if kind.root and os.geteuid() else ""


def begin(folder: Path, cluster: bool) -> subprocess.Popen:
    """Start the study as a user does, able to be interrupted."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *(CLUSTER if cluster else (*LOCAL, "--")), TARGET],
        cwd=folder,
        env={**os.environ, **OFTEN},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "said.txt").open("w"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def finish(run: subprocess.Popen) -> int:
    """Wait for the end of a run; one that does not end is killed, and has failed."""
    try:
        return run.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        run.kill()
        return run.wait()


def resume(folder: Path, cluster: bool) -> bool:
    """The same command again, and whatever its last words tell a person to do first."""
    code = finish(begin(folder, cluster))
    said = (folder / "said.txt").read_text()
    if "--unlock" in said:
        # As docs/cluster.md and README.md have it: jobs of the run that was killed are ended first.
        for process in workers(folder):
            process.terminate()
        psutil.wait_procs(workers(folder), timeout=60)
        if cluster:
            subprocess.run(["scancel", "--me"], check=True)
        snakemake(folder, *(CLUSTER[:-1] if cluster else ()), "--unlock")
        code = finish(begin(folder, cluster))
        said = (folder / "said.txt").read_text()
    for named in re.findall(r"^error: (\S+) is truncated or .*delete it", said, re.M):
        (folder / named).unlink(missing_ok=True)
    return code == 0


def episode(kind: str, prepared: Path, expected: dict[str, str], folder: Path, chance: random.Random) -> Outcome:
    """Put one fault into a run of the study, and repeat the command until it succeeds."""
    fault, began = KINDS[kind], time.monotonic()
    duplicate(prepared, folder)
    train = folder / RESULTS / "train"
    if fault.root:
        train.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "tmpfs", train], check=True)
    try:
        run = begin(folder, fault.cluster)
        # Most faults find a training under way, some one that is still being set up.
        awaited = checkpoints if chance.random() < 0.75 else workers
        until(lambda: awaited(folder), PATIENCE, run)
        time.sleep(chance.uniform(0, 3))
        what = fault.strike(Struck(folder, run, chance)) or "nothing: the run was over"
        failed = finish(run) != 0
        fault.mend(folder)
        resumes, recovered = 0, False
        while not recovered and resumes < RESUMES:
            resumes += 1
            recovered = resume(folder, fault.cluster)
        identical = digests(folder) == expected
        left = [file.name for file in train.rglob(".*") if file.is_file()]
    finally:
        if fault.root:
            subprocess.run(["umount", train], check=True)
    logs = [log.read_text(errors="replace") for log in (folder / RESULTS / "logs/train").rglob("*.log")]
    went_on = any("going on from step" in log for log in logs)
    return Outcome(kind, what, failed, resumes, recovered, identical, went_on, left, time.monotonic() - began)


def line(number: int, outcome: Outcome) -> str:
    """An outcome as a line of progress."""
    verdict = "identical" if outcome.identical else "DIFFERENT"
    if not outcome.recovered:
        verdict = "NOT RECOVERED"
    also = ", went on from a checkpoint" if outcome.went_on else ""
    left = f", left {', '.join(outcome.left)}" if outcome.left else ""
    times = "once" if outcome.resumes == 1 else f"{outcome.resumes} times"
    became = f"{verdict}, resumed {times}{also}{left}"
    return f"{number:>3}  {outcome.kind:<19} {became}  ({outcome.seconds:.0f} s): {outcome.what}"


def table(outcomes: list[Outcome]) -> str:
    """Outcomes by kind, in Markdown."""
    rows = [
        "| fault | injected | run failed | recovered | identical | from a checkpoint |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind]
        counts = [len(of_kind)] + [
            sum(getattr(outcome, field) for outcome in of_kind)
            for field in ("failed", "recovered", "identical", "went_on")
        ]
        rows.append(f"| {kind} | {' | '.join(map(str, counts))} |")
    return "\n".join(rows)


def main() -> None:
    """Put faults in and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=30, help="how many (default 30)")
    parser.add_argument("--seed", type=int, default=0, help="of moments and choices (default 0)")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"some of {', '.join(KINDS)} (default all)")
    parser.add_argument("--report", type=Path, help="a Markdown file for table and outcomes")
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    for kind in kinds:
        if kind not in KINDS:
            parser.error(f"there is no fault {kind}, only {', '.join(KINDS)}")
        if why := impossible(KINDS[kind]):
            parser.error(f"{kind} cannot be tried here: {why}")
    if any(KINDS[kind].cluster for kind in kinds):
        node("start")
    chance, outcomes = random.Random(options.seed), []
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        prepared = study(Path(place, "study"))
        expected = undisturbed(prepared, Path(place, "undisturbed"))
        print(f"undisturbed run: {len(expected)} files; {options.faults} faults, seed {options.seed}", flush=True)
        for number in range(options.faults):
            kind = kinds[number % len(kinds)]
            outcomes.append(episode(kind, prepared, expected, Path(place, f"run{number}"), chance))
            print(line(number + 1, outcomes[-1]), flush=True)
    lines = [line(number + 1, outcome) for number, outcome in enumerate(outcomes)]
    report = f"{table(outcomes)}\n\nSeed {options.seed}, {platform.platform()}.\n\n```\n" + "\n".join(lines) + "\n```\n"
    if options.report:
        options.report.write_text(report)
    print(table(outcomes))
    sys.exit(not all(outcome.recovered and outcome.identical for outcome in outcomes))


if __name__ == "__main__":
    main()
