"""Jobs: commands in processes of their own, each with a folder that says what it is, what it printed, how it ended.

A job survives the studio that began it, however that ends; another studio finds it by its folder.

job.json       the command: verb, arguments, title, what it is about, when it was begun
process.json   which process it is
output.log     what it printed
result.json    its exit code; absent where it was killed
"""

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ganvas.errors import GanvasError, RunError
from ganvas.storage import on_disk, read_json, write_json
from ganvas.studio.job import Job, Order
from ganvas.studio.job_process import DESCRIPTION, LOG, RESULT


class Jobs:
    """The jobs of a workspace: those there are, and new ones."""

    def __init__(self, folder: Path, working_folder: Path) -> None:
        self.folder = folder
        self.working_folder = working_folder
        """Where commands run: relative paths among their arguments begin here."""
        self._orders: dict[Path, Order] = {}
        self._ended: set[Path] = set()

    def start(self, verb: str, arguments: Sequence[str | Path], title: str, about: Path | None = None) -> Job:
        """Begin `ganvas VERB ARGUMENTS` in the working folder; `about` is the dataset, run or model it makes or asks.

        The title is for people. Raises `StorageError` where the job's folder cannot be written.
        """
        now = datetime.now(UTC)
        folder = self.folder / f"{now:%Y%m%d-%H%M%S}-{verb}-{secrets.token_hex(2)}"
        order = Order(
            verb=verb,
            arguments=tuple(map(str, arguments)),
            title=title,
            about=None if about is None else os.path.relpath(about, self.working_folder),
            begun=now.isoformat(timespec="seconds"),
        )
        on_disk(lambda: folder.mkdir(parents=True), folder)
        write_json(folder / DESCRIPTION, order.plain())
        _begin(folder, self.working_folder)
        return Job(folder, order, self.working_folder)

    def list(self) -> Sequence[Job]:
        """Return all jobs, the newest first."""
        folders = sorted(self.folder.glob(f"*/{DESCRIPTION}"), reverse=True)
        return [job for path in folders if (job := self._read(path.parent)) is not None]

    def find(self, name: str) -> Job:
        """Return the job called `name`; raise `RunError` where there is none."""
        job = self._read(self.folder / Path(name).name) if name else None
        if job is None:
            raise RunError(f"There is no job `{name}` in `{self.folder}`.")
        return job

    def about(self, path: Path) -> Sequence[Job]:
        """Return the jobs about a dataset, run or model, the newest first."""
        return [job for job in self.list() if job.about == path]

    def running(self) -> Sequence[Job]:
        """Return the jobs at work, the newest first."""
        running = []
        for job in self.list():
            if job.folder in self._ended:
                continue
            if job.state == "running":
                running.append(job)
            else:
                self._ended.add(job.folder)
        return running

    def _read(self, folder: Path) -> Job | None:
        if folder not in self._orders:
            try:
                self._orders[folder] = Order.read(read_json(folder / DESCRIPTION), f"`{folder / DESCRIPTION}`")
            except (GanvasError, ValueError):  # damaged, or no name of a file
                return None
        return Job(folder, self._orders[folder], self.working_folder)


def _begin(folder: Path, working_folder: Path) -> None:
    """Start the process of a job, in a session of its own: what ends the studio does not end it."""
    with (folder / LOG).open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "ganvas.studio.job_process", str(folder)],
            cwd=working_folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "120"},
            start_new_session=True,
        )
    threading.Thread(target=_await, args=(process, folder), daemon=True).start()


def _await(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for our own child, and note the signal that killed it, which nobody else would know."""
    code = process.wait()
    if code < 0 and folder.is_dir() and not (folder / RESULT).exists():
        write_json(folder / RESULT, {"code": code})
