"""The folder that collecting makes: images by class, `metadata.jsonl`, `ATTRIBUTION.md`."""

import hashlib
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from ganvas.data.collecting.record import Kept, Record
from ganvas.data.rights.attribution import Attribution, attribution_text
from ganvas.storage import on_disk, remove_unfinished, replace_file, sha256_of_file

UNLABELLED = "images"
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # device names of Windows


def class_folder(label: str | None) -> str:
    """Return the name of the sub-folder of a class: the label where that is safe, else a part of it and its hash."""
    if label is None:
        return UNLABELLED
    composed = unicodedata.normalize("NFC", label)
    safe = re.sub(r"[^\w .+-]", "_", composed).strip(" .")[:60]
    if safe == composed and not _RESERVED.fullmatch(safe) and safe != UNLABELLED:
        return safe
    return f"{safe.rstrip(' .') or 'class'}-{hashlib.sha256(composed.encode()).hexdigest()[:8]}"


def write_image(folder: Path, file_name: str, content: bytes) -> None:
    """Put an image into the folder, whole or not at all."""
    path = folder / file_name
    on_disk(lambda: path.parent.mkdir(parents=True, exist_ok=True), path)
    replace_file(path, content)


def settle(folder: Path, record: Record) -> None:
    """Clear up what a kill left: half-written files go, whole ones are kept."""

    def is_whole(file_name: str, sha256: str) -> bool:
        path = folder / file_name
        if path.is_file() and sha256_of_file(path) == sha256:
            return True
        on_disk(lambda: path.unlink(missing_ok=True), path)
        return False

    record.settle_unfinished(is_whole)
    for place in (folder, *(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())):
        remove_unfinished(place)


def write_listings(folder: Path, record: Record) -> None:
    """Write `metadata.jsonl` (a line for each kept image, as the Hugging Face `imagefolder` reads) and credits."""
    kept = list(record.kept())
    lines = (json.dumps(_line(image), ensure_ascii=False) + "\n" for image in kept)
    replace_file(folder / "metadata.jsonl", "".join(lines).encode("utf-8", "replace"))
    replace_file(folder / "ATTRIBUTION.md", attribution_text(map(_credit, kept)).encode("utf-8", "replace"))


def _line(image: Kept) -> dict[str, Any]:
    result, candidate = image
    return {
        "file_name": result.file_name,
        "label": candidate.label,
        "split": candidate.split,
        "licence": result.spdx,
        "creator": candidate.creator,
        "title": candidate.title,
        "url": candidate.url,
        "evidence": _evidence(candidate.page, candidate.evidence),
        "synthetic": candidate.is_synthetic,
        "opt_out": None,
        "sha256": result.sha256,
        "retrieved": result.retrieved,
    }


def _evidence(page: str | None, evidence: str | None) -> str | None:
    if page and evidence and page not in evidence:
        return f"{page} ({evidence})"
    return evidence or page


def _credit(image: Kept) -> Attribution:
    result, candidate = image
    return Attribution(
        title=candidate.title or result.file_name or "",
        creator=candidate.creator,
        licence=result.spdx,
        licence_url=candidate.licence_url,
        url=candidate.page or candidate.url,
    )
