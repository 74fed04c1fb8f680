"""Start: where you are on the road, and what comes next."""

from nicegui import html

from ganvas.studio import layout, parts
from ganvas.studio.pages import PAGES
from ganvas.studio.workspace import Workspace


def page(workspace: Workspace) -> None:
    """Build the overview of a workspace."""
    datasets, runs, models = workspace.datasets(), workspace.runs(), workspace.models()
    counts = {"data": len(datasets), "train": len(runs), "export": len(models)}
    lead = "From a folder of pictures to a trained, measured, shareable image generator."
    with layout.frame(workspace, "start", "Your workspace", lead):
        title, words, action, target = _next(len(datasets), len(runs))
        with html.section().classes("card next").props('aria-label="What comes next"'):
            parts.heading(title)
            parts.words(words, "quiet")
            html.a(action, href=target).classes("button primary")
        with html.ol().classes("cards road"):
            for number, name in enumerate((name for name in PAGES if name not in ("start", "jobs")), 1):
                with html.li(), html.a(href=f"/{name}").classes("card step"):
                    html.span(str(number)).classes("number-of").props("aria-hidden=true")
                    html.b(name.capitalize())
                    html.span(PAGES[name].summary[0].upper() + PAGES[name].summary[1:] + ".").classes("quiet")
                    if name in counts:
                        html.span(f"{counts[name]} here").classes("tag")
        if not any(counts.values()):
            parts.elsewhere()
        recent = workspace.jobs.list()[:5]
        if recent:
            parts.heading("Lately")
            with html.section().classes("card list").props('aria-label="The latest jobs"'):
                for job in recent:
                    parts.job_line(job)
        parts.words(f"Folder: {workspace.folder}", "fact")


def _next(num_datasets: int, num_runs: int) -> tuple[str, str, str, str]:
    """Return the next step: a title, why, what to click and where that leads."""
    if not num_datasets:
        return (
            "Begin with pictures",
            "Drop a folder or a ZIP file, or take the handwritten digits to see the whole road in minutes.",
            "Choose pictures",
            "/data",
        )
    if not num_runs:
        return (
            "Train on your pictures",
            "The studio measures on this machine what each recipe would cost, and advises one.",
            "Choose a recipe",
            "/train",
        )
    return (
        "See what it draws",
        "Watch the runs learn, measure how good they are, or walk through what they have learnt.",
        "To the runs",
        "/train",
    )
