"""Faults put into runs at random moments, and what becomes of them: is every run recovered, with the same bytes?

    python tests/workflow/faults.py [--faults 30] [--seed 0] [--kinds worker_killed,disk_full] [--report FILE.md]

One fault is put into a small study while it trains; then the very command is repeated until it succeeds, after what
its last words and the documentation tell a person to do first. Faults of SLURM take root and the node of
workflow/scripts/slurm_node.sh. Exit code 1 where a run was not recovered or its results differ.
"""

import argparse
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import yaml
from checkouts import checkout, duplicate, planning, snakemake
from fault_kinds import KINDS, RESULTS, Missed, Scene, checkpoint, workers
from node import idle, node

ONE_TRAINING = str(RESULTS / "train/data_efficiency/optdigits/sgd.parquet")
EVALUATED = str(RESULTS / "evaluate/data_efficiency/optdigits.parquet")
# Runs that are compiled from 15,000 model-steps on stay below: a cell takes some seconds, most of them in steps.
STUDY = {
    "datasets": ["optdigits"],
    "methods": ["sgd", "contour_warmup"],
    "train_sizes": [50],
    "seeds": 2,
    "budget": 1200,
}
LOCAL = ("--config", "scale=smoke")
CLUSTER = ("--profile", "slurm", "--slurm-init-seconds-before-status-checks", "3", "--config", "scale=smoke")
OFTEN = {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "ROBUSTPATH_CHECKPOINT_SECONDS": "0.3"}
SITE = {"SBATCH_PARTITION": "cpu", "SBATCH_GPU_PARTITION": "gpu"}
PATIENCE = 400  # seconds for a run to end
RESUMES = 3
TRIES = 4  # at a moment before the run is over


class Outcome(NamedTuple):
    """What became of a fault."""

    kind: str
    what: str
    moment: str  # of the fault
    said: str  # the last words of the run that was hit
    failed: bool  # whether that run ended with an error
    resumes: int
    remedies: list[str]  # what had to be done before resuming
    recovered: bool
    identical: bool
    went_on: bool  # from a checkpoint
    anomalies: list[str]
    seconds: float


def study(folder: Path, target: str = EVALUATED, **settings) -> Path:
    """A checkout with the study, the data that the target needs prepared and nothing trained."""
    checkout(folder)
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    config["scales"]["smoke"]["experiments"]["data_efficiency"] |= STUDY | settings
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    done = snakemake(folder, "--until", "prepare", *LOCAL, "--", target, **OFTEN)
    assert done.returncode == 0, done.stderr
    return folder


def undisturbed(prepared: Path, folder: Path, target: str = EVALUATED) -> dict[str, str]:
    """The digests of a run that nothing happens to."""
    done = snakemake(duplicate(prepared, folder), *LOCAL, "--", target, **OFTEN)
    assert done.returncode == 0, done.stderr
    return digests(folder)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of prepared data and of all that must not depend on how often a run was hit."""
    files = [file for part in ("data", "train", "evaluate") for file in (folder / RESULTS / part).rglob("[!.]*")]
    kept = [file for file in files if file.is_file() and ".seconds." not in file.name]
    return {str(file.relative_to(folder / RESULTS)): sha256(file.read_bytes()).hexdigest() for file in kept}


def hidden(folder: Path) -> list[str]:
    """Temporary files and checkpoints among the results."""
    found = [Path(parent, name) for parent, _, files in os.walk(folder / RESULTS) for name in files]
    return sorted(file.name for file in found if file.name.startswith("."))


def command(cluster: bool, target: str, *more: str) -> list[str]:
    """What a user types."""
    return [
        sys.executable,
        "-m",
        "snakemake",
        *more,
        *(CLUSTER if cluster else LOCAL),
        *(["--", target] if target else []),
    ]


def begin(folder: Path, cluster: bool, target: str) -> subprocess.Popen:
    """Start the study as a user does, in a process group of its own, as a terminal's job has."""

    def ready() -> None:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with (folder / "said.txt").open("w") as said:
        return subprocess.Popen(
            command(cluster, target),
            cwd=folder,
            env={**os.environ, **OFTEN, **SITE},
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=ready,
        )


def finish(run: subprocess.Popen) -> bool:
    """Wait for the end of a run; True where it had to be killed, since it did not end."""
    try:
        run.wait(timeout=PATIENCE)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return True


def heed(folder: Path, cluster: bool, said: str) -> list[str]:
    """Do what the last words of a failed run tell a person to do, and name it."""
    did = []
    if "--unlock" in said:
        unlocked = subprocess.run(
            command(cluster, "", "--unlock"), cwd=folder, env={**os.environ, **SITE}, capture_output=True
        )
        did += ["unlocked" if unlocked.returncode == 0 else "could not be unlocked"]
    for named in re.findall(r"^error: (\S+) is .*: delete it and run again", said, re.M):
        (folder / named).unlink(missing_ok=True)
        did += [f"deleted {Path(named).name}"]
    return did


def last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def resumed(folder: Path) -> set[str]:
    """The methods whose last training went on from a checkpoint, by their logs."""
    logs = (folder / RESULTS / "logs/train").rglob("*.log")
    return {log.stem for log in logs if "going on from step" in log.read_text(errors="replace")}


def end(scene: Scene) -> None:
    """End a run that is of no use."""
    if scene.run.poll() is None:
        scene.interrupt()
        finish(scene.run)
    for worker in workers(scene.folder):
        worker.kill()


def aftermath(folder: Path, cluster: bool, target: str) -> list[str]:
    """What is not as after an undisturbed run, once orphans have ended too."""
    deadline = time.monotonic() + PATIENCE
    while workers(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    if cluster:
        idle(PATIENCE)
    found = [f"left for ever: {name}" for name in hidden(folder)]
    planned = planning(folder, "-n", *LOCAL, "--", target, **OFTEN)
    if "Nothing to be done" not in planned.stdout + planned.stderr:
        jobs = re.findall(r"^(\w+) +\d+$", planned.stdout + planned.stderr, re.M)
        found.append(f"a further run would make again: {', '.join(sorted(set(jobs) - {'total'})) or 'it fails'}")
    return found


def episode(
    kind: str, prepared: Path, expected: dict[str, str], folder: Path, chance: random.Random,
    target: str = EVALUATED, span: float = 8.0,
) -> Outcome:  # fmt: skip
    """Put one fault into a run of a prepared study, within `span` seconds of its first training or checkpoint; a run
    that was over first is begun anew, with half the span."""
    for attempt in range(TRIES):
        place = folder / str(attempt)
        duplicate(prepared, place)
        try:
            return disturbed(kind, place, expected, chance, target, span / 2**attempt)
        except Missed:
            continue
    raise AssertionError(f"{kind}: the run was over before the fault, {TRIES} times")


def disturbed(
    kind: str, folder: Path, expected: dict[str, str], chance: random.Random, target: str, span: float
) -> Outcome:
    """One fault, and the same command until it succeeds; Missed where the run was over first."""
    fault, began, scene = KINDS[kind], time.monotonic(), Scene(folder, chance)
    anomalies, remedies, delay = [], [], chance.uniform(0, span)
    # Most faults find a training that has been saved, some one that is still being set up.
    awaited = {"training": lambda: workers(folder), "checkpoint": lambda: hidden(folder)}
    since = chance.choices(list(awaited), [1, 3])[0]

    def ended(run: subprocess.Popen, when: str) -> str:
        if finish(run):
            anomalies.append(f"{when} did not end within {PATIENCE} s")
        heard = (folder / "said.txt").read_text(errors="replace")
        if "Traceback" in heard:
            anomalies.append(f"{when} showed a traceback")
        return heard

    with closing(fault.story(scene)) as story:
        next(story)
        scene.run = begin(folder, fault.cluster, target)
        try:
            scene.wait(awaited[since], PATIENCE)
            time.sleep(delay)
            parts = [next(story)]
            heard = ended(scene.run, "the run that was hit")
            parts += [next(story, None)]
        except Missed:
            end(scene)
            raise
        said, failed, went_on = last_words(heard), scene.run.returncode != 0, resumed(folder)
        saved = {name for name in scene.hit if not failed or checkpoint(folder, name).exists()}
        resumes, code = 0, scene.run.returncode
        while code and resumes < RESUMES:
            remedies += heed(folder, fault.cluster, heard)
            run = begin(folder, fault.cluster, target)
            heard = ended(run, "the resumed run")
            resumes, code, went_on = resumes + 1, run.returncode, went_on | resumed(folder)
            if code:
                remedies.append(f"read: {last_words(heard)}")
        anomalies += aftermath(folder, fault.cluster, target)
        if not scene.two_writers and saved - went_on:
            anomalies.append(f"a checkpoint that was there was not gone on from: {', '.join(sorted(saved - went_on))}")
        found = digests(folder)
        if code == 0 and found != expected:
            others = sorted(name for name in found | expected if found.get(name) != expected.get(name))
            anomalies.append(f"differs: {', '.join(others)}")
    what, moment = "; ".join(filter(None, parts)), f"{delay:.1f} s after the first {since}"
    return Outcome(
        kind, what, moment, said, failed, resumes, remedies, code == 0, found == expected, bool(went_on), anomalies,
        time.monotonic() - began,
    )  # fmt: skip


def line(number: int, outcome: Outcome) -> str:
    """An outcome as a line of progress."""
    verdict = "identical" if outcome.identical else "DIFFERENT"
    verdict = verdict if outcome.recovered else "NOT RECOVERED"
    times = {0: "not resumed", 1: "resumed once"}.get(outcome.resumes, f"resumed {outcome.resumes} times")
    parts = [verdict, times, *outcome.remedies, *(["went on from a checkpoint"] if outcome.went_on else [])]
    parts += [f"ANOMALY: {each}" for each in outcome.anomalies]
    return (
        f"{number:>3}  {outcome.kind:<18} {', '.join(parts)}  ({outcome.seconds:.0f} s): "
        f"{outcome.what}, {outcome.moment}; said: {outcome.said[:160]}"
    )


def table(outcomes: list[Outcome]) -> str:
    """Outcomes by kind, in Markdown."""
    rows = [
        "| fault | injected | ended with an error | resumes | recovered | identical | from a checkpoint | anomalies |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for name in [*dict.fromkeys(outcome.kind for outcome in outcomes), "all"]:
        of_kind = [outcome for outcome in outcomes if name in (outcome.kind, "all")]
        fields = ("failed", "resumes", "recovered", "identical", "went_on")
        counts = [len(of_kind), *(sum(getattr(outcome, field) for outcome in of_kind) for field in fields)]
        counts.append(sum(len(outcome.anomalies) for outcome in of_kind))
        rows.append(f"| {name} | {' | '.join(map(str, counts))} |")
    return "\n".join(rows)


def report(outcomes: list[Outcome], seed: int) -> str:
    """Table, anomalies and every fault, in Markdown."""
    lines = [line(number, outcome) for number, outcome in enumerate(outcomes, 1)]
    odd = [
        f"- {number} ({outcome.kind}): {each}"
        for number, outcome in enumerate(outcomes, 1)
        for each in outcome.anomalies
    ]
    machine = f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    parts = [
        f"# {len(outcomes)} faults",
        f"Seed {seed}; {machine}.",
        table(outcomes),
        "## Anomalies",
        "\n".join(odd) or "None.",
        "## Every fault",
        "```\n" + "\n".join(lines) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def options() -> argparse.Namespace:
    """The command line; kinds that cannot be tried here end it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=30, help="how many (default 30)")
    parser.add_argument("--seed", type=int, default=0, help="of moments and choices (default 0)")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"in turn; some of {', '.join(KINDS)} (default all)")
    parser.add_argument("--report", type=Path, help="a Markdown file, written anew after every fault")
    chosen = parser.parse_args()
    chosen.kinds = chosen.kinds.split(",")
    for kind in chosen.kinds:
        if kind not in KINDS:
            parser.error(f"there is no fault {kind}, only {', '.join(KINDS)}")
        if why := KINDS[kind].impossible():
            parser.error(f"{kind} cannot be tried here: {why}")
    return chosen


def tried(kind: str, prepared: Path, expected: dict[str, str], folder: Path, chance: random.Random) -> Outcome:
    """An episode; where it could not be had, an outcome that says why and counts as not recovered."""
    began = time.monotonic()
    try:
        if KINDS[kind].cluster:
            idle(PATIENCE)
            node("start")
        return episode(kind, prepared, expected, folder, chance)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        why = f"no episode: {error}"
        return Outcome(kind, "", "", "", False, 0, [], False, False, False, [why], time.monotonic() - began)


def main() -> int:
    """Put faults in, one after another, and report."""
    chosen, outcomes = options(), []
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        prepared = study(Path(place, "study"))
        expected = undisturbed(prepared, Path(place, "undisturbed"))
        print(f"undisturbed: {len(expected)} files; {chosen.faults} faults, seed {chosen.seed}", flush=True)
        for number in range(chosen.faults):
            kind = chosen.kinds[number % len(chosen.kinds)]
            chance = random.Random(f"{chosen.seed} {number} {kind}")
            folder = Path(place, f"fault{number}")
            outcomes.append(tried(kind, prepared, expected, folder, chance))
            shutil.rmtree(folder, ignore_errors=True)
            print(line(number + 1, outcomes[-1]), flush=True)
            if chosen.report:
                chosen.report.write_text(report(outcomes, chosen.seed))
    print(table(outcomes))
    return int(not all(outcome.recovered and outcome.identical for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
