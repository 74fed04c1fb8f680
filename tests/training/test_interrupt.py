import os
import signal
import subprocess
import sys
import threading

import pytest

from ganvas.training.interrupt import StopRequest, stop_on_signal

NUMBERS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", NUMBERS)
def test_first_signal_only_asks_and_says_so(number):
    said = []
    with stop_on_signal(said.append) as stop:
        assert not stop
        os.kill(os.getpid(), number)
        assert stop
        assert stop.signal is number
    assert said == ["Stopping after this step; once more to stop at once."]


def test_handlers_are_those_from_before_afterwards():
    before = [signal.getsignal(number) for number in NUMBERS]
    with pytest.raises(ZeroDivisionError), stop_on_signal(print):
        assert [signal.getsignal(number) for number in NUMBERS] != before
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.mark.parametrize("error", [BrokenPipeError(), RuntimeError("reentrant call inside <_io.BufferedWriter>")])
def test_request_stands_where_nothing_can_be_said(error):
    """The reader of our messages went away, or the signal fell into a print: training must still save and stop."""

    def announce(message):
        raise error

    with stop_on_signal(announce) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.signal is signal.SIGTERM


def test_other_threads_are_never_asked():
    found = []

    def work():
        with stop_on_signal(print) as stop:
            found.append((stop, signal.getsignal(signal.SIGTERM)))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert isinstance(found[0][0], StopRequest)
    assert not found[0][0]
    assert found[0][1] is before


@pytest.mark.parametrize("number", NUMBERS)
def test_second_signal_ends_the_process_at_once(number):
    script = f"""
import os, signal
from ganvas.training.interrupt import stop_on_signal
with stop_on_signal(print):
    os.kill(os.getpid(), {int(number)})
    os.kill(os.getpid(), signal.SIGTERM)
    print("not at once")
"""
    ended = subprocess.run([sys.executable, "-u", "-c", script], check=False, capture_output=True, text=True)
    assert ended.returncode == 128 + signal.SIGTERM
    assert ended.stdout == "Stopping after this step; once more to stop at once.\n"
