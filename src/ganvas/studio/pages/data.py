"""Data: pictures dropped into the browser become a dataset: look at what is good, decide, make it."""

from urllib.parse import quote

from nicegui import html, ui

from ganvas.data.sources import SOURCES
from ganvas.data.sources.opening import check_source
from ganvas.errors import GanvasError
from ganvas.studio import layout, parts
from ganvas.studio.aside import aside
from ganvas.studio.pages import data_set, data_source
from ganvas.studio.previews import images_of
from ganvas.studio.workspace import DatasetItem, Workspace

_KINDS = ".zip,.tar,.gz,.tgz,.bz2,.xz,.npz,.npy,.parquet,image/*"


def page(workspace: Workspace) -> None:
    """Build the overview, or the page of a source or dataset that the address names."""
    asked = ui.context.client.request.query_params
    if asked.get("source"):
        source = asked["source"]
        upload = workspace.folder / source
        is_upload = upload.parent == workspace.folder / "uploads"
        data_source.page(workspace, workspace.source_of(upload) if is_upload else source)
    elif asked.get("dataset"):
        data_set.page(workspace, workspace.dataset(asked["dataset"]))
    else:
        _overview(workspace)


def _overview(workspace: Workspace) -> None:
    with layout.frame(
        workspace, "data", "Data", "Pictures become a dataset: one size, no duplicates, every refusal with its reason."
    ):
        _drop_zone()
        _other_sources(workspace)
        waiting, datasets = workspace.uploads(), workspace.datasets()
        if not waiting and not datasets:
            parts.elsewhere()
        if waiting:
            parts.heading("Dropped, not yet a dataset" if datasets else "Dropped")
            with html.div().classes("card"):
                for name, source in waiting:
                    with html.div().classes("line between"):
                        html.span(name)
                        html.a("Look at it", href=f"/data?source={quote(source)}").classes("button small")
        if datasets:
            parts.heading("Datasets")
            with html.div().classes("cards"):
                for item in datasets:
                    _card(item)


def _drop_zone() -> None:
    with html.section().classes("drop").props('id=drop aria-label="Drop pictures here"'):
        html.b("Drop a folder, a ZIP file or pictures here")
        parts.words("A sub-folder for each class, if there are classes. All stays on this machine.", "quiet")
        with html.div().classes("buttons"):
            html.button("Choose a folder", type="button").classes("button").props["data-opens"] = "choose-folder"
            html.button("Choose files", type="button").classes("button").props["data-opens"] = "choose-files"
        for name, more in (("choose-folder", "webkitdirectory"), ("choose-files", f"multiple accept={_KINDS}")):
            html.input_(type="file", id=name).props(f"{more} tabindex=-1 aria-hidden=true").classes("visually-hidden")
        html.progress(max=1, value=0).props('hidden aria-label="Copied so far"')
        html.span().props("data-says role=status").classes("quiet")
    ui.run_javascript("import('/scripts/drop.js').then((m) => m.prepare(document.getElementById('drop')))")


def _other_sources(workspace: Workspace) -> None:
    async def use() -> None:
        source = (chosen.value or "").strip()
        try:
            await aside(check_source, source, workspace.folder)
        except GanvasError as error:
            complaint.text = str(error) if source else "Type the path of a folder or file first."
            complaint.visible = True
        else:
            ui.navigate.to(f"/data?source={quote(source)}")

    with html.div().classes("line"):
        html.span("Pictures in a folder of this machine?")
        names = [name for name in SOURCES if name not in ("folder", "archive")]
        chosen = ui.input("Path of the folder or ZIP file, or name of a set", autocomplete=names).classes("grow")
        chosen.on("keydown.enter", use)
        parts.button("Look at it", use, name="Look at the path or set")
    complaint = ui.label().classes("refused").props("role=alert")
    complaint.visible = False
    with html.div().classes("line"):
        html.span("No pictures at hand?")
        html.a("Take the handwritten digits", href="/data?source=digits").classes("button small")


def _card(item: DatasetItem) -> None:
    with parts.card(item.name):
        if item.dataset is None:
            parts.words(item.problem, "refused")
            return
        dataset = item.dataset
        parts.words(data_set.in_words(dataset), "quiet")
        strip = html.ul().classes("pictures small")
        with html.div().classes("buttons"):
            html.a("Train on it", href=f"/train?data={item.name}").classes("button small primary").props[
                "aria-label"
            ] = f"Train on {item.name}"
            html.a("Its report", href=f"/data?dataset={item.name}").classes("button small").props["aria-label"] = (
                f"Report of {item.name}"
            )

    async def show() -> None:
        found = await aside(images_of, dataset, 6)
        with strip:
            for address, name in found:
                with html.li():
                    html.img(src=address, alt=name or "an image of the set")

    ui.timer(0.05, show, once=True)
