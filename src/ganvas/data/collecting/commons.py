"""Wikimedia Commons: a search, or the files of a `Category:...`, with the licences of their pages (`extmetadata`).

Images come in a rendition at most 1,280 pixels wide, which Wikimedia asks for instead of originals.
"""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

from ganvas.data.collecting.candidate import Candidate, Collector, Search, words

_WIDTH = 1280
_FIELDS = (
    "LicenseShortName|License|LicenseUrl|Artist|ObjectName|Copyrighted|AttributionRequired|Categories|Restrictions"
)


async def candidates(search: Search) -> AsyncIterator[Candidate]:
    """Yield the images found; what is no image, or of no rendition, is left out."""
    going_on: dict[str, str | int] = {}
    while True:
        answer = await search.ask(f"{search.base_url}/w/api.php", _parameters(search.query or "") | going_on)
        found = answer.get("query", {}).get("pages", [])
        pages = list(found.values()) if isinstance(found, dict) else found
        for page in sorted(pages, key=lambda page: page.get("index", 0)):
            for info in page.get("imageinfo", [])[:1]:
                if str(info.get("mime", "image/")).startswith("image/") and (info.get("thumburl") or info.get("url")):
                    yield _candidate(page, info)
        going_on = answer.get("continue") or {}
        if not going_on:
            return


def _parameters(query: str) -> dict[str, str | int]:
    shared: dict[str, str | int] = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "maxlag": 5,
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata",
        "iiextmetadatafilter": _FIELDS,
        "iiurlwidth": _WIDTH,
    }
    if query.lower().startswith("category:"):
        return shared | {"generator": "categorymembers", "gcmtitle": query, "gcmtype": "file", "gcmlimit": 50}
    found = f"filetype:bitmap {query}"
    return shared | {"generator": "search", "gsrsearch": found, "gsrnamespace": 6, "gsrlimit": 50}


def _candidate(page: dict[str, Any], info: dict[str, Any]) -> Candidate:
    told = info.get("extmetadata") or {}

    def said(name: str) -> str | None:
        entry = told.get(name)
        return _text(entry.get("value")) if isinstance(entry, dict) else None

    short, code = said("LicenseShortName"), said("License")
    licence = short or code
    if licence is None and (said("Copyrighted") or "").lower() == "false":
        licence = "Public domain"
    restrictions = f"; restrictions: {said('Restrictions')}" if said("Restrictions") else ""
    place = words(info.get("descriptionurl"))
    return Candidate(
        url=str(info.get("thumburl") or info["url"]),
        page=place,
        licence=licence,
        licence_url=said("LicenseUrl"),
        creator=said("Artist"),
        title=said("ObjectName") or words(str(page.get("title", "")).removeprefix("File:")),
        evidence=f"{place} (Commons extmetadata: {short or 'no name'}, {code or 'no code'}{restrictions})",
        is_synthetic="ai-generated" in (said("Categories") or "").lower().replace(" ", "-"),
    )


_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = "display:none" in (dict(attrs).get("style") or "").replace(" ", "")
        if tag not in _VOID and (hidden or self.unseen or tag in ("script", "style")):
            self.unseen += 1

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag not in _VOID))

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(data)


def _text(value: object) -> str | None:
    """Return a value without its HTML marks and hidden parts, as one line."""
    if not isinstance(value, str):
        return words(value)
    parser = _Text()
    parser.feed(value)
    parser.close()
    return words("".join(parser.parts))


COLLECTOR = Collector(candidates, needs_query=True, needs_contact=True, base_url="https://commons.wikimedia.org")
