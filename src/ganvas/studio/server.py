"""The studio's server: pages by their table, files of the workspace, uploads; it ends in good order when told to."""

import threading
import webbrowser
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from nicegui import app as nicegui_app
from nicegui import html, ui

from ganvas.errors import GanvasError
from ganvas.serving.connections import Connections
from ganvas.serving.door import Door
from ganvas.serving.guard import Guard
from ganvas.serving.limits import Limits
from ganvas.serving.listening import address_of, listen
from ganvas.studio import files, layout, parts, theme, uploads
from ganvas.studio.aside import aside
from ganvas.studio.pages import PAGES
from ganvas.studio.workspace import Workspace

LIMITS = Limits(
    most_connections=512,
    most_body_bytes=1 << 40,
    head_seconds=60.0,
    body_seconds=60.0,
    least_bytes_per_second=1024,
    request_seconds=86_400.0,
    drain_seconds=3.0,
)
"""Of the guard, with patience for browsers on a busy machine; how large an upload may be, `uploads.Limits` says."""
_SCRIPTS = Path(__file__).with_name("scripts")
_RECONNECT_SECONDS = 60.0  # for which the server keeps a page whose browser went to sleep


def build(workspace: Workspace, door: Door, limits: uploads.Limits | None = None) -> FastAPI:
    """Return the application that shows a workspace: one in a process, for NiceGUI keeps its pages for itself."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(files.router(workspace))
    app.include_router(uploads.router(workspace, limits))
    app.mount("/scripts", StaticFiles(directory=_SCRIPTS))
    theme.set_defaults()
    for name in PAGES:
        ui.page("/" if name == "start" else f"/{name}", response_timeout=300.0)(_builder(name, workspace))
    ui.run_with(
        app,
        title="Ganvas",
        favicon=theme.ICON,
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        show_welcome_message=False,
    )
    app.add_middleware(Guard, door=door, limits=LIMITS)
    nicegui_app.on_startup(lambda: threading.Thread(target=_warm_up, daemon=True).start())
    return app


def serve(workspace: Workspace, door: Door, port: int, browser: bool, say: Callable[[str], None]) -> None:
    """Serve until a signal; `say` tells the address. Raises `UsageError` where the port is taken."""
    listening = listen(door.host, port)
    address = f"{address_of(listening, door.host)}/"
    say(f"Studio of `{workspace.folder}`: {address}" + ("?token=..." if door.token else "") + " (Ctrl-C ends it)")
    config = uvicorn.Config(
        build(workspace, door),
        http=Connections(LIMITS),  # type: ignore[arg-type]  (it makes what uvicorn's classes make)
        loop="asyncio",  # whose transports the connections know
        log_level="warning",
        timeout_graceful_shutdown=int(LIMITS.drain_seconds),
    )
    if browser:
        shown_once = f"{address}?token={door.token}" if door.token else address
        threading.Timer(1.0, webbrowser.open, [shown_once]).start()
    uvicorn.Server(config).run([listening])


def _warm_up() -> None:
    """Import what pages need and what takes seconds, torch above all: a page must not wait for it."""
    import ganvas.studio.run_plans  # noqa: F401


def _builder(name: str, workspace: Workspace) -> Callable[[], Awaitable[None]]:
    """Return what builds a page for each browser that asks; an error raised on purpose becomes a page that says it."""

    async def build_page() -> None:
        try:
            page = await aside(PAGES[name].load)
            built: Any = page(workspace)
            if isawaitable(built):
                await built
        except GanvasError as error:
            _say_error(workspace, name, error)

    return build_page


def _say_error(workspace: Workspace, name: str, error: GanvasError) -> None:
    ui.context.client.content.clear()
    with ui.context.client.content:
        html.a("Skip to content", href="#content").classes("visually-hidden")
        with layout.content(name.capitalize()):
            parts.empty("That cannot be shown", str(error), "Back to the start", "/")
