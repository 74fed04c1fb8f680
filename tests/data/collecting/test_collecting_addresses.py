# ruff: noqa: RUF001  (letters that look like others are what is tested)
"""No spelling, redirect or name leads to a server of this machine: a canary on 127.0.0.1 counts its visitors."""

import asyncio
import ipaddress
import socket
import ssl
import subprocess
import threading
from collections import Counter

import httpx
import pytest
from image_web import picture, quick

from ganvas.data.collecting.addresses import Guard, is_public
from ganvas.data.collecting.fetching import Failure, Fetcher, Limits
from ganvas.errors import ConfigurationError, RefusedImage

P = "{port}"
URLS = {
    "loopback": [f"http://127.0.0.1:{P}/", f"http://127.0.0.2:{P}/", f"http://127.255.255.254:{P}/"],
    "other spelling": [
        f"http://127.1:{P}/", f"http://127.0.1:{P}/", f"http://2130706433:{P}/", f"http://0x7f000001:{P}/",
        f"http://0x7f.0.0.1:{P}/", f"http://0177.0.0.1:{P}/", f"http://017700000001:{P}/", f"http://0x7f.1:{P}/",
        f"http://00000177.0.0.1:{P}/", f"http://127.0.0.1.:{P}/", f"http://127.000.000.001:{P}/", f"http://127.0x0.1:{P}/",
        f"http://0:{P}/", f"http://0.0.0.0:{P}/", f"http://00:{P}/", f"http://127.0.0.1..:{P}/", f"http://0x:{P}/",
    ],
    "IPv6": [
        f"http://[::1]:{P}/", f"http://[::]:{P}/", f"http://[0:0:0:0:0:0:0:1]:{P}/", f"http://[::ffff:127.0.0.1]:{P}/",
        f"http://[::ffff:7f00:1]:{P}/", f"http://[::127.0.0.1]:{P}/", f"http://[64:ff9b::127.0.0.1]:{P}/",
        f"http://[64:ff9b:1::7f00:1]:{P}/", f"http://[2002:7f00:1::]:{P}/", f"http://[2001:0:7f00:1::1]:{P}/",
        f"http://[fe80::1]:{P}/", f"http://[fe80::1%25lo]:{P}/", f"http://[fd00:ec2::254]:{P}/", f"http://[ff02::1]:{P}/",
        f"http://[2600::5efe:7f00:1]:{P}/", f"http://[::1%25lo]:{P}/", f"http://[2001:db8::1]:{P}/",
    ],
    "private and special": [
        f"http://10.0.0.1:{P}/", f"http://172.16.0.1:{P}/", f"http://192.168.1.1:{P}/", f"http://100.64.0.1:{P}/",
        f"http://169.254.169.254:{P}/latest/meta-data/", f"http://100.100.100.200:{P}/", f"http://192.0.0.192:{P}/",
        f"http://168.63.129.16:{P}/", f"http://224.0.0.1:{P}/", f"http://255.255.255.255:{P}/", f"http://198.18.0.1:{P}/",
        f"http://192.88.99.1:{P}/", f"http://240.0.0.1:{P}/", f"http://203.0.113.1:{P}/", f"http://2852039166:{P}/",
    ],
    "names": [
        f"http://localhost:{P}/", f"http://LOCALHOST:{P}/", f"http://localhost.:{P}/", f"http://a.localhost:{P}/",
        f"http://localhost.localdomain:{P}/", f"http://metadata.google.internal:{P}/", f"http://printer.local:{P}/",
        f"http://router:{P}/", f"http://box.home.arpa:{P}/", f"http://127.0.0.1.nip.io:{P}/", f"http://rebind.test:{P}/",
        f"http://localtest.me:{P}/",
    ],
    "Unicode and escapes": [
        f"http://１２７.０.０.１:{P}/", f"http://127。0。0。1:{P}/", f"http://①②⑦.0.0.1:{P}/", f"http://ｌｏｃａｌｈｏｓｔ:{P}/",
        f"http://ⓛocalhost:{P}/", f"http://%31%32%37.0.0.1:{P}/", f"http://127%2e0.0.1:{P}/", f"http://127.0.0.1%00.org:{P}/",
        f"http://loc\u00adalhost:{P}/", f"http://127.0.0.1\u200b:{P}/",
    ],
    "parsers disagree": [
        f"http://example.org@127.0.0.1:{P}/", f"http://127.0.0.1:{P}\\@example.org/", f"http:\\\\127.0.0.1:{P}/",
        f"http://example.org#@127.0.0.1:{P}/\n", f"http://127.0.0.1:{P}\t/", f"http://a:b@127.0.0.1:{P}/",
        f"http:/127.0.0.1:{P}/", f"http:///127.0.0.1:{P}/", f"//127.0.0.1:{P}/", f"http://127.0.0.1:{P} /",
        f"http://127.0.0.1:{P}@example.org:{P}/", f"http://[127.0.0.1]:{P}/", f"http://:{P}/", f"http://127.0.0.1:+{P}/",
    ],
    "schemes": [
        f"ftp://127.0.0.1:{P}/", "file:///etc/passwd", f"gopher://127.0.0.1:{P}/_GET", "data:image/png;base64,AA==",
        f"unix://127.0.0.1:{P}/", f"HtTp://127.0.0.1:{P}/", f"https://127.0.0.1:{P}/", "javascript:alert(1)",
    ],
}  # fmt: skip
CASES = [(kind, url) for kind, urls in URLS.items() for url in urls]
LIMITS = Limits(1 << 20)


async def resolve_to_canary(host, port):
    """Resolve as this machine does; whatever it cannot is the canary."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [ipaddress.ip_address(row[4][0]) for row in found]
    except (OSError, UnicodeError):
        return [ipaddress.ip_address("127.0.0.1")]


def outcomes_of(how, urls, resolve=resolve_to_canary, trust=None):
    """Return what each address gives: a file, or the error."""

    async def work():
        found = []
        async with Fetcher(how, trust, resolve) as fetcher:
            for url in urls:
                try:
                    found.append(await fetcher.fetch(url, LIMITS))
                except (RefusedImage, Failure) as error:
                    found.append(error)
        return found

    return asyncio.run(work())


def outcome_of(how, url, resolve=resolve_to_canary, trust=None):
    return outcomes_of(how, [url], resolve, trust)[0]


def test_no_address_in_any_spelling_reaches_the_canary(web, capsys):
    assert len(CASES) >= 60
    how = quick(ports=(80, 443, web.port))  # the port is one that may be asked: only the address protects
    kinds = Counter()
    outcomes = outcomes_of(how, [url.replace(P, str(web.port)) for _, url in CASES])
    for (kind, url), found in zip(CASES, outcomes, strict=True):
        assert isinstance(found, RefusedImage), (url, found)
        assert found.kind == "address", (url, found)
        kinds[kind] += 1
    assert web.requests == []
    with capsys.disabled():
        print(f"\n  refused, 0 visits: {dict(kinds)}, {kinds.total()} in all")


def test_a_plain_client_reaches_the_canary_by_many_of_them(web):
    """The control: without the guard, these addresses do lead to this machine."""
    with httpx.Client(trust_env=False, timeout=0.15) as client:
        for kind, url in CASES:
            if kind in ("loopback", "other spelling", "Unicode and escapes"):
                try:
                    client.get(url.replace(P, str(web.port)))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                    continue
    assert len(web.requests) >= 10


def test_the_canary_is_reached_where_it_is_allowed(web):
    web.answers["/"] = (200, picture())
    assert outcome_of(quick(web), f"{web.url}/").content == picture()
    assert web.paths() == ["/"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_reaches_the_canary(web, elsewhere, status):
    how = quick(elsewhere, ports=(80, 443, web.port))
    locations = [url.replace(P, str(web.port)) for _, url in CASES]
    locations = [url for url in locations if url.isascii() and "\n" not in url]
    for number, location in enumerate(locations):
        elsewhere.answers[f"/{number}"] = (status, b"", "image/png", ("Location", location))
    outcomes = outcomes_of(how, [f"{elsewhere.url}/{number}" for number in range(len(locations))])
    for location, found in zip(locations, outcomes, strict=True):
        assert isinstance(found, (RefusedImage, Failure)), (location, found)
    assert len({path for path, _ in elsewhere.requests}) >= 60
    assert web.requests == []


def test_redirects_to_allowed_servers_are_followed_at_most_five_times(web, elsewhere):
    for number in range(7):
        elsewhere.answers[f"/{number}"] = (302, b"", "text/html", ("Location", f"/{number + 1}"))
    elsewhere.answers["/7"] = (200, picture())
    how = quick(elsewhere, web)
    assert outcome_of(how, f"{elsewhere.url}/2").url.endswith("/7")
    assert outcome_of(how, f"{elsewhere.url}/1").kind == "redirects"
    web.answers["/away"] = (302, b"", "text/html", ("Location", f"{elsewhere.url}/7"))
    assert outcome_of(how, f"{web.url}/away").content == picture()


def test_a_name_that_changes_its_address_never_reaches_the_canary(web, elsewhere):
    """127.0.0.2 stands for a public address; the name means it once, and 127.0.0.1 ever after."""
    assert elsewhere.port != web.port
    answers = []

    async def rebinding(host, port):
        answers.append(host)
        return [ipaddress.ip_address("127.0.0.2" if len(answers) == 1 else "127.0.0.1")]

    elsewhere.answers["/a"] = (200, picture(), "image/png", ("Connection", "close"))
    how = quick(elsewhere, ports=(80, 443, web.port, elsewhere.port))

    async def work():
        outcomes = []
        async with Fetcher(how, resolve_names=rebinding) as fetcher:
            for port in (elsewhere.port, elsewhere.port, web.port):
                try:
                    outcomes.append((await fetcher.fetch(f"http://name.example:{port}/a", LIMITS)).content)
                except RefusedImage as refused:
                    outcomes.append(refused.kind)
        return outcomes

    assert asyncio.run(work()) == [picture(), "address", "address"]
    assert elsewhere.requests[0][1]["Host"] == f"name.example:{elsewhere.port}"
    assert len(answers) == 3  # one question for each connection, none between check and use
    assert web.requests == []


def test_a_name_with_one_forbidden_address_among_others_is_refused(web, elsewhere):
    async def mixed(host, port):
        return [ipaddress.ip_address("127.0.0.2"), ipaddress.ip_address("127.0.0.1")]

    elsewhere.answers["/"] = (200, picture())
    found = outcome_of(quick(elsewhere), f"http://name.example:{elsewhere.port}/", mixed)
    assert found.kind == "address"
    assert web.requests == elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(web, elsewhere, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, web.url)
    elsewhere.answers["/"] = (200, picture())
    assert outcome_of(quick(elsewhere), f"{elsewhere.url}/").content == picture()
    assert web.requests == []


@pytest.mark.parametrize("port", [22, 25, 6379, 8080])
def test_other_ports_are_refused(port):
    with pytest.raises(RefusedImage, match="port"):
        Guard().target(f"http://example.org:{port}/")


def test_an_allowed_port_of_one_address_is_not_allowed_of_others():
    guard = Guard(allow=("127.0.0.1:8080",))
    assert guard.target("http://127.0.0.1:8080/").port == 8080
    with pytest.raises(RefusedImage):
        guard.check(ipaddress.ip_address("93.184.215.14"), 8080)
    with pytest.raises(RefusedImage):
        guard.target("http://127.0.0.1/")
    with pytest.raises(ConfigurationError, match="address:port"):
        Guard(allow=("localhost",))


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "2001:4860:4860::8888"])
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org./a b".replace(" ", "%20"), "https://example.org/a%20b"),
        ("https://bücher.example/ü?q=ä", "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4"),
        ("https://8.8.8.8/x.png#part", "https://8.8.8.8/x.png"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://upload.wikimedia.org/a/%27x%27.jpg", "https://upload.wikimedia.org/a/%27x%27.jpg"),
    ],
)
def test_usual_addresses_have_one_spelling(url, spelled):
    assert Guard().target(url).url == spelled


@pytest.fixture
def encrypted(tmp_path):
    """A TLS server of the name `pictures.example`, its certificate, and the names it was asked for."""
    files = [tmp_path / "key.pem", tmp_path / "cert.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=pictures.example", "-addext", "subjectAltName=DNS:pictures.example"]
    command += ["-keyout", str(files[0]), "-out", str(files[1])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl to make a certificate with")
    from image_web import Web

    names, web = [], Web("127.0.0.1", 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    context.sni_callback = lambda _, name, __: names.append(name)
    web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield web, names, ssl.create_default_context(cafile=files[1])
    web.server.shutdown()
    web.server.server_close()
    thread.join()


def test_pinned_connections_keep_the_name_in_tls_and_check_certificates(encrypted):
    web, names, trust = encrypted
    web.answers["/a"] = (200, picture())
    web.answers["/down"] = (302, b"", "text/html", ("Location", f"http://pictures.example:{web.port}/a"))

    async def here(host, port):
        return [ipaddress.ip_address("127.0.0.1")]

    how = quick(web)
    assert outcome_of(how, f"https://pictures.example:{web.port}/a", here, trust).content == picture()
    assert names == ["pictures.example"]
    assert outcome_of(how, f"https://pictures.example:{web.port}/down", here, trust).kind == "downgrade"
    other = outcome_of(how, f"https://other.example:{web.port}/a", here, trust)
    assert other.kind == "unreachable"
    assert "certificate" in str(other).lower()
