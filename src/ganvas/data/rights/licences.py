"""Licences of images by their SPDX names, and what they ask for and allow.

Names that SPDX does not list are `LicenseRef-...`, as SPDX writes such references. A licence not known here has no
terms (`terms_of` gives None): whoever asks should then treat everything as not allowed. Source: SPDX License List 3.27;
Creative Commons' addresses of licences and of deeds.
"""

import re
from typing import NamedTuple


class Terms(NamedTuple):
    """What a licence asks for and allows; conditions such as the same licence for derivatives are not told apart."""

    needs_attribution: bool
    allows_derivatives: bool
    allows_commercial_use: bool


class Licence(NamedTuple):
    """One licence outside the Creative Commons families: its address, terms, and other names (lower case)."""

    url: str
    terms: Terms
    names: tuple[str, ...] = ()


_FREE, _CREDITED = Terms(False, True, True), Terms(True, True, True)

LICENCES: dict[str, Licence] = {
    "CC0-1.0": Licence(
        "https://creativecommons.org/publicdomain/zero/1.0/",
        _FREE,
        ("cc0", "cc 0", "cc-zero", "cc zero", "creative commons zero", "cc0 universal", "cc0 1.0 universal"),
    ),
    "CC-PDM-1.0": Licence(
        "https://creativecommons.org/publicdomain/mark/1.0/",
        _FREE,
        ("pdm", "pdm 1.0", "cc pdm", "public domain mark", "public domain mark 1.0", "cc public domain mark 1.0"),
    ),
    "LicenseRef-public-domain": Licence(
        "https://en.wikipedia.org/wiki/Public_domain", _FREE, ("public domain", "pd", "publicdomain")
    ),
    "MIT": Licence("https://opensource.org/license/mit", _CREDITED, ("mit license", "the mit license", "expat")),
    "Apache-2.0": Licence(
        "https://www.apache.org/licenses/LICENSE-2.0",
        _CREDITED,
        ("apache 2.0", "apache 2", "apache license 2.0", "apache license, version 2.0", "apache license version 2.0"),
    ),
    "OFL-1.1": Licence(
        "https://openfontlicense.org/", _CREDITED, ("ofl", "sil ofl", "sil ofl 1.1", "sil open font license 1.1")
    ),
    "BSD-3-Clause": Licence("https://opensource.org/license/bsd-3-clause", _CREDITED, ("new bsd", "bsd 3 clause")),
    "BSD-2-Clause": Licence("https://opensource.org/license/bsd-2-clause", _CREDITED, ("bsd 2 clause",)),
    "Unlicense": Licence("https://unlicense.org/", _FREE, ("the unlicense",)),
    "GFDL-1.2-or-later": Licence(
        "https://www.gnu.org/licenses/old-licenses/fdl-1.2.html", _CREDITED, ("gfdl", "gfdl 1.2+", "gfdl 1.2")
    ),
    "GFDL-1.3-or-later": Licence("https://www.gnu.org/licenses/fdl-1.3.html", _CREDITED, ("gfdl 1.3+", "gfdl 1.3")),
    "LAL-1.3": Licence("https://artlibre.org/licence/lal/en/", _CREDITED, ("fal", "fal 1.3", "free art license 1.3")),
    "OGL-UK-3.0": Licence(
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        _CREDITED,
        ("ogl 3", "ogl 3.0", "open government licence 3.0", "open government licence v3.0"),
    ),
    "ODC-By-1.0": Licence("https://opendatacommons.org/licenses/by/1-0/", _CREDITED, ("odc by", "odc by 1.0")),
    "ODbL-1.0": Licence("https://opendatacommons.org/licenses/odbl/1-0/", _CREDITED, ("odbl", "odbl 1.0")),
    "PDDL-1.0": Licence("https://opendatacommons.org/licenses/pddl/1-0/", _FREE, ("pddl", "pddl 1.0")),
    "LicenseRef-Unsplash": Licence("https://unsplash.com/license", _FREE, ("unsplash", "unsplash license")),
    "LicenseRef-Pexels": Licence("https://www.pexels.com/license/", _FREE, ("pexels", "pexels license")),
    "LicenseRef-Pixabay": Licence(
        "https://pixabay.com/service/license-summary/", _FREE, ("pixabay", "pixabay license", "pixabay content license")
    ),
}

_LISTED_PORTS = frozenset(
    f"CC-{family}-{port}"
    for family, ports in {
        "BY": ("2.5-AU", "3.0-AT", "3.0-AU", "3.0-DE", "3.0-IGO", "3.0-NL", "3.0-US"),
        "BY-NC": ("3.0-DE",),
        "BY-NC-ND": ("3.0-DE", "3.0-IGO"),
        "BY-NC-SA": ("2.0-DE", "2.0-FR", "2.0-UK", "3.0-DE", "3.0-IGO"),
        "BY-ND": ("3.0-DE",),
        "BY-SA": ("2.0-UK", "2.1-JP", "3.0-AT", "3.0-DE", "3.0-IGO"),
    }.items()
    for port in ports
)
_UNPORTED = ("1.0", "2.0", "2.5", "3.0", "4.0")
_ELEMENTS = ("BY", "NC", "ND", "SA")
_WORDS = {
    "non-commercial": "nc", "noncommercial": "nc", "no derivatives": "nd", "no derivative works": "nd",
    "noderivatives": "nd", "noderivs": "nd", "no-derivs": "nd", "sharealike": "sa", "share-alike": "sa",
    "share alike": "sa", "attribution": "by",
}  # fmt: skip
_KINDS = r"by(?:[- ](?:nc|nd|sa)){0,3}(?![\w-]?[a-z])"
_URL = re.compile(
    rf"creativecommons\.org/licen[sc]es/({_KINDS})(?:/(\d\.\d))?(?:/([a-z]{{2,3}})(?![\w-]))?", re.IGNORECASE
)
_DOMAIN_URL = re.compile(r"creativecommons\.org/(?:publicdomain|licen[sc]es)/(zero|mark|publicdomain)\b", re.IGNORECASE)
_SHORT = re.compile(
    rf"\b(?:cc|creative commons)[- ]({_KINDS})(?:[- ]v?(\d\.\d)\b)?(?:[- ]([a-z]{{2,3}})\b)?", re.IGNORECASE
)
_SPDX = re.compile(r"(?:LicenseRef-)?CC-(BY(?:-(?:NC|ND|SA))*)(?:-(\d\.\d))?(?:-([A-Z]{2,3}))?")
_SPELLED = re.compile("|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)))
_NOT_WORDS = re.compile(r"[^a-z0-9.+,]+")
_NOT_A_PORT = frozenset(("by", "the", "and", "or", "see", "for", "to", "in", "on", "via"))
_LONGEST = 300


def spdx(text_or_url: str) -> str | None:
    """Return the SPDX name of a licence given by its name, its usual words or its address; None where unknown.

    Creative Commons licences of all versions and jurisdictions are known, with or without `deed` or `legalcode`. Those
    without a version become a reference such as `LicenseRef-CC-BY`, ports that SPDX does not list one such as
    `LicenseRef-CC-BY-SA-3.0-FR`.
    """
    text = text_or_url.strip()[:_LONGEST]
    known = _EXACT.get(text.lower()) or _NAMES.get(_key(text))
    if known or _SPDX.fullmatch(text):
        return known or text
    if "://" in text or text.lower().startswith(("creativecommons.org", "www.")):
        return _by_address(text)
    words = _short_words(text)
    found = _SHORT.fullmatch(words) or _SHORT.fullmatch("cc " + words)
    return _creative_commons(found) if found else None


def licence_in(text: str) -> str | None:
    """Return the SPDX name of a Creative Commons licence that a longer text names or links, None without one."""
    text = text[: 4 * _LONGEST]
    if found := _by_address(text):
        return found
    words = _short_words(text)
    if found := _SHORT.search(words):
        return _creative_commons(found)
    return "CC0-1.0" if re.search(r"\bcc0(?: 1\.0)?\b", words) else None


def terms_of(licence: str) -> Terms | None:
    """Return what a licence (an SPDX name) asks for and allows, None where it is not known here."""
    if licence in LICENCES:
        return LICENCES[licence].terms
    found = _SPDX.fullmatch(licence)
    if not found:
        return None
    parts = found[1].split("-")
    return Terms("BY" in parts, "ND" not in parts, "NC" not in parts)


def url_of(licence: str) -> str | None:
    """Return the address of a licence (an SPDX name), None where it is not known here."""
    if licence in LICENCES:
        return LICENCES[licence].url
    found = _SPDX.fullmatch(licence)
    if not found or not found[2]:
        return None
    kind = "by-nd-nc" if (found[1], found[2]) == ("BY-NC-ND", "1.0") else found[1].lower()
    port = f"{found[3].lower()}/" if found[3] else ""
    return f"https://creativecommons.org/licenses/{kind}/{found[2]}/{port}"


def _by_address(text: str) -> str | None:
    """Return the licence whose address is in a text."""
    if found := _DOMAIN_URL.search(text):
        return {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}.get(found[1].lower(), "LicenseRef-public-domain")
    found = _URL.search(text)
    return _creative_commons(found) if found else None


def _creative_commons(found: re.Match[str]) -> str:
    kinds = re.split("[- ]", found[1].upper())
    name = "CC-" + "-".join(element for element in _ELEMENTS if element in kinds)
    version, port = found[2], (found[3] or "").upper()
    if not version:
        return f"LicenseRef-{name}"
    if not port or port.lower() in _NOT_A_PORT or version == "4.0":
        return f"{name}-{version}" if version in _UNPORTED else f"LicenseRef-{name}-{version}"
    ported = f"{name}-{version}-{port}"
    return ported if ported in _LISTED_PORTS else f"LicenseRef-{ported}"


def _short_words(text: str) -> str:
    """Return a text in lower case with the words of Creative Commons as their abbreviations."""
    words = _SPELLED.sub(lambda match: _WORDS[match[0]], text.lower())
    words = re.sub(r"\b(?:the|licen[sc]ed?|unported|generic|international(?: public)?|version)\b", " ", words)
    return _NOT_WORDS.sub(" ", words).strip(" .,")


def _key(text: str) -> str:
    return _NOT_WORDS.sub(" ", text.lower().replace("licence", "license")).strip(" .")


_EXACT = {
    **{name.lower(): name for name in LICENCES},
    **{name.lower(): name for name in _LISTED_PORTS},
    **{row.url.lower().rstrip("/"): name for name, row in LICENCES.items()},
    **{row.url.lower().rstrip("/") + "/": name for name, row in LICENCES.items()},
}
_NAMES = {_key(word): name for name, row in LICENCES.items() for word in (name, *row.names)}
