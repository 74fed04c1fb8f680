"""The description of the interface (OpenAPI 3.1), beside what FastAPI derives from the routes themselves."""

from typing import Any

from ganvas.serving.asked import MEDIA_TYPES, request_schema
from ganvas.serving.refusals import ERROR_SCHEMA, JSON

SUMMARY = "Pictures drawn by trained models. Every file says that a model made it, and how."
_ERRORS = {
    400: "no JSON object, or no request",
    401: "the token is needed",
    403: "a foreign Host or Origin",
    404: "no such address",
    405: "another method is needed",
    408: "the body came too slowly",
    413: "the body is too large",
    415: "the body is not said to be JSON",
    422: "what is asked for cannot be",
    431: "the headers are too large",
    429: "too much waits; see Retry-After",
    503: "not drawn in time, or stopping; see Retry-After",
}
_RETRY = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of refusals with these statuses, and of those that any request may meet."""
    said: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 400, 403, 404, 405, 431}):
        said[status] = {"description": _ERRORS[status], "content": {JSON: {"schema": ERROR_SCHEMA}}}
        if status in (429, 503):
            said[status]["headers"] = _RETRY
    return said


def files() -> dict[str, Any]:
    """Return the description of an answer that is a file."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()}
    return {"description": "the pictures", "content": content}


def body() -> dict[str, Any]:
    """Return the description of what `POST /v1/generate` is sent."""
    return {"requestBody": {"required": True, "content": {JSON: {"schema": request_schema()}}}}


def secured(document: dict[str, Any], unguarded: tuple[str, ...]) -> dict[str, Any]:
    """Return an OpenAPI document that names the token, which all but the unguarded paths need."""
    scheme = {"type": "http", "scheme": "bearer", "description": "needed where the server was started with a token"}
    document.setdefault("components", {})["securitySchemes"] = {"token": scheme}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["security"] = [] if path in unguarded else [{}, {"token": []}]
    return document


def facts() -> dict[str, Any]:
    """Return the description of the answer of `GET /v1/models`."""
    text, number = {"type": "string"}, {"type": "integer"}
    texts = {"type": "array", "items": text}
    sides: dict[str, Any] = dict.fromkeys(("channels", "height", "width"), number)
    ends = {name: {"type": "number"} for name in ("least", "most", "default")}
    fields: dict[str, Any] = {
        "name": text,
        "family": text,
        "recipe": {"type": ["string", "null"]},
        "step": {"type": ["integer", "null"]},
        "sha256": text | {"description": "of the generator's weights"},
        "image_shape": _whole(sides),
        "classes": texts,
        "mixes_classes": {"type": "boolean"},
        "directions": texts,
        "styles": {"type": "boolean"},
        "truncation": _whole(ends),
        "bits": {"type": "array", "items": number},
    }
    schema = _whole({"models": {"type": "array", "items": _whole(fields)}})
    return {"description": "what each model draws", "content": {JSON: {"schema": schema}}}


def _whole(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
