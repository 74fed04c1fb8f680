"""Whether what is said of an image's licence lets us keep it: fail closed."""

from collections.abc import Sequence

from ganvas.data.collecting.candidate import Candidate
from ganvas.data.rights.licences import spdx
from ganvas.errors import RefusedImage, UsageError

_VERSIONLESS = {"CC0-1.0": "CC0", "CC-PDM-1.0": "PDM", "LicenseRef-public-domain": "PDM"}


def family_of(licence: str) -> str:
    """Return the family of an SPDX name: `CC0`, `PDM`, `CC-BY-SA` ...; the name itself where it has none."""
    if licence in _VERSIONLESS:
        return _VERSIONLESS[licence]
    name = licence.removeprefix("LicenseRef-")
    if not name.startswith("CC-"):
        return licence
    parts = name.split("-")
    return "-".join([parts[0], *(part for part in parts[1:] if part in ("BY", "NC", "ND", "SA"))])


def expect_known(licences: Sequence[str]) -> None:
    """Raise `UsageError` for a name to allow that is no licence."""
    for name in licences:
        if spdx(name) is None and name.upper() not in ("CC0", "PDM"):
            raise UsageError(
                f"`{name}` is no licence that Ganvas knows. Give families (CC0, PDM, CC-BY, CC-BY-SA, CC-BY-NC ...) "
                "or SPDX names (CC-BY-4.0)."
            )


def licence_of(candidate: Candidate, allowed: Sequence[str], keep_unknown: bool) -> str | None:
    """Return the SPDX name of a candidate's licence (None: nothing is said, and that may be kept).

    Raises `RefusedImage` (`licence`) where it is not among `allowed` (families or names), is not said, or is said in
    two ways that contradict each other.
    """
    if not candidate.licence and not candidate.licence_url:
        if keep_unknown:
            return None
        raise RefusedImage("licence", "No licence is said. --keep-unknown-licence keeps such images.")
    named = spdx(candidate.licence) if candidate.licence else None
    linked = spdx(candidate.licence_url) if candidate.licence_url else None
    if named and linked and family_of(named) != family_of(linked):
        raise RefusedImage("licence", f"Its licence is named {named}, and linked to {linked}.")
    licence = _fuller(named, linked)
    if licence is None:
        said = (candidate.licence or candidate.licence_url or "")[:100]
        raise RefusedImage("licence", f"Its licence is `{said}`, which is none that Ganvas knows.")
    if candidate.licence and named is None:
        raise RefusedImage("licence", f"Its licence is named `{candidate.licence[:100]}`, and linked to {linked}.")
    names = {name.lower() for name in allowed} | {(spdx(name) or name).lower() for name in allowed if "." in name}
    if licence.lower() not in names and family_of(licence).lower() not in names:
        raise RefusedImage("licence", f"Its licence is {licence}; allowed are {', '.join(allowed)}.")
    return licence


def _fuller(named: str | None, linked: str | None) -> str | None:
    """Return the one of two names of a family that tells the version."""
    if named and linked and named.startswith("LicenseRef-CC"):
        return linked
    return named or linked
