"""Many at once, and a machine's own ideas of requests: minutes of it, against a server in its own process."""

import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from talking import asking, everything, parted, refused, request, talk

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
]


def tree_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.slow
def test_a_thousand_at_once_are_all_answered_each_as_alone(server, ask):
    """All at once over connections of their own; who is refused asks again, when Retry-After says."""

    def insist(first):
        while True:
            status, headers, body = ask({"seed": first // 16, "first": first % 16})
            if status not in (429, 503):
                return status, body
            time.sleep(int(headers["retry-after"]))

    with ThreadPoolExecutor(1000) as callers:
        answers = list(callers.map(insist, range(1000)))
    assert {status for status, _ in answers} == {200}
    for first in range(0, 1000, 97):
        assert ask({"seed": first // 16, "first": first % 16})[2] == answers[first][1]


@pytest.mark.slow
def test_five_hundred_slow_connections_are_closed_and_others_answered(server, ask):
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=120) for _ in range(500)]
    for connection in slow:
        connection.sendall(b"POST /v1/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    assert parted(talk(server.port, request(path="/health/live")))[0] == 200
    assert ask({"seed": 1})[0] == 200
    heard = [everything(connection) for connection in slow]
    for connection in slow:
        connection.close()
    assert {refused(answer) for answer in heard} == {(408, "too_slow")}


@pytest.mark.slow
def test_requests_of_every_kind_from_the_description(server, trained):
    """Schemathesis: valid and invalid requests of each operation, nothing fails, each answer is as described."""
    before = tree_of(trained[1])
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"http://127.0.0.1:{server.port}/openapi.json"]
    options = [
        "--checks",
        ",".join(CHECKS),
        "--max-examples",
        "60",
        "--seed",
        "1",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert tree_of(trained[1]) == before
    assert json.loads(parted(talk(server.port, asking({"seed": -1})))[2])["error"]["code"] == "does_not_fit"
