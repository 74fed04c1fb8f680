"""The page of one dataset: what is in it, some of its images, its report."""

from nicegui import html, ui

from ganvas.data.attribution import ATTRIBUTION
from ganvas.data.place import REPORT
from ganvas.data.store import Dataset
from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.files import address
from ganvas.studio.previews import images_of
from ganvas.studio.workspace import DatasetItem, Workspace


def in_words(dataset: Dataset) -> str:
    """Return what a dataset holds, in a line."""
    kinds = f", {dataset.num_classes} classes" if dataset.classes else ""
    return f"{dataset.count('train'):,} images of {dataset.shape}{kinds}"


def page(workspace: Workspace, item: DatasetItem) -> None:
    """Build the page of a dataset."""
    with layout.frame(workspace, "data", item.name):
        dataset = item.dataset
        if dataset is None:
            parts.empty("This dataset cannot be opened", item.problem, "Make it again", "/data")
            return
        parts.facts(
            {
                "training images": f"{dataset.count('train'):,}",
                "held out for tests": f"{dataset.count('test'):,}",
                "size and colours": dataset.shape,
                "classes": dataset.num_classes or "none",
                "files left out": f"{dataset.card.num_files - dataset.card.kept:,}",
            }
        )
        strip = html.ul().classes("pictures")
        with html.div().classes("buttons"):
            html.a("Train on it", href=f"/train?data={item.name}").classes("button primary")
            html.a("Save the report", href=address(workspace, item.path / REPORT, download=True)).classes("button")
            html.a("Attribution", href=address(workspace, item.path / ATTRIBUTION)).classes("button")
        parts.heading("Report")
        html.iframe(src=address(workspace, item.path / REPORT), title=f"Report of {item.name}").classes("report tall")

    async def show() -> None:
        with strip:
            for source, name in await aside(images_of, dataset, 18):
                with html.li():
                    html.img(src=source, alt=name or "an image of the set")
                    html.span(name)

    ui.timer(0.05, show, once=True)
