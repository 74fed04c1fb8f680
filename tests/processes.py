"""`ganvas` commands in processes of their own, to be watched, signalled and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


def flags(settings):
    """Return settings as the flags of the command line."""
    return [text for name, value in settings.items() for text in (f"--{name.replace('_', '-')}", str(value))]


class Ended(NamedTuple):
    """What a command left: exit code (negative: the signal that ended it), output, errors, seconds."""

    code: int
    out: str
    err: str
    seconds: float


class Running:
    """A command at work in its own process."""

    def __init__(self, zygote, pid, out, err):
        self.zygote, self.pid, self.out, self.err = zygote, pid, out, err
        self.began, self.code = time.monotonic(), None

    def poll(self):
        """Return the exit code, None while it runs."""
        if self.code is None:
            self.code = self.zygote.ask({"poll": self.pid})
        return self.code

    def send(self, number):
        """Send a signal."""
        os.kill(self.pid, number)

    def until(self, condition, timeout=120):
        """Wait until `condition` holds or the command ends; return whether it holds."""
        deadline, next_poll = time.monotonic() + timeout, 0.0
        while not condition():
            if (now := time.monotonic()) > next_poll:
                if self.poll() is not None:
                    return condition()
                assert now < deadline, f"after {timeout} s: {self.err.read_text()}"
                next_poll = now + 0.01
            time.sleep(0.0003)
        return True

    def wait(self, timeout=120):
        """Wait for the end and return what the command left."""
        self.until(lambda: self.code is not None, timeout)
        seconds = time.monotonic() - self.began
        return Ended(self.code, *(path.read_text(errors="replace") for path in (self.out, self.err)), seconds)


class Zygote:
    """Starts commands in processes forked off one that has imported everything."""

    def __init__(self, folder):
        self.folder, self.started = folder, []
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "120"},
            start_new_session=True,
        )
        assert self.answer() == "ready"

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.answer()

    def start(self, *arguments, **options):
        """Start `ganvas ARGUMENTS`; the options are those of `zygote.child`."""
        out, err = (self.folder / f"{len(self.started)}.{kind}" for kind in ("out", "err"))
        request = {"arguments": [str(argument) for argument in arguments], "out": str(out), "err": str(err)}
        running = Running(self, self.ask(request | options), out, err)
        self.started.append(running)
        for path in (out, err):
            path.touch()
        return running

    def run(self, *arguments, **options):
        """Run `ganvas ARGUMENTS` to its end."""
        return self.start(*arguments, **options).wait()

    def close(self):
        for running in self.started:
            if running.poll() is None:
                running.send(signal.SIGKILL)
        self.process.stdin.close()
        self.process.wait(120)  # seconds: it has torch to leave, on a machine that may be busy
        self.process.stdout.close()
