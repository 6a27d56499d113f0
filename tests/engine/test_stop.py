"""Signals: the first is noted, the second ends, and afterwards all is as it was."""

import os
import signal
from contextlib import suppress

import pytest

from robustpath.core.errors import Stopped
from robustpath.engine import stop
from robustpath.engine.stop import SIGNALS, listening


@pytest.fixture
def insisting(monkeypatch):
    """No signal is an echo of the one before."""
    monkeypatch.setattr(stop, "ECHO_SECONDS", 0.0)


def test_what_the_signals_did_before_they_do_again():
    before = [signal.getsignal(each) for each in SIGNALS]
    with listening():
        assert not set(before) & {signal.getsignal(each) for each in SIGNALS}
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_noted_and_the_second_ends_at_once(insisting, number):
    before = [signal.getsignal(each) for each in SIGNALS]
    with listening() as asked:
        assert asked() is None
        os.kill(os.getpid(), number)
        assert asked() == signal.Signals(number).name
        with pytest.raises(Stopped, match=r"^stopped by SIG\w+ and SIGTERM; run again to go on"):
            os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_echoes_of_a_signal_are_the_same_request(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stop.time, "monotonic", lambda: now[0])
    with listening() as asked:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGUSR1):
            os.kill(os.getpid(), number)
            now[0] += 2
        assert asked() == "SIGTERM"
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)


def test_after_the_second_a_third_kills(insisting):
    child = os.fork()
    if not child:
        try:
            with listening():
                for _ in range(3):
                    with suppress(Stopped):
                        os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM
