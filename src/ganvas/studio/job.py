"""One job: its command, its state, what it printed, and how to halt, stop or end it."""

import os
import re
import shlex
import signal
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from ganvas.config import Config, Field
from ganvas.errors import GanvasError
from ganvas.storage import read_json
from ganvas.studio.job_process import LOG, PROCESS, RESULT
from ganvas.studio.processes import Seen, look

State = Literal["running", "done", "failed", "killed"]
_STARTS_WITHIN = 60.0  # seconds in which a new process says who it is
_BLOCK = 1 << 16
_PROGRESS = re.compile(r"^(?P<task>[^:\n]+): (?P<done>\d+)/(?P<total>\d+) ?(?P<note>.*)$", re.MULTILINE)
_SIGNALS = 128


class Order(Config):
    """What `job.json` says: the command, and what people should know of it."""

    verb: str = Field(description="verb of `ganvas`")
    arguments: tuple[str, ...] = Field(description="its arguments")
    title: str = Field(description="what it does, for people")
    about: str | None = Field(default=None, description="the dataset, run or model that it makes or asks")
    begun: str = Field(description="when it was begun, in UTC")


class Process(Config):
    """What `process.json` says: number and beginning of the job's process."""

    pid: int = Field(gt=1, description="its number")
    begun: str = Field(description="when it began, in words that are only compared")


class Progress(NamedTuple):
    """The last line of progress that a job printed."""

    task: str
    done: int
    total: int
    note: str


class Job:
    """A command that was begun, as its folder tells."""

    def __init__(self, folder: Path, order: Order, working_folder: Path) -> None:
        self.folder = folder
        self.order = order
        self.working_folder = working_folder

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """What it does, for people."""
        return self.order.title

    @property
    def about(self) -> Path | None:
        """The dataset, run or model that it makes or asks."""
        return None if self.order.about is None else self.working_folder / self.order.about

    @property
    def begun(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.order.begun)

    @property
    def seconds(self) -> float | None:
        """How long it has run, until now or until its end; None where nobody saw that."""
        with suppress(OSError):
            return max(0.0, (self.folder / RESULT).stat().st_mtime - self.begun.timestamp())
        return time.time() - self.begun.timestamp() if self._is_alive() else None

    @property
    def command(self) -> str:
        """The same as a command line, to be run in the workspace."""
        return shlex.join(["ganvas", self.order.verb, *self.order.arguments])

    @property
    def code(self) -> int | None:
        """Its exit code, negative for the signal that killed it; None while it runs, or where nobody saw its end."""
        with suppress(GanvasError):
            return read_json(self.folder / RESULT)["code"]
        return None

    @property
    def state(self) -> State:
        """Whether it runs, is done, failed by itself, or was ended by a signal."""
        if (code := self.code) is None:
            if self._is_alive():
                return "running"
            code = self.code  # it may have ended between the two looks
        if code is None or code < 0 or code > _SIGNALS:
            return "killed"
        return "done" if code == 0 else "failed"

    @property
    def was_stopped(self) -> bool:
        """Whether it ended because somebody asked it to, in good order."""
        return (self.code or 0) > _SIGNALS

    @property
    def is_halted(self) -> bool:
        """Whether it is held still by `halt`."""
        seen = self._seen()
        return seen is not None and seen.halted

    @property
    def log(self) -> Path:
        """The file of what it printed."""
        return self.folder / LOG

    def tail(self, num: int = 20) -> list[str]:
        """Return the last lines that it printed."""
        with suppress(OSError), self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - max(_BLOCK, 200 * num)))
            return file.read().decode(errors="replace").splitlines()[-num:]
        return []

    def said(self, num: int = 40) -> list[str]:
        """Return the last lines that it printed, those of progress left out."""
        return [line for line in self.tail(4 * num) if not _PROGRESS.match(line)][-num:]

    def progress(self) -> Progress | None:
        """Return how far it is, where it said so."""
        found = list(_PROGRESS.finditer("\n".join(self.tail(50))))
        if not found:
            return None
        last = found[-1]
        return Progress(last["task"], int(last["done"]), int(last["total"]), last["note"])

    def halt(self) -> None:
        """Hold it still: it keeps its memory and takes no time, until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after `halt`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end in good order: training saves, preparation can go on later. It may take some seconds."""
        process = self._process()
        if process and self._seen():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)
            self.go_on()

    def kill(self) -> None:
        """End it at once; what it had not saved is lost."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """Send a signal to the process and all that it began: they share a session, and so a group."""
        process = self._process()
        if process and self._seen():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def _seen(self) -> Seen | None:
        """Return what is known of its process, None where that has ended, or has not yet said who it is."""
        process = self._process()
        seen = look(process.pid) if process else None
        return seen if seen and process and seen.begun == process.begun else None

    def _is_alive(self) -> bool:
        if self._process() is None:
            return time.time() - self.begun.timestamp() < _STARTS_WITHIN
        return self._seen() is not None

    def _process(self) -> Process | None:
        with suppress(GanvasError):
            return Process.read(read_json(self.folder / PROCESS), f"`{self.folder / PROCESS}`")
        return None
