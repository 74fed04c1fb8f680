"""Which addresses may be asked: none inside this machine or its networks, however they are written.

A foreign list of addresses must not make this machine ask its own services (server-side request forgery). Names are
checked here; what they resolve to is checked where the connection is made (see `network`).
Sources: IANA IPv4 and IPv6 special-purpose address registries; WHATWG URL standard (hosts that end in a number).
"""

import ipaddress
import re
import unicodedata
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from ganvas.errors import ConfigurationError, RefusedImage

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SPECIAL_4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's services for its own machines
    )
)
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")  # loopback, mapped, NAT64, local and multicast addresses lie outside
_SPECIAL_6 = tuple(  # protocols with Teredo, documentation, 6to4
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOCAL_ENDINGS = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "onion", "alt")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAX_CHARACTERS = 8192


class Target(NamedTuple):
    """A checked address: `url` is its one spelling, of ASCII."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in `http://example.org:80`."""
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"


class Guard:
    """Decides which servers may be asked: public ones at `ports`, and those of `allow` (`address:port`)."""

    def __init__(self, ports: tuple[int, ...] = (80, 443), allow: tuple[str, ...] = ()) -> None:
        self.ports = frozenset(ports)
        self.allowed = frozenset(map(_allowed, allow))

    def target(self, url: str) -> Target:
        """Return a web address in its one spelling; raise `RefusedImage` (`address`) where it may not be asked."""
        parts = _split(url.strip(" \t\r\n"))
        host = _host(parts)
        try:
            port = parts.port if parts.port is not None else {"http": 80, "https": 443}[parts.scheme]
        except ValueError as error:
            raise _refused(f"Its port is not a number of a port: `{parts.netloc[:100]}`.") from error
        address = _literal(host)
        if address is not None:
            self.check(address, port)
        elif port not in self.ports and port not in {allowed for _, allowed in self.allowed}:
            raise _refused(f"It asks for port {port}; allowed are {', '.join(map(str, sorted(self.ports)))}.")
        usual = port == {"http": 80, "https": 443}[parts.scheme]
        place = _bracketed(host) + ("" if usual else f":{port}")
        path = _ascii(parts.path or "/") + (f"?{_ascii(parts.query)}" if parts.query else "")
        return Target(f"{parts.scheme}://{place}{path}", parts.scheme, host, port)

    def check(self, address: Address, port: int) -> None:
        """Raise `RefusedImage` unless a connection may be made to `address` at `port`."""
        if (address, port) in self.allowed:
            return
        if not is_public(address):
            raise _refused(f"It leads to {address}, which is not a public address.")
        if port not in self.ports:
            raise _refused(f"It asks for port {port}; allowed are {', '.join(map(str, sorted(self.ports)))}.")


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public network: of no special range, and no tunnel to an IPv4 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _SPECIAL_4)
    tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    special = tunnel or address.scope_id is not None or any(address in network for network in _SPECIAL_6)
    return address.is_global and address in _GLOBAL_6 and not special


def _split(url: str) -> SplitResult:
    if not url or len(url) > _MAX_CHARACTERS:
        raise _refused("It is no web address: it is empty, or longer than 8,192 characters.")
    if "\\" in url or any(character.isspace() or unicodedata.category(character)[0] == "C" for character in url):
        raise _refused("It holds blanks, control characters or backslashes, which programs read differently.")
    try:
        parts = urlsplit(url)
        scheme, netloc, name = parts.scheme.lower(), parts.netloc, parts.hostname
    except ValueError as error:
        raise _refused(f"It is no web address that can be read ({error}).") from error
    if scheme not in ("http", "https"):
        raise _refused(f"It is of the scheme `{scheme[:40]}`; only http and https are fetched.")
    if "@" in netloc:
        raise _refused("It holds a user name or password.")
    if not name:
        raise _refused("It names no host.")
    return parts._replace(scheme=scheme)


def _host(parts: SplitResult) -> str:
    """Return the one spelling of a host: a dotted or IPv6 address, or an ASCII name without a dot at the end."""
    name = parts.hostname or ""
    if "[" in parts.netloc:
        return name
    if "%" in name:
        raise _refused("Its host is percent-encoded, which programs read differently.")
    composed = unicodedata.normalize("NFKC", name).replace("。", ".")
    try:
        host = _idna(composed).removesuffix(".").lower()
    except UnicodeError as error:
        raise _refused(f"Its host is no name of the web ({error}).") from error
    last = host.rsplit(".", 1)[-1]
    if _NUMBER.fullmatch(last):
        return host
    if last in _LOCAL_ENDINGS or host.endswith(".home.arpa") or "." not in host:
        raise _refused(f"`{host}` is a name of this machine or of a local network.")
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise _refused(f"`{host[:100]}` is not a name of the web.")
    return host


def _idna(name: str) -> str:
    if name.isascii():
        return name
    import idna

    return idna.encode(name, uts46=True).decode("ascii")


def _literal(host: str) -> Address | None:
    """Return the address that a host writes out; refuse shortened, octal, hexadecimal and whole-number spellings."""
    if ":" not in host and not _NUMBER.fullmatch(host.rsplit(".", 1)[-1]):
        return None
    try:
        return ipaddress.ip_address(host)
    except ValueError as error:
        raise _refused(f"`{host[:100]}` is an unusual spelling of an address.") from error


def _ascii(text: str) -> str:
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~-._")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _allowed(text: str) -> tuple[Address, int]:
    host, _, port = text.rpartition(":")
    try:
        return ipaddress.ip_address(host.strip("[]")), int(port)
    except ValueError as error:
        raise ConfigurationError(
            f"`{text}` in `allow` is not `address:port`, such as 192.168.0.5:8080 or [fd00::5]:8080."
        ) from error


def _refused(reason: str) -> RefusedImage:
    return RefusedImage("address", reason)
