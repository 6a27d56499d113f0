"""What happens between the blocks of a training: lines of progress, checkpoints, the stop that a signal asks for."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from robustpath.core.errors import Stopped
from robustpath.core.files import explain
from robustpath.engine import checkpoint
from robustpath.engine.plan import Stage
from robustpath.engine.population import Snapshot

CHECKPOINT_SECONDS = 60.0
REPORT_SECONDS = 10.0


def keeper(
    resume: Path, key: str, label: str, stages: list[Stage], members: int, asked: Callable[[], str | None]
) -> Callable[[Snapshot], None]:
    """What happens between blocks of steps: now and then a line of progress and a checkpoint, and the stop that a
    signal has `asked` for."""
    every = float(os.environ.get("ROBUSTPATH_CHECKPOINT_SECONDS", CHECKPOINT_SECONDS))
    saved = reported = time.monotonic()

    def keep(snapshot: Snapshot) -> None:
        nonlocal saved, reported
        now = time.monotonic()
        if name := asked():
            save(resume, snapshot, key, label, members)
            done = sum(stage.steps for stage in stages[: snapshot.stage]) + snapshot.step
            total = sum(stage.steps for stage in stages)
            raise Stopped(f"stopped by {name} at step {done} of {total} of {label}; run again to go on")
        if now - reported >= REPORT_SECONDS:
            stage = stages[snapshot.stage]
            loss = snapshot.sums[f"{stage.index}.loss"].nanmean().item() / snapshot.step
            print(f"{label}: phase {snapshot.stage + 1}, step {snapshot.step} of {stage.steps}, mean loss {loss:.3f}")
            reported = now
        if now - saved >= every:
            save(resume, snapshot, key, label, members)
            saved = now

    return keep


def save(resume: Path, snapshot: Snapshot, key: str, label: str, members: int) -> None:
    """Save a checkpoint; training does not end because it cannot be written, and the next is tried all the same."""
    try:
        checkpoint.save(resume, snapshot, key, members)
    except OSError as error:
        print(f"{label}: warning: no checkpoint at step {snapshot.step}: {explain(error) or error}")


def split(resume: Path, other: Path, key: str, first: int) -> None:
    """Halve a checkpoint; where its halves cannot be written, they begin anew."""
    try:
        checkpoint.split(resume, other, key, first)
    except OSError as error:
        resume.unlink()
        print(f"warning: {resume.name} cannot be halved, training starts from the beginning: {explain(error) or error}")
