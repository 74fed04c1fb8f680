"""A server that stops, that is told of new weights, that may not start."""

import json
import threading
import time

import pytest
from talking import asking, parted, refused, request, talk

from ganvas.workflows.model import load

TOKEN = "a-token-of-24-characters"


def test_sigterm_answers_what_is_in_hand_and_ready_says_so(serving, trained):
    with serving(trained[1]) as running:
        answers = []
        large = threading.Thread(
            target=lambda: answers.append(talk(running.port, asking({"num": 256, "seed": 3}), timeout=120))
        )
        large.start()
        time.sleep(0.3)  # long enough to be in hand, not to be drawn: 16 chunks and 256 files
        running.send(15)
        while (
            parted(heard := talk(running.port, request(path="/health/ready")) or b"HTTP/1.1 0 gone\r\n\r\n")[0] == 200
        ):
            time.sleep(0.002)
        ended = running.wait(60)
        large.join(60)
    status, headers, _ = parted(answers[0])
    assert (status, headers["content-type"]) == (200, "application/zip")
    assert heard.startswith(b"HTTP/1.1 0") or refused(heard) == (503, "stopping")
    assert ended.code == 0
    assert "Traceback" not in ended.err


def test_a_damaged_model_replaces_no_good_one_and_a_good_one_does(serving, trained, tmp_path):
    import shutil

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
