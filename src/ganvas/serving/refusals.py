"""Refusals: what is answered where a request cannot be, always of one form, and never with a traceback.

{"error": {"code": "foreign_host", "message": "what was expected and found", "next": "what to do"}}
"""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from ganvas.config import explain
from ganvas.errors import ConfigurationError, DataError, GanvasError, UsageError

JSON = "application/json"
SEE_MODELS = "GET /v1/models says what each model draws, GET /openapi.json what can be asked for."


class Refusal(GanvasError):  # noqa: N818  (an answer, as `RefusedImage` is an outcome)
    """A request that is not done: its status, a short stable `code`, the reason, and what to do next."""

    def __init__(self, status: int, code: str, message: str, advice: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.advice = status, code, message, advice
        self.retry_after = retry_after
        """Seconds after which another try may do."""

    def body(self) -> bytes:
        """Return the JSON that says it."""
        said = {"code": self.code, "message": self.message, "next": self.advice}
        return json.dumps({"error": said}, ensure_ascii=True).encode()

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield its headers."""
        yield b"content-type", JSON.encode()
        yield b"content-length", str(len(self.body())).encode()
        if self.retry_after is not None:
            yield b"retry-after", str(self.retry_after).encode()
        if self.status == HTTPStatus.UNAUTHORIZED:
            yield b"www-authenticate", b"Bearer"

    def raw(self) -> bytes:
        """Return the whole answer as it goes over a connection that is closed after it."""
        line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        heads = b"".join(name + b": " + value + b"\r\n" for name, value in self.headers())
        return line + heads + b"connection: close\r\n\r\n" + self.body()


ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "next"],
            "properties": {
                "code": {"type": "string", "description": "short and stable: for programs"},
                "message": {"type": "string", "description": "what was expected, what was found"},
                "next": {"type": "string", "description": "what to do"},
            },
        }
    },
}


def refusal_of(error: Exception) -> Refusal:
    """Return how an error is answered: those about what was asked for as 422, others of ours as 503."""
    match error:
        case Refusal():
            return error
        case ValidationError():
            return Refusal(422, "does_not_fit", f"The request does not fit: {explain(error)}.", SEE_MODELS)
        case UsageError() | ConfigurationError() | DataError():
            return Refusal(422, "does_not_fit", str(error), SEE_MODELS)
        case GanvasError():
            return Refusal(503, "unavailable", str(error), "Tell whoever runs this server.", 10)
    return Refusal(500, "failed", "The server failed at this request; its log says why.", "Tell whoever runs it.")


def unreadable(message: str) -> Refusal:
    """Return the refusal of a body that is not what it should be."""
    return Refusal(400, "unreadable", message, "Send one JSON object, as GET /openapi.json describes it.")


def crowded(waiting: int, seconds: int) -> Refusal:
    """Return the refusal of a request that finds too many before it."""
    message = f"{waiting:,} images wait to be drawn, as many as may."
    return Refusal(429, "crowded", message, f"Ask again in {seconds} s, as Retry-After says.", seconds)


def late(seconds: float) -> Refusal:
    """Return the refusal of a request whose turn did not come in time."""
    message = f"The images were not drawn within {seconds:g} s: too much is asked for at once."
    return Refusal(503, "late", message, "Ask again later, or for fewer images.", max(1, round(seconds / 10)))


def stopping() -> Refusal:
    """Return the refusal of a request that comes while the server stops."""
    return Refusal(503, "stopping", "The server is stopping.", "Ask again in a while.", 5)
