"""Ctrl-C and SIGTERM: the first asks training to finish its step and save, the second ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked the run to stop, and by which signal."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def stop_on_signal(announce: Callable[[str], None]) -> Iterator[StopRequest]:
    """Yield a request that the first signal sets; outside the main thread it is never set.

    Nothing is lost by the second signal: files appear complete or not at all.
    """
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if request:
            os._exit(128 + number)
        request.signal = signal.Signals(number)
        with suppress(OSError, RuntimeError):  # nobody reads any more, or the signal fell into a print
            announce("Stopping after this step; once more to stop at once.")

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
