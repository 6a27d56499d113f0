"""Signals that ask a job to stop and come back: of SLURM at the time limit or a preemption, of a person (`scancel`)."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robustpath.core.errors import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
ECHO_SECONDS = 5.0  # SLURM signals a job's processes, and srun passes on what it got: one request comes twice or more


def nobody() -> None:
    """Nobody asks to stop."""


@contextmanager
def listening() -> Iterator[Callable[[], str | None]]:
    """Yield a function that names the signal that has asked to stop, None as long as none has.

    The first signal is only noted, so that the step at hand can end and be saved. A step that is being compiled can
    take longer than SLURM waits before it kills (KillWait, 30 s): then the last checkpoint is what a retry goes on
    from. What comes within ECHO_SECONDS of the first is the same request; a later signal raises Stopped wherever it
    finds the job, and one more kills.
    """
    asked: list[str] = []
    first = 0.0

    def note(number: int, frame: object) -> None:
        nonlocal first
        now = time.monotonic()
        if asked and now - first < ECHO_SECONDS:
            return
        first = first or now
        asked.append(signal.Signals(number).name)
        if len(asked) > 1:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            raise Stopped(f"stopped by {' and '.join(asked)}; run again to go on from the last checkpoint")

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield lambda: asked[0] if asked else None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
