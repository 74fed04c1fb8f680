"""Small parts that all pages share: headings, cards, empty states, jobs in a line, commands."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from inspect import iscoroutine
from typing import Any

from nicegui import html, ui

from ganvas.errors import GanvasError
from ganvas.progress import in_time
from ganvas.studio.aside import aside
from ganvas.studio.job import Job
from ganvas.studio.workspace import Workspace

_EVERY = 1.0  # seconds between two looks at a job


def heading(words: str, level: int = 2) -> ui.element:
    """Add a heading."""
    return getattr(html, f"h{level}")(words)


def words(text: str, classes: str = "") -> ui.element:
    """Add a paragraph of plain text."""
    return html.p(text).classes(classes)


@contextmanager
def card(title: str = "", level: int = 3) -> Iterator[ui.element]:
    """Build a card; its title is a heading, and names it for those who hear the page."""
    with html.section().classes("card") as element:
        if title:
            heading(title, level)
            element.props["aria-label"] = title
        yield element


def button(label: str, on_click: Callable[..., Any], kind: str = "plain", name: str = "") -> ui.button:
    """Add a button of a kind: "primary" (one a page), "plain", or "danger"; `name` says more than a short label.

    An error raised on purpose by what it does is shown.
    """

    async def do() -> None:
        try:
            result = on_click()
            if iscoroutine(result):  # a dialog may be awaited too, which opens it
                await result
        except GanvasError as error:
            complain(error)

    made = ui.button(label, on_click=do, color=None).props("no-caps unelevated").classes(f"button {kind}")
    if name:
        made.props["aria-label"] = name
    return made


def empty(title: str, text: str, action: str = "", target: str = "") -> None:
    """Say that there is nothing here yet, and what to do next: a link called `action`."""
    with html.section().classes("empty"):
        heading(title, 2)
        words(text)
        if action:
            html.a(action, href=target).classes("button primary")


def elsewhere() -> None:
    """Say, where nothing is here yet, how to see what commands have made in another folder."""
    with html.p().classes("quiet"):
        html.span("Datasets and runs made by commands elsewhere? Open the studio on the folder that holds their ")
        html.span("folders data and runs: ")
        html.code("ganvas studio FOLDER")
        html.span(". In the folder where the commands were given that is ")
        html.code("ganvas studio .")


def facts(values: dict[str, Any]) -> None:
    """Add tiles of figures, each with what it is."""
    with html.ul().classes("tiles"):
        for name, value in values.items():
            with html.li():
                html.b(str(value))
                html.span(name).classes("quiet")


def command(verb: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401
    """Add the same action as a command line, in small print; returns the line."""
    with html.p().classes("command"):
        html.span("The same on a command line, in the workspace's folder: ")
        return html.code(command_line(verb, arguments))


def command_line(verb: str, arguments: Sequence[Any]) -> str:
    """Return an action as a command line."""
    return shlex.join(["ganvas", verb, *map(str, arguments)])


def complain(error: GanvasError) -> None:
    """Show an error raised on purpose: its message says what to do next."""
    ui.notify(str(error), type="negative", multi_line=True, timeout=0, close_button="Close")


def job_line(job: Job, on_end: Callable[[Job], Any] | None = None) -> None:
    """Add a line that follows a job: title, state, how far it is; `on_end` is called once when it has ended."""
    with html.div().classes("job"):
        html.a(job.title, href=f"/jobs?job={job.name}").classes("title")
        state = ui.label().classes("state").props("role=status")
        bar = ui.linear_progress(0, show_value=False, size="0.4rem").props('aria-label="Progress"')
        note = ui.label().classes("quiet")

    async def look() -> None:
        found, progress, said = await aside(lambda: (job.state, job.progress(), _told(job)))
        state.text = "stopped" if found == "killed" and job.was_stopped else found
        state.classes(replace=f"state {found}")
        if progress:
            bar.value = progress.done / max(1, progress.total)
        note.text = said
        bar.visible = found == "running" and progress is not None
        if found != "running":
            timer.deactivate()
            if on_end:
                on_end(job)

    timer = ui.timer(_EVERY, look)


def _told(job: Job) -> str:
    """Return what a job's line tells: how far it is or how it broke off, when it was begun, how long it took."""
    state, progress, seconds = job.state, job.progress(), job.seconds
    if state == "running" and progress:
        said = f"{progress.task} {progress.done:,} of {progress.total:,}; "
    else:
        said = "".join(f"{line}; " for line in job.said(1) if state == "failed")
    lasted = "" if seconds is None else f", {'for' if state == 'running' else 'took'} {in_time(max(1, round(seconds)))}"
    return f"{said}begun {when(job.begun)}{lasted}"


def why(job: Job) -> None:
    """Say why a job ended other than well: its own last words, and where all of them are."""
    lines = job.tail(30)
    own = [line.removeprefix("ganvas: ") for line in lines if line.startswith("ganvas: ")]
    said = own[-1] if own else (lines[-1] if lines else "It said nothing.")
    words(
        "It was stopped. The same may be begun again: it goes on where it was." if job.was_stopped else said, "refused"
    )
    html.a("All that it said", href=f"/jobs?job={job.name}")


def when(moment: datetime) -> str:
    """Return a moment in words, in this machine's time."""
    local = moment.astimezone()
    today = datetime.now().astimezone().date()
    return f"today at {local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d at %H:%M}"


def jobs_at_work(workspace: Workspace) -> None:
    """Add a link that says how many jobs are at work."""
    link = ui.link("Jobs", "/jobs").classes("jobs")

    async def look() -> None:
        num = len(await aside(workspace.jobs.running))
        link.text = f"{num} at work" if num else "Jobs"
        link.classes(add="busy" if num else "", remove="" if num else "busy")

    ui.timer(2 * _EVERY, look)
