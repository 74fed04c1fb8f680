"""The studio's server: pages by their table, files of the workspace, uploads; it ends in good order when told to."""

from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from ganvas.studio.pages import PAGES
from ganvas.studio.workspace import Workspace


def build(workspace: Workspace) -> FastAPI:
    """Return the application that shows a workspace: one in a process, for NiceGUI keeps its pages for itself."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for name in PAGES:
        ui.page("/" if name == "start" else f"/{name}")(_builder(name, workspace))
    ui.run_with(app, title="Ganvas", dark=None, tailwind=False, reconnect_timeout=30.0, show_welcome_message=False)
    return app


def _builder(name: str, workspace: Workspace) -> Callable[[], None]:
    def build() -> None:
        PAGES[name].load()(workspace)

    return build


def run(workspace: Workspace, host: str, port: int) -> None:
    """Serve until a signal."""
    uvicorn.run(build(workspace), host=host, port=port, log_level="warning", timeout_graceful_shutdown=3)
