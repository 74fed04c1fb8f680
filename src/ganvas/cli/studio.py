"""`ganvas studio [WORKSPACE]`: the whole road in the browser."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse

_FOLDER = "folder of datasets, runs and models; made where it is not"


def run(arguments: list[str]) -> None:
    """Serve the studio until Ctrl-C."""
    parse(studio, "studio", arguments)


def studio(
    workspace: Annotated[Positional[Path], arg(help=_FOLDER)] = Path("workspace"),
    /,
    host: Annotated[str, arg(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, arg(help="port to listen on")] = 8420,
) -> None:
    """Serve the whole road in the browser: pages that show a workspace, jobs that survive the server."""
    from ganvas.studio.server import run as serve
    from ganvas.studio.workspace import Workspace

    serve(Workspace(workspace), host, port)
