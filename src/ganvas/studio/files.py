"""Files of the workspace over HTTP: pictures, reports, downloads; nothing outside it, and no script of a page runs."""

from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from ganvas.studio.workspace import Workspace

_KINDS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".html": "text/html",
    ".md": "text/plain",
    ".txt": "text/plain",
    ".log": "text/plain",
    ".json": "application/json",
    ".csv": "text/plain",
}
"""What a browser may show; all else is downloaded."""
_SAFE = {
    "Content-Security-Policy": "sandbox allow-popups; default-src 'none'; img-src 'self' data:; "
    "media-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-cache",
}


def router(workspace: Workspace) -> APIRouter:
    """Return the route `/files/PATH`; `?download` asks for the file to be saved under its name."""
    routes = APIRouter()

    @routes.get("/files/{path:path}", include_in_schema=False)
    def file(path: str, download: bool = False) -> FileResponse:
        found = _within(workspace.folder, path)
        kind = _KINDS.get(found.suffix.lower())
        name = found.name if download or kind is None else None
        return FileResponse(found, media_type=kind or "application/octet-stream", filename=name, headers=_SAFE)

    return routes


def address(workspace: Workspace, path: Path, download: bool = False) -> str:
    """Return the address of a file of the workspace; it changes when the file does."""
    changed = int(path.stat().st_mtime_ns) if path.exists() else 0
    return f"/files/{quote(workspace.relative(path))}?v={changed}" + ("&download=true" if download else "")


def _within(folder: Path, path: str) -> Path:
    """Return the file of a path within a folder, links followed; 404 for all else, whatever the reason."""
    try:
        found = (folder / path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise HTTPException(404, "There is no such file.") from None
    if not found.is_relative_to(folder) or not found.is_file():
        raise HTTPException(404, "There is no such file.")
    return found
