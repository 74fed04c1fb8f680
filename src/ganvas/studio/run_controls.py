"""What can be done with a run: pause, go on, stop, resume after a kill, train longer."""

from collections.abc import Callable
from pathlib import Path

from nicegui import html, ui

from ganvas.studio import parts
from ganvas.studio.aside import aside
from ganvas.studio.job import Job
from ganvas.studio.workspace import RunItem, Workspace, read_run


class Controls:
    """State and buttons of a run; the buttons there are depend on the state."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace, self.folder = workspace, folder
        self.shown: object = None
        self.box = html.section().classes("card").props('aria-label="State of the run"')

    async def look(self) -> None:
        """Show how the run stands, where that has changed."""
        job, item, state = await aside(self._found)
        step = None if item is None else (item.step >= item.steps, item.has_checkpoint)
        key = (job.name if job else "", state, step)
        if key == self.shown:
            return
        self.shown = key
        self.box.clear()
        with self.box:
            self._show(job, item, state)

    def _found(self) -> tuple[Job | None, RunItem | None, str]:
        jobs = self.workspace.jobs.about(self.folder)
        job = next((job for job in jobs if job.order.verb == "train"), None)
        item = read_run(self.folder) if (self.folder / "config.json").exists() else None
        state = "stopped" if job is None else job.state
        if job is not None and state == "running" and job.is_halted:
            state = "paused"
        return job, item, state

    def _show(self, job: Job | None, item: RunItem | None, state: str) -> None:
        finished = item is not None and item.step >= item.steps
        title, words = _in_words(job, item, state, finished)
        with html.div().classes("line between"):
            with html.div().props("role=status"):
                html.b(title)
                parts.words(words, "quiet")
            with html.div().classes("buttons"):
                self._buttons(job, item, state, finished)
        if job is not None and job.state == "failed":
            parts.why(job)
        if job is not None:
            parts.command(job.order.verb, job.order.arguments)

    def _buttons(self, job: Job | None, item: RunItem | None, state: str, finished: bool) -> None:
        if job is not None and state == "running":
            parts.button("Pause", lambda: self._do(job.halt), name="Pause: hold still, keep the memory")
            parts.button("Stop", lambda: self._do(job.stop), name="Stop: save and end; it can go on later")
        elif job is not None and state == "paused":
            parts.button("Go on", lambda: self._do(job.go_on), "primary")
            parts.button("Stop", lambda: self._do(job.stop), name="Stop: save and end; it can go on later")
        elif finished and item is not None:
            steps = ui.input("steps in all", value=str(2 * item.steps)).props('aria-label="steps in all"')
            parts.button("Train longer", lambda: self._resume("--steps", (steps.value or "").strip()))
        elif item is not None:
            parts.button("Go on", self._resume, "primary", "Go on from the last checkpoint")

    async def _do(self, action: Callable[[], None]) -> None:
        await aside(action)
        await self.look()

    async def _resume(self, *more: str) -> None:
        """Go on from the newest checkpoint: one click."""
        path = self.workspace.relative(self.folder)
        title = f"Go on with {self.folder.name}"
        await aside(self.workspace.jobs.start, "train", ["--resume", path, *more], title, self.folder)
        await self.look()


def _in_words(job: Job | None, item: RunItem | None, state: str, finished: bool) -> tuple[str, str]:
    """Return how a run stands: in a word or two, and what that means."""
    if state == "running":
        return (
            ("Training", "It goes on when this window, or the studio, is closed.")
            if item
            else (
                "Beginning",
                "The networks are being built.",
            )
        )
    if state == "paused":
        return "Paused", "It holds still and keeps its memory; nothing is lost."
    if finished:
        return "Finished", "All steps are played."
    if state == "failed":
        return "It broke off", "What it said is below."
    if job is not None and state == "killed" and not job.was_stopped:
        return "It was killed", "From outside, or for want of memory. It goes on from its last checkpoint."
    return "Stopped", "All is saved: after Go on it continues exactly where it was."
