"""Openverse: a search of openly licensed images of many collections (https://api.openverse.org/v1/)."""

from collections.abc import AsyncIterator
from typing import Any

from ganvas.data.collecting.candidate import Candidate, Collector, Search, words
from ganvas.data.collecting.interface import NoMore
from ganvas.data.collecting.licensing import family_of
from ganvas.data.rights.licences import spdx

_PAGE_SIZE = 20  # the most that is given without registration
_CODES = ("cc0", "pdm", "by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")


async def candidates(search: Search) -> AsyncIterator[Candidate]:
    """Yield what Openverse finds, page by page, as far as it shows pages (240 images without registration)."""
    parameters: dict[str, str | int] = {"q": search.query or "", "page_size": _PAGE_SIZE}
    if codes := _codes(search.licences):
        parameters["license"] = codes
    page = 0
    while True:
        page += 1
        try:
            answer = await search.ask(f"{search.base_url}/v1/images/", parameters | {"page": page})
        except NoMore:
            if page == 1:
                raise
            search.say(f"Openverse shows no more than {page - 1} pages of this search.")
            return
        results = answer.get("results")
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and result.get("url"):
                yield _candidate(result)
        if not results or page >= int(answer.get("page_count") or 0):
            return


def _codes(licences: tuple[str, ...]) -> str:
    """Return Openverse's names of the licences wanted, separated by commas."""
    wanted = {family_of(spdx(licence) or licence).lower().removeprefix("cc-") for licence in licences}
    return ",".join(code for code in _CODES if code in wanted)


def _candidate(result: dict[str, Any]) -> Candidate:
    code, version = words(result.get("license")), words(result.get("license_version"))
    licence = None
    if code:
        name = code if code.lower() in ("cc0", "pdm") else f"CC {code} {version or ''}".strip()
        licence = spdx(name) or name
    page = words(result.get("foreign_landing_url"))
    return Candidate(
        url=str(result["url"]).strip(),
        page=page,
        licence=licence,
        licence_url=words(result.get("license_url")),
        creator=words(result.get("creator")),
        title=words(result.get("title")),
        evidence=f"Openverse image {words(result.get('id'))} (license {code} {version}); page {page}",
    )


COLLECTOR = Collector(candidates, needs_query=True, base_url="https://api.openverse.org")
