"""The application: routes, and what becomes of errors; the guard stands before it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ganvas import __version__
from ganvas.errors import GanvasError
from ganvas.serving.asked import read_request
from ganvas.serving.description import SUMMARY, body, errors, facts, files, secured
from ganvas.serving.desk import Desk
from ganvas.serving.door import Door
from ganvas.serving.guard import ADMITTED, Guard
from ganvas.serving.models import Models
from ganvas.serving.page import page_html
from ganvas.serving.reading import read_object
from ganvas.serving.refusals import JSON, Refusal, refusal_of, stopping, unreadable

UNGUARDED = ("/", "/health/live", "/health/ready")
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(models: Models, desk: Desk, door: Door, lifespan: Lifespan) -> Guard:
    """Return the whole application behind its guard."""
    app = FastAPI(
        title="Ganvas",
        version=__version__,
        summary=SUMMARY,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    _add_health(app, desk)
    _add_models(app, models, door)
    _add_generate(app, models, desk)
    for kind in (GanvasError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer_error)
    document = secured(app.openapi(), UNGUARDED)
    app.openapi = lambda: document
    return Guard(app, door, desk.limits, UNGUARDED)


def _add_health(app: FastAPI, desk: Desk) -> None:
    @app.get("/health/live", responses=errors())
    async def live() -> dict[str, str]:
        """Say that the server runs."""
        return {"status": "live"}

    @app.get("/health/ready", responses=errors(503))
    async def ready() -> dict[str, str | int]:
        """Say whether it takes requests, 503 while it stops; and how many it has in hand."""
        if desk.drawer.refuses:
            raise stopping()
        return {"status": "ready", "in_hand": desk.in_hand}


def _add_models(app: FastAPI, models: Models, door: Door) -> None:
    @app.get("/", response_class=HTMLResponse, responses=errors())
    def page(request: Request) -> HTMLResponse:
        """Show a page for people."""
        admitted = bool(request.scope.get(ADMITTED))
        return HTMLResponse(page_html(models, str(request.base_url).rstrip("/"), admitted, bool(door.token)))

    @app.get("/v1/models", responses={200: facts(), **errors(401)}, response_class=JSONResponse)
    async def list_models() -> JSONResponse:
        """Say what each model draws."""
        return JSONResponse({"models": [one.facts() for one in models.by_name.values()]})


def _add_generate(app: FastAPI, models: Models, desk: Desk) -> None:
    said = {200: files(), **errors(401, 408, 413, 415, 422, 429, 503)}

    @app.post("/v1/generate", response_class=Response, responses=said, openapi_extra=body())
    async def generate(request: Request) -> Response:
        """Draw images: one as PNG or WebP, several as a zip of PNG files, a grid or a film."""
        _expect_json(request)
        try:
            content = await request.body()
        except ClientDisconnect:
            raise unreadable("The body broke off.") from None
        asked = read_request(read_object(content, desk.limits.most_depth))
        answer = await desk.answer(models.find(asked.asked.model), asked, request.receive)
        named = {"content-disposition": f'inline; filename="{answer.name}"'}
        return Response(answer.content, media_type=answer.media_type, headers=named)


def _expect_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        message = f"The body is said to be `{kind[:100]}`; `{JSON}` is expected."
        raise Refusal(415, "not_json", message, f"Send the header `Content-Type: {JSON}`.")


async def _answer_error(_: Request, error: Exception) -> Response:
    refusal = _of_http(error) if isinstance(error, HTTPException) else refusal_of(error)
    headers = {name.decode(): value.decode() for name, value in refusal.headers()}
    return Response(refusal.body(), refusal.status, headers=headers | _allowed(error))


def _of_http(error: HTTPException) -> Refusal:
    known: dict[int, tuple[str, str]] = {
        404: ("not_found", "There is nothing at this address."),
        405: ("wrong_method", "This address takes another method."),
    }
    code, message = known.get(error.status_code, ("refused", str(error.detail)))
    return Refusal(error.status_code, code, message, "GET /openapi.json lists what there is.")


def _allowed(error: Exception) -> dict[str, Any]:
    return dict(error.headers or {}) if isinstance(error, HTTPException) else {}
