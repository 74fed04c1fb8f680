"""Jobs: everything that was begun here, and what it said."""

from nicegui import html, ui

from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.job import Job
from ganvas.studio.workspace import Workspace

_SHOWN, _LINES = 100, 200


def page(workspace: Workspace) -> None:
    """Build the list, or the page of the job that the address names."""
    name = ui.context.client.request.query_params.get("job")
    if name:
        _one(workspace, workspace.jobs.find(name))
        return
    with layout.frame(workspace, "jobs", "Jobs", "They go on when this window, or the studio, is closed."):
        jobs = workspace.jobs.list()
        if not jobs:
            parts.empty("Nothing was begun yet", "What you start on the other pages appears here.", "Begin", "/data")
            return
        with html.section().classes("card list").props('aria-label="All jobs"'):
            for job in jobs[:_SHOWN]:
                parts.job_line(job)


def _one(workspace: Workspace, job: Job) -> None:
    with layout.frame(workspace, "jobs", job.title, f"Begun {parts.when(job.begun)}."):
        with parts.card("State", 2):
            parts.job_line(job, lambda _: controls.set_visibility(False))
            with html.div().classes("buttons") as controls:
                parts.button("Stop", lambda: aside(job.stop), name="Stop in good order")
                parts.button("End at once", lambda: aside(job.kill), "danger", "End at once, without saving")
            html.p("In the workspace's folder: ").classes("command")
            html.code(job.command)
        parts.heading("What it said")
        said = ui.label().classes("log tall").props("role=log tabindex=0")

        async def look() -> None:
            state, lines = await aside(lambda: (job.state, job.tail(_LINES)))
            said.text = "\n".join(lines) or "Nothing yet."
            if state != "running":
                timer.deactivate()

        timer = ui.timer(1.0, look)
