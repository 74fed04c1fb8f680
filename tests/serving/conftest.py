"""A small model, really trained, and servers of it in processes of their own."""

import json
import re
import time
from contextlib import contextmanager

import pytest
from small import FAMILIES
from talking import parted, request, talk

from ganvas.progress import Silent


@pytest.fixture(scope="session")
def trained(tmp_path_factory, digits_at):
    """A run of two steps of a small `compact` on digits of 16 px, and the folder of its model."""
    from ganvas.workflows.export import export
    from ganvas.workflows.train import train

    folder = tmp_path_factory.mktemp("served")
    sizes = {f"model.{name}": value for name, value in FAMILIES["compact"].items()}
    settings = {"training.batch_size": 4, "training.checkpoint.score_images": 16, "training.threads": 1} | sizes
    run = train("compact", digits_at(16), folder / "run", steps=2, progress=Silent(), **settings).folder
    return run, export(run, folder / "digits", progress=Silent())


@pytest.fixture(scope="session")
def serving(_zygote):
    """Return a context that serves models by the command line, and gives the process with its `port`."""

    @contextmanager
    def of(*arguments, **options):
        running = _zygote.start("serve", *arguments, "--port", "0", **options)
        try:
            assert running.until(lambda: "Serving " in running.err.read_text()), running.err.read_text()
            running.port = int(re.search(r"at http://\S+:(\d+) ", running.err.read_text())[1])
            while parted(talk(running.port, request(path="/health/live")))[0] != 200:
                time.sleep(0.05)
            yield running
        finally:
            if running.poll() is None:
                running.send(9)

    return of


@pytest.fixture(scope="session")
def server(serving, trained):
    """A server of the trained model, for all tests that leave it as it is; at the end it has not failed at anything."""
    with serving(trained[1]) as running:
        yield running
        running.send(15)
        ended = running.wait(60)
        assert ended.code == 0
        assert "Traceback" not in ended.err, ended.err
        assert "ERROR" not in ended.err, ended.err


@pytest.fixture
def ask(server):
    """Return what the server answers to a JSON value: status, headers, body."""

    def of(value, path="/v1/generate"):
        body = json.dumps(value).encode()
        return parted(talk(server.port, request("POST", path, body, Content_Type="application/json"), timeout=120))

    return of
