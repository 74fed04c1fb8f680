"""The door: which Hosts and Origins are ours, and who has the token; pure functions of a request's headers.

A page from anywhere can make a browser send requests to this machine, and a name can be pointed at 127.0.0.1 (DNS
rebinding); such requests carry a foreign Host or Origin. Where others can reach the server, a token is required.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from ganvas.errors import UsageError
from ganvas.serving.refusals import Refusal

COOKIE = "ganvas_token"
LEAST_TOKEN, LONGEST_TOKEN = 16, 200
TOKEN_VARIABLE = "GANVAS_TOKEN"  # noqa: S105  (a name, not a token)
_MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(24))"'
Headers = Mapping[str, list[str]]
"""Values by lower-case name, in their order."""


@dataclass(frozen=True)
class Door:
    """The address that a server listens at, other `names` that lead to it, and the token; "" where none is needed."""

    host: str = "127.0.0.1"
    names: frozenset[str] = frozenset()
    token: str = ""

    def check(self, headers: Headers) -> None:
        """Raise `Refusal` for a foreign Host or Origin."""
        hosts, origins = headers.get("host", []), headers.get("origin", [])
        if len(hosts) != 1 or not self.leads_here(hosts[0]):
            raise Refusal(
                403,
                "foreign_host",
                f"The Host `{_shown(hosts)}` is not a name of this server.",
                f"Ask by the address it listens at ({self.host}), or start it with --names for the name you use.",
            )
        if any(not same_origin(origin, hosts[0]) for origin in origins) or _cross_site(headers):
            raise Refusal(
                403,
                "foreign_origin",
                f"The request comes from a page of another site, `{_shown(origins)}`.",
                "Ask from a program, or from a page of this server.",
            )

    def leads_here(self, host: str) -> bool:
        """Return whether a Host header is one of ours: by loopback, our own address, or one of the names."""
        name = host_name(host)
        if name is None:
            return False
        if is_loopback(name) or name == self.host.lower() or name in self.names:
            return True
        return is_any(self.host) and _address(name) is not None  # a rebound name is never a bare address

    def admits(self, headers: Headers) -> bool:
        """Return whether a request shows the token, as `Authorization: Bearer` or as the cookie; compared evenly."""
        if not self.token:
            return True
        return any(self.is_token(shown) for shown in _bearers(headers)) or any(
            hmac.compare_digest(shown.encode(), self.cookie().encode()) for shown in _cookies(headers)
        )

    def is_token(self, shown: str) -> bool:
        """Return whether this is the token, in a time that does not tell how much of it is right."""
        return bool(self.token) and hmac.compare_digest(shown.encode("utf-8", "replace"), self.token.encode())

    def cookie(self) -> str:
        """Return the value of the cookie: not the token, since other servers of this machine see it too."""
        return hashlib.sha256(b"ganvas cookie/" + self.token.encode()).hexdigest()


def open_door(host: str, token: str | None = None, names: Iterable[str] = ()) -> Door:
    """Return the door of a server at `host`; raise `UsageError` where others can reach it and no token is given."""
    if not is_loopback(host) and not token:
        raise UsageError(
            f"Whoever reaches {host} could use this server: give a token, --token or the variable GANVAS_TOKEN, that "
            f"they must show, or listen at 127.0.0.1 only. To make one: {_MAKE_ONE}"
        )
    if token and not (LEAST_TOKEN <= len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()):
        raise UsageError(
            f"A token is {LEAST_TOKEN} to {LONGEST_TOKEN} printable ASCII characters; this has {len(token)}. To make "
            f"one: {_MAKE_ONE}"
        )
    if token and " " in token:
        raise UsageError(f"A token has no spaces. To make one: {_MAKE_ONE}")
    return Door(host, frozenset(name.lower() for name in names), token or "")


def token_needed() -> Refusal:
    """Return the refusal of a request without the right token."""
    return Refusal(
        401,
        "token_needed",
        "This server is for those who have its token; none, or another, was shown.",
        "Send the header `Authorization: Bearer TOKEN`; in a browser open the address with ?token=TOKEN once.",
    )


def is_loopback(host: str) -> bool:
    """Return whether an address or name is that of this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def is_any(host: str) -> bool:
    """Return whether a server at this address listens at all of the machine's."""
    address = _address(host)
    return address is not None and address.is_unspecified


def host_name(host: str) -> str | None:
    """Return the name or address in a Host header, in lower case; None where it is no such header."""
    try:
        parts = urlsplit(f"//{host}")
        fits = parts.netloc == host and "@" not in host and (parts.port is None or parts.port >= 0)
    except ValueError:
        return None
    return parts.hostname if fits and parts.hostname else None


def same_origin(origin: str, host: str) -> bool:
    """Return whether an Origin header names the very server of a Host header."""
    scheme, _, rest = origin.lower().partition("://")
    default = {"http": ":80", "https": ":443"}.get(scheme)
    return default is not None and rest.removesuffix(default) == host.lower().removesuffix(default)


def _cross_site(headers: Headers) -> bool:
    """Return whether a browser says that a page of another site asks, other than by a link that is followed."""
    sites, modes = headers.get("sec-fetch-site", []), headers.get("sec-fetch-mode", [])
    return any(site.strip() in ("cross-site", "same-site") for site in sites) and modes != ["navigate"]


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _bearers(headers: Headers) -> list[str]:
    parts = (value.partition(" ") for value in headers.get("authorization", []))
    return [token.strip() for scheme, _, token in parts if scheme.lower() == "bearer"]


def _cookies(headers: Headers) -> list[str]:
    found = []
    for value in headers.get("cookie", []):
        try:
            morsel = SimpleCookie(value).get(COOKIE)
        except CookieError:
            continue
        found += [] if morsel is None else [morsel.value]
    return found


def _shown(values: list[str]) -> str:
    return ", ".join(values)[:200]
