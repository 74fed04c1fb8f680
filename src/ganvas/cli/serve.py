"""`ganvas serve RUN_OR_MODEL [...]`: an HTTP interface that draws."""

from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError
from ganvas.extras import install
from ganvas.serving.limits import Limits

_LIMITS = Limits()
NO_SERVER = f"Serving needs the packages `fastapi` and `uvicorn`, one of which is not installed. {install('serve')}"


def run(arguments: list[str]) -> None:
    """Serve models over HTTP."""
    parse(serve, "serve", arguments)


def serve(
    models: Annotated[
        Positional[tuple[str, ...]],
        arg(metavar="RUN_OR_MODEL ...", help="run or model folders; NAME=FOLDER gives one another name"),
    ],
    /,
    host: Annotated[str, arg(help="address to listen at; any but this machine's own needs a token")] = "127.0.0.1",
    port: Annotated[int, arg(help="port to listen at; 0 for any that is free")] = 8000,
    token: Annotated[str | None, arg(help="what others must show; better in the variable GANVAS_TOKEN")] = None,
    names: Annotated[tuple[str, ...], arg(help="further names that lead to this server, behind a proxy say")] = (),
    threads: Annotated[int | None, arg(help="CPU threads; as many as `generate` takes unless given")] = None,
    limits: Limits = _LIMITS,
) -> None:
    """Answer HTTP requests with images of run or model folders: `POST /v1/generate`, `GET /v1/models`, a page at `/`.

    A model's name is that of its folder, or give NAME=FOLDER. Images are those of `ganvas generate`, byte for byte.
    SIGTERM and Ctrl-C answer what is in hand, then stop; SIGHUP reads the models anew.
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(NO_SERVER) from error
    from ganvas.serving.server import serve as work

    work(models, host, port, token, names, threads, limits, progress())
