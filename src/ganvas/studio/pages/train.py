"""Train: the runs there are, a new one, and the ways to its pages."""

from collections.abc import Callable
from urllib.parse import quote

from nicegui import html, ui

from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.files import address
from ganvas.studio.pages import train_compare, train_new, train_run
from ganvas.studio.previews import grids_of
from ganvas.studio.workspace import RunItem, Workspace


def page(workspace: Workspace) -> None:
    """Build the overview, or the page of the run, comparison or new training that the address names."""
    asked = ui.context.client.request.query_params
    if asked.get("run"):
        train_run.page(workspace, asked["run"])
    elif asked.get("compare"):
        train_compare.page(workspace, asked["compare"].split(","))
    elif "data" in asked:
        train_new.page(workspace, asked["data"])
    else:
        _overview(workspace)


def _overview(workspace: Workspace) -> None:
    with layout.frame(workspace, "train", "Train", "Two networks play a game; the studio shows who is winning."):
        runs, datasets = workspace.runs(), workspace.datasets()
        begun = [job for job in workspace.jobs.running() if job.order.verb == "train"]
        if not runs and not begun:
            if datasets:
                parts.empty("No run yet", "Choose a recipe for one of your datasets.", "New training", "/train?data=")
            else:
                parts.empty(*train_new.NO_DATASET)
                parts.elsewhere()
            return
        chosen: set[str] = set()
        with html.div().classes("buttons"):
            html.a("New training", href="/train?data=").classes("button primary")
            compare = parts.button("Compare", lambda: ui.navigate.to(f"/train?compare={','.join(sorted(chosen))}"))
            compare.disable()
            html.span("Mark two runs or more to compare them.").classes("quiet")

        def mark(name: str, is_chosen: bool) -> None:
            (chosen.add if is_chosen else chosen.discard)(name)
            compare.set_enabled(len(chosen) > 1)

        with html.div().classes("cards"):
            for item in runs:
                _card(workspace, item, mark)
        for job in begun:
            if job.about and not (job.about / "config.json").exists():
                parts.job_line(job)


def _card(workspace: Workspace, item: RunItem, mark: Callable[[str, bool], None]) -> None:
    with parts.card() as card:
        card.props["aria-label"] = f"Run {item.name}"
        with html.div().classes("line between"):
            with html.h3():
                html.a(item.name, href=f"/train?run={quote(item.name)}")
            ui.checkbox(on_change=lambda event: mark(item.name, bool(event.value))).props["aria-label"] = (
                f"Compare {item.name}"
            )
        if item.problem:
            parts.words(item.problem, "refused")
            return
        picture = html.div()
        with html.div().classes("line"):
            html.span(item.recipe).classes("tag")
            state = ui.label().classes("state")
            html.span(f"at step {item.step:,} of {item.steps:,}").classes("quiet")
        ui.linear_progress(item.step / max(1, item.steps), show_value=False, size="0.35rem").props(
            'aria-label="Progress"'
        )

    async def show() -> None:
        grids, jobs = await aside(lambda: (grids_of(item.path), workspace.jobs.about(item.path)))
        if grids:
            with picture, html.a(href=f"/train?run={quote(item.name)}"):
                html.img(src=address(workspace, grids[-1]), alt=f"Newest samples of {item.name}").classes("sheet low")
        found = train_run.state_of(item, jobs[0] if jobs else None)
        state.text = found
        state.classes(found)

    ui.timer(0.05, show, once=True)
