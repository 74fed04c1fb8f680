"""A server that stops, that is told of new weights, that may not start."""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import asking, parted, refused, request, talk

from ganvas.workflows.model import load

TOKEN = "a-token-of-24-characters"


def ready(running):
    """Return the status of the server's readiness and what it says; 0 where nobody answers any more."""
    try:
        answer = talk(running.port, request(path="/health/ready"))
    except OSError:
        answer = b""
    return (parted(answer)[0], json.loads(parted(answer)[2])) if answer else (0, {})


def test_sigterm_answers_what_is_in_hand_and_ready_says_so(serving, trained):
    asked = asking({"num": 256, "seed": 3})
    with serving(trained[1]) as running, ThreadPoolExecutor(8) as callers:
        answers = [callers.submit(talk, running.port, asked, timeout=120) for _ in range(8)]
        while ready(running)[1].get("in_hand", 0) < 1:
            assert not all(answer.done() for answer in answers), "some are in hand for a while"
        running.send(15)
        while (told := ready(running))[0] == 200:
            pass
        ended = running.wait(60)
        heard = [answer.result() for answer in answers]
    in_hand = int(re.search(r"Stopping: (\d+) requests in hand", ended.err)[1])
    whole = [answer for answer in heard if parted(answer)[0] == 200]
    assert len(whole) >= in_hand >= 1, "what is in hand is answered"
    for answer in whole:
        assert len(answer.partition(b"\r\n\r\n")[2]) == int(parted(answer)[1]["content-length"])
    assert {refused(answer) for answer in heard if answer not in whole} <= {(503, "stopping")}
    assert told[0] == 0 or (told[0], told[1]["error"]["code"]) == (503, "stopping")
    assert ended.code == 0
    assert "Traceback" not in ended.err


def test_a_damaged_model_replaces_no_good_one_and_a_good_one_does(serving, trained, tmp_path):
    folder = shutil.copytree(trained[1], tmp_path / "digits")
    whole = (folder / "generator.safetensors").read_bytes()
    with serving(folder) as running:
        before = talk(running.port, asking({"seed": 1}), timeout=60)
        (folder / "generator.safetensors").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        running.send(1)
        assert running.until(lambda: "stays as it was" in running.err.read_text())
        assert parted(talk(running.port, asking({"seed": 1}), timeout=60))[2] == parted(before)[2]
        (folder / "generator.safetensors").write_bytes(whole)
        running.send(1)
        assert running.until(lambda: "read anew" in running.err.read_text())
        told = json.loads(parted(talk(running.port, request(path="/v1/models")))[2])
        assert told["models"][0]["sha256"] == load(folder).sha256
        running.send(2)
        assert running.wait(60).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "GANVAS_TOKEN"),
        (["--host", "0.0.0.0", "--token", "short"], "16 to 200"),
        (["--port", "70000"], "--port"),
        (["--host", "192.0.2.1", "--token", TOKEN], "--host"),
    ],
)
def test_what_may_not_start_says_why(ganvas, trained, arguments, words):
    done = ganvas.run("serve", trained[1], *arguments)
    assert (done.code, words in done.err, "Traceback" in done.err) == (1, True, False), done.err


def test_no_model_or_a_damaged_one_is_served(ganvas, trained, tmp_path):
    done = ganvas.run("serve", tmp_path / "none", "--port", "0")
    assert (done.code, "does not exist" in done.err) == (1, True), done.err
    done = ganvas.run("serve", trained[1], trained[1], "--port", "0")
    assert (done.code, "NAME=" in done.err) == (1, True), done.err


def test_a_token_by_the_command_line_guards_all_but_health_and_a_page_without_models(serving, trained):
    with serving(f"mine={trained[0]}", "--host", "0.0.0.0", "--token", TOKEN) as running:
        assert refused(talk(running.port, asking({}))) == (401, "token_needed")
        assert refused(talk(running.port, request(path="/v1/models"))) == (401, "token_needed")
        assert refused(talk(running.port, request(path="/openapi.json"))) == (401, "token_needed")
        page = parted(talk(running.port, request(path="/")))
        assert (page[0], b"data:image" in page[2], b"mine" in page[2]) == (200, False, False)
        shown = {"Authorization": f"Bearer {TOKEN}"}
        assert parted(talk(running.port, asking({"seed": 1}, **shown), timeout=60))[0] == 200
        assert b"mine" in talk(running.port, request(path="/v1/models", **shown))
