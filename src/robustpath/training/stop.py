"""Signals that ask a job to stop and come back: of SLURM at the time limit or a preemption, of a person (`scancel`)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robustpath.errors import Stopped

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


def nobody() -> None:
    """Nobody asks to stop."""


@contextmanager
def listening() -> Iterator[Callable[[], str | None]]:
    """Yield a function that names the signal that has asked to stop, None as long as none has.

    The first signal is only noted, so that the step at hand can end and be saved. A step that is being compiled can
    take longer than SLURM waits before it kills (KillWait, 30 s): then the last checkpoint is what a retry goes on
    from. A second signal raises Stopped wherever it finds the job, and a third kills.
    """
    asked: list[str] = []

    def note(number: int, frame: object) -> None:
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
