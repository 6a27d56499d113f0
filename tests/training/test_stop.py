"""Signals: the first is noted, the second ends, and afterwards all is as it was."""

import os
import signal
from contextlib import suppress

import pytest

from robustpath.errors import Stopped
from robustpath.training.stop import SIGNALS, listening


def test_what_the_signals_did_before_they_do_again():
    before = [signal.getsignal(each) for each in SIGNALS]
    with listening():
        assert not set(before) & {signal.getsignal(each) for each in SIGNALS}
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_noted_and_the_second_ends_at_once(number):
    before = [signal.getsignal(each) for each in SIGNALS]
    with listening() as asked:
        assert asked() is None
        os.kill(os.getpid(), number)
        assert asked() == signal.Signals(number).name
        with pytest.raises(Stopped, match=r"^stopped by SIG\w+ and SIGTERM; run again to go on"):
            os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_after_the_second_a_third_kills():
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
