"""Who may come in: Hosts, Origins and tokens, case by case."""

import pytest

from ganvas.errors import UsageError
from ganvas.serving.door import COOKIE, Door, host_name, is_loopback, open_door, same_origin
from ganvas.serving.refusals import Refusal

TOKEN = "a-token-of-24-characters"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:80", "[::1]:8000", "127.9.9.9", "pictures.home:1"]
)
def test_hosts_that_lead_here(host):
    Door(names=frozenset({"pictures.home"})).check({"host": [host]})


@pytest.mark.parametrize(
    "hosts",
    [
        [], [""], ["evil.example"], ["127.0.0.1.evil.example"], ["localhost.evil.example:8000"], ["127.0.0.1:x"],
        ["127.0.0.1:99999"], ["user@127.0.0.1"], ["127.0.0.1/x"], ["127.0.0.1", "127.0.0.1"], ["192.168.0.7"],
        ["127.0.0.1, evil.example"], ["[::1"], ["0x7f000001"], ["2130706433"], ["127.0.0.1#x"], ["127.0.0.1\\x"],
    ],
)  # fmt: skip
def test_foreign_hosts_are_refused(hosts):
    with pytest.raises(Refusal) as refusal:
        Door().check({"host": hosts})
    assert (refusal.value.status, refusal.value.code) == (403, "foreign_host")


def test_a_server_at_all_addresses_is_asked_by_any_of_them_but_by_known_names_only():
    door = open_door("0.0.0.0", TOKEN, ["Pictures.example"])
    for host in ("192.168.0.7:8000", "[fe80::1]:8000", "pictures.example", "localhost"):
        door.check({"host": [host]})
    with pytest.raises(Refusal):
        door.check({"host": ["rebound.example"]})


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://localhost", "localhost:80", True),
        ("https://pictures.example", "pictures.example", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("file://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://evil.example", "127.0.0.1:8000", False),
    ],
)
def test_origins(origin, host, same):
    assert same_origin(origin, host) == same
    if not same:
        with pytest.raises(Refusal, match="another site"):
            Door().check({"host": [host], "origin": [origin]})


def test_requests_that_a_browser_says_come_from_elsewhere():
    with pytest.raises(Refusal):
        Door().check({"host": ["localhost"], "sec-fetch-site": ["cross-site"], "sec-fetch-mode": ["no-cors"]})
    Door().check({"host": ["localhost"], "sec-fetch-site": ["cross-site"], "sec-fetch-mode": ["navigate"]})
    Door().check({"host": ["localhost"], "sec-fetch-site": ["same-origin"], "sec-fetch-mode": ["cors"]})


def test_others_are_let_in_with_a_token_only():
    for host in ("0.0.0.0", "::", "192.168.0.7", "pictures.example"):
        with pytest.raises(UsageError, match="GANVAS_TOKEN"):
            open_door(host)
    for token in (
        "short",
        "x" * 201,
        "a token of 24 characters",
        "a-token-\u00e4-24-characters",
        "a-token\n-of-24-chars",
    ):
        with pytest.raises(UsageError, match=r"characters|spaces"):
            open_door("0.0.0.0", token)
    for host in ("127.0.0.1", "localhost", "::1"):
        assert open_door(host).admits({})
        assert is_loopback(host)
    assert open_door("0.0.0.0", TOKEN).token == TOKEN


def test_the_token_is_shown_as_a_header_or_as_a_cookie_that_is_not_the_token():
    door = open_door("127.0.0.1", TOKEN)
    assert door.admits({"authorization": [f"Bearer {TOKEN}"]})
    assert door.admits({"authorization": [f"bearer  {TOKEN}"]})
    assert door.admits({"cookie": [f"other=1; {COOKIE}={door.cookie()}"]})
    assert TOKEN not in door.cookie()
    for headers in (
        {},
        {"authorization": [TOKEN]},
        {"authorization": ["Bearer "]},
        {"authorization": [f"Bearer {TOKEN}x"]},
        {"authorization": ["Bearer \u20ac"]},
        {"authorization": [f"Basic {TOKEN}"]},
        {"cookie": [f"{COOKIE}={TOKEN}"]},
        {"cookie": ["\x00;=;="]},
    ):
        assert not door.admits(headers), headers


def test_names_of_hosts():
    assert host_name("[::1]:80") == "::1"
    assert host_name("Name:80") == "name"
    assert [host_name(host) for host in ("", ":80", "a b:x", "//a", "a?b")] == [None] * 5
