"""The guard and the deadlines of connections, before a small application of its own, over real sockets."""

import json
import socket
import threading
import time

import pytest
import uvicorn
from talking import everything, parted, refused, request, talk

from ganvas.serving.connections import Connections
from ganvas.serving.door import COOKIE, open_door
from ganvas.serving.guard import ADMITTED, Guard
from ganvas.serving.limits import Limits

TOKEN = "a-token-of-24-characters"
LIMITS = Limits(
    most_body_bytes=2048,
    most_head_bytes=4096,
    most_connections=40,
    head_seconds=0.6,
    body_seconds=0.6,
    least_bytes_per_second=1_000_000,
    request_seconds=2,
)


async def echo(scope, receive, send):
    """Answer with what came in; /large with 8 MB, /open with whether the token was shown."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if scope["path"] == "/large":
        body = bytes(8_000_000)
    if scope["path"] == "/open":
        body = json.dumps(scope[ADMITTED]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module", params=["", TOKEN], ids=["open", "token"])
def at(request):
    """Return the ports of a server without, and of one with a token; both watched for tracebacks."""
    guard = Guard(echo, open_door("127.0.0.1", request.param), LIMITS, ("/open",))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        guard, http=Connections(LIMITS), log_level="critical", h11_max_incomplete_event_size=LIMITS.most_head_bytes
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1], request.param
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def ask(at, **more):
    port, token = at
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    return talk(port, request(**({"method": "POST"} | shown | more)))


def test_what_may_come_in_does_and_the_answer_says_how_to_treat_it(at):
    status, headers, body = parted(ask(at, body=b"hello"))
    assert (status, body) == (200, b"hello")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_foreign_hosts_and_origins(at):
    assert refused(ask(at, host="evil.example")) == (403, "foreign_host")
    assert refused(ask(at, host="127.0.0.1", Origin="http://evil.example")) == (403, "foreign_origin")
    assert refused(ask(at, host="127.0.0.1:9", Origin="http://127.0.0.1:8")) == (403, "foreign_origin")
    assert refused(talk(at[0], b"GET / HTTP/1.0\r\n\r\n")) == (403, "foreign_host")
    assert parted(ask(at, host="127.0.0.1:9", Origin="http://127.0.0.1:9"))[0] == 200


def test_large_bodies_by_their_headers_or_by_what_comes(at):
    assert refused(ask(at, body=b"x", length=10**9)) == (413, "too_large")
    assert refused(ask(at, body=b"x", length="9" * 19)) == (413, "too_large")
    assert refused(ask(at, body=b"x" * 3000)) == (413, "too_large")
    assert refused(ask(at, body=b"x" * 700_000)) == (413, "too_large")
    chunks = b"".join(b"400\r\n" + b"x" * 1024 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
    port, token = at
    head = request("POST", Transfer_Encoding="chunked", Authorization=f"Bearer {token or 'none'}")
    assert refused(talk(port, head + chunks)) == (413, "too_large")


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(900)),
        b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_http_is_refused_in_our_form(at, words):
    assert refused(talk(at[0], words)) == (400, "unreadable")


def test_large_heads_are_refused_in_one_piece_or_in_many(at):
    assert refused(ask(at, X="x" * 9000)) == (431, "too_large")
    assert refused(ask(at, path="/" + "a" * 9000)) == (431, "too_large")
    assert refused(ask(at, **{f"X-{number}": "1" for number in range(900)})) == (431, "too_large")
    assert refused(ask(at, **{f"X-{number}": "1" for number in range(9000)})) in {
        (431, "too_large"),
        (400, "unreadable"),
    }
    unfinished = b"GET / HTTP/1.1\r\n" + (b"X: " + b"x" * 1000 + b"\r\n") * 6
    assert refused(talk(at[0], unfinished)) == (400, "unreadable")


def test_chunks_that_lie_end_the_connection_and_nothing_else(at):
    port, token = at
    head = request("POST", Transfer_Encoding="chunked", Authorization=f"Bearer {token or 'none'}")
    for chunks in (
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-1\r\nhello",
        b"ffffffffffffffffffffff\r\nhello",
        b"5\r\nhelloXX\r\n",
    ):
        assert refused(talk(port, head, chunks, pause=0.05)) == (400, "unreadable")
    assert parted(ask(at, body=b"still there"))[2] == b"still there"


def test_slow_headers_are_cut_off_at_their_deadline_while_others_are_answered(at):
    slow = [socket.create_connection(("127.0.0.1", at[0]), timeout=20) for _ in range(20)]
    for number, connection in enumerate(slow):
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: " if number % 2 else b"")
    assert parted(ask(at, body=b"hello"))[2] == b"hello"
    heard = [everything(connection) for connection in slow]
    for connection in slow:
        connection.close()
    assert heard[0::2] == [b""] * 10, "nothing was asked, nothing is answered"
    assert {refused(answer) for answer in heard[1::2]} == {(408, "too_slow")}


def test_slow_headers_of_a_second_request_are_cut_off_too(at):
    port, token = at
    first = request("POST", body=b"one", close=False, Authorization=f"Bearer {token or 'none'}")
    heard = talk(port, first, b"GET / HTTP/1.1\r\nX-Slow", pause=0.2)
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.count(b"HTTP/1.1") <= 2, heard


def test_slow_bodies_are_refused(at):
    assert refused(ask(at, body=b"x", length=100)) == (408, "too_slow")


def test_slow_readers_are_cut_off(at):
    port, token = at
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.sendall(request("POST", "/large", close=False, Authorization=f"Bearer {token or 'none'}"))
        time.sleep(2.5)
        assert len(everything(connection)) < 8_000_000


def test_more_connections_than_may_be_are_refused(at):
    held = [socket.create_connection(("127.0.0.1", at[0]), timeout=20) for _ in range(60)]
    heard = [everything(connection) for connection in held]
    for connection in held:
        connection.close()
    told = [refused(answer) for answer in heard if answer]
    assert told and set(told) == {(503, "crowded")}
    assert parted(ask(at, body=b"hello"))[0] == 200


def test_the_token(at):
    port, token = at
    status, _, body = parted(talk(port, request(path="/open")))
    assert (status, body) == (200, b"false" if token else b"true")
    if not token:
        assert parted(talk(port, request(path="/?token=x")))[0] == 200
        return
    assert refused(talk(port, request())) == (401, "token_needed")
    assert refused(talk(port, request(path="/?token=wrong"))) == (401, "token_needed")
    assert refused(talk(port, request(Authorization=f"Bearer {token[:-1]}"))) == (401, "token_needed")
    status, headers, _ = parted(talk(port, request(path=f"//evil.example/a?x=1&token={token}")))
    assert (status, headers["location"]) == (303, "/evil.example/a?x=1"), "a redirect leads nowhere else"
    assert {"HttpOnly", "SameSite=Strict"} <= set(headers["set-cookie"].split("; "))
    cookie = headers["set-cookie"].split(";")[0]
    assert cookie.startswith(COOKIE)
    assert parted(talk(port, request(Cookie=cookie)))[0] == 200


def test_websockets_meet_the_same_guard(at):
    pytest.importorskip("websockets")
    port, token = at
    hands = {"Upgrade": "websocket", "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec_WebSocket_Version": "13"}
    hands |= {"Connection": "Upgrade"}
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    assert parted(talk(port, request(close=False, **hands, **shown), timeout=20))[0] == 101
    foreign = request(close=False, **hands, **shown, Origin="http://evil.example")
    assert parted(talk(port, foreign, timeout=20))[0] == 403
    if token:
        assert parted(talk(port, request(close=False, **hands), timeout=20))[0] == 403
