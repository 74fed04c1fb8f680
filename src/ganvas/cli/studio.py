"""`ganvas studio [WORKSPACE]`: the whole road in the browser."""

import os
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.errors import UsageError
from ganvas.extras import install

_FOLDER = "folder of datasets, runs and models; made where it is not"


def run(arguments: list[str]) -> None:
    """Serve the studio until Ctrl-C."""
    parse(studio, "studio", arguments)


def studio(
    workspace: Annotated[Positional[Path], arg(metavar="WORKSPACE", help=_FOLDER)] = Path("workspace"),
    /,
    host: Annotated[str, arg(help="address to listen at; others than this machine's own need a token")] = "127.0.0.1",
    port: Annotated[int, arg(help="port to listen at; 0 = any that is free")] = 8420,
    token: Annotated[str, arg(help="what browsers must show once, ?token=...; else $GANVAS_TOKEN")] = "",
    names: Annotated[tuple[str, ...], arg(help="other names of this machine that lead here")] = (),
    no_browser: Annotated[bool, arg(help="do not open a browser")] = False,
) -> None:
    """Serve the whole road in the browser: drop pictures, train, evaluate, explore, export.

    Pages show a workspace, a folder. What they begin are commands in processes of their own: they go on when the
    studio ends, and the next studio shows them.
    """
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise UsageError(f"The studio needs NiceGUI, which is not installed. {install('studio')}") from error
    from ganvas.serving.door import TOKEN_VARIABLE, open_door
    from ganvas.studio.server import serve
    from ganvas.studio.workspace import Workspace

    door = open_door(host, token or os.environ.get(TOKEN_VARIABLE), names)
    serve(Workspace(workspace), door, port, not no_browser, lambda words: print(words, flush=True))
