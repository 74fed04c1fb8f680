"""Folders for others' machines: what is in them, and an upload to a hub that stands on this machine."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml
from small import FAMILIES

from ganvas.errors import RunError, UsageError
from ganvas.exporting.models.hub import upload
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.progress import Silent
from ganvas.workflows.evaluate import evaluate
from ganvas.workflows.evaluations import kept as kept_evaluations
from ganvas.workflows.export import export
from ganvas.workflows.model import Model, load

KNOWN = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


@pytest.fixture(scope="module")
def model():
    return Model.untrained(family_config("mlp_gan", **FAMILIES["mlp_gan"]), ImageShape(1, 8, 8), (), seed=0)


@pytest.fixture(scope="module")
def repository(model, tmp_path_factory):
    return export(model, tmp_path_factory.mktemp("hub") / "small-pictures", "hub", Silent(), "cc-by-4.0")


def test_a_repository_for_the_hub(model, repository):
    files = {path.name for path in repository.iterdir()}
    assert files == {"README.md", "model.json", "generator.safetensors", "discriminator.safetensors", "model.onnx"} | {
        "samples.png"
    }
    _, header, body = (repository / "README.md").read_text("utf-8").split("---\n", 2)
    told = yaml.safe_load(header)
    assert (told["license"], told["library_name"]) == ("cc-by-4.0", "ganvas")
    assert told["pipeline_tag"] == "unconditional-image-generation"
    assert {"gan", "mlp_gan", "onnx"} <= set(told["tags"])
    assert told["thumbnail"] == "samples.png"
    assert body.lstrip().startswith("# small-pictures\n")
    assert (load(repository).generate(4) == model.generate(4)).all()


def test_scores_of_these_weights_stand_on_every_card(run_copy, digits_at, tmp_path):
    (run_copy / "evaluation.json").unlink(missing_ok=True)  # other tests measure the run that this is a copy of
    evaluate(run_copy, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid", "k3-recall"])
    measured = []
    for to, inner in (("model", ""), ("hub", ""), ("container", "model")):
        folder = export(load(run_copy), tmp_path / to, to, Silent(), "cc-by-4.0") / inner
        card = (folder / "README.md").read_text("utf-8")
        told = yaml.safe_load(card.split("---\n")[1])
        assert (told["license"], told["thumbnail"]) == ("cc-by-4.0", "samples.png")
        results = told["model-index"][0]["results"][0]
        assert {one["type"] for one in results["metrics"]} == {"fid", "k3-recall"}
        measured.append((results, card.split("## How good it is")[1].split("##")[0]))
        assert kept_evaluations(folder) == kept_evaluations(run_copy)
    assert measured[0] == measured[1] == measured[2]


@pytest.mark.slow
def test_scores_of_these_weights_stand_in_the_page(run_copy, digits_at, tmp_path):
    evaluate(run_copy, digits_at(8), progress=Silent(), features=["pixels8"], metrics=["fid"])
    page = export(run_copy, tmp_path / "page.html", "web", Silent()).read_text("utf-8")
    (score,) = kept_evaluations(run_copy)[0].scores
    assert f"{score.metric} ({score.protocol})" in page


def test_the_cards_commands_without_ganvas_run(repository):
    """As a reader would: the code block of the card, in an interpreter of its own, in the folder."""
    card = (repository / "README.md").read_text("utf-8")
    code = card.split("## Without Ganvas")[1].split("```python\n")[1].split("```")[0]
    told = subprocess.run(
        [sys.executable, "-c", code + "print(pixels.shape, pixels.dtype)"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert told.stdout == "(16, 8, 8, 1) uint8\n", told.stderr


def test_upload_to_a_hub_on_this_machine(repository):
    """The real client against a server that speaks the few words of the Hub's protocol that an upload needs."""
    kept = {}

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path.startswith("/api/whoami-v2"):
                return self.answer({"name": "someone", "type": "user", "orgs": []})
            return self.answer({"id": "someone/pictures", "siblings": [], "sha": "0" * 40})

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.setdefault("calls", []).append((self.path, self.headers["Authorization"]))
            address = f"http://{self.headers['Host']}/someone/pictures"
            if self.path == "/api/repos/create":
                kept["made"] = json.loads(body)
                return self.answer({"url": address})
            if self.path == "/api/validate-yaml":
                return self.answer({"errors": [], "warnings": []})
            if "/preupload/" in self.path:
                named = [one["path"] for one in json.loads(body)["files"]]
                return self.answer(
                    {"files": [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in named]}
                )
            lines = [json.loads(line) for line in body.splitlines()]
            kept["files"] = {
                one["value"]["path"]: b64decode(one["value"]["content"]) for one in lines if one["key"] == "file"
            }
            return self.answer({"commitUrl": f"{address}/commit/{'1' * 40}", "commitOid": "1" * 40, "hookOutput": ""})

        def answer(self, value):
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    code = (
        "import sys; from pathlib import Path; from ganvas.exporting.models.hub import upload; "
        "print(upload(Path(sys.argv[1]), 'someone/pictures', sys.argv[2], 'hf_secret'))"
    )
    try:
        told = subprocess.run(
            [sys.executable, "-c", code, str(repository), endpoint],
            capture_output=True,
            text=True,
            env=_without_offline(endpoint),
        )
    finally:
        server.shutdown()
        server.server_close()
    assert told.returncode == 0, told.stderr
    assert kept["made"]["name"] == "pictures"
    assert set(kept["files"]) == {path.name for path in repository.iterdir()}
    assert kept["files"]["model.onnx"] == (repository / "model.onnx").read_bytes()
    card = kept["files"]["README.md"].decode()
    assert 'ganvas.load(snapshot_download("someone/pictures"))' in card
    shown = yaml.safe_load(card.split("---\n")[1])["thumbnail"]
    assert shown == f"{endpoint}/someone/pictures/resolve/main/samples.png", "the Hub takes a whole address alone"
    assert all(token == "Bearer hf_secret" for _, token in kept["calls"])
    assert told.stdout.strip().endswith("/someone/pictures")


def _without_offline(endpoint):
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_TOKEN")}
    return kept | {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}


def test_upload_that_cannot_be(model, repository, tmp_path):
    with pytest.raises(UsageError, match="give USER/NAME"):
        upload(repository, "../etc")
    with pytest.raises(UsageError, match=r"Hub did not take `someone/pictures`|Nobody is logged in"):
        upload(repository, "someone/pictures")  # the library is told to stay offline in tests
    with pytest.raises(UsageError, match="give USER/NAME"):
        export(model, tmp_path / "hub", "hub", Silent(), push="nothing")
    assert not (tmp_path / "hub").exists()
    with pytest.raises(UsageError, match="goes with `to` hub"):
        export(model, tmp_path / "a.onnx", "onnx", Silent(), push="someone/pictures")


def test_recipe_of_a_container(model, tmp_path):
    folder = export(model, tmp_path / "Small Pictures", "container", Silent())
    instructions = [line.split(maxsplit=1) for line in joined((folder / "Dockerfile").read_text())]
    names = [name for name, _ in instructions]
    assert set(names) == KNOWN
    assert names[0] == "FROM"
    assert "-slim" in instructions[0][1]
    assert ":latest" not in instructions[0][1]
    values = dict(instructions)
    for name, rest in instructions:
        if name == "COPY":
            assert (folder / rest.split()[0].rstrip("/")).exists()
            assert f"!{rest.split()[0].rstrip('/')}" in (folder / ".dockerignore").read_text().split()
    assert values["USER"] == "10001"
    assert names.index("USER") > max(place for place, name in enumerate(names) if name == "RUN")
    assert json.loads(values["CMD"])[:3] == ["ganvas", "serve", "/srv/model"]
    check = json.loads(values["HEALTHCHECK"].split("CMD", 1)[1])
    compile(check[-1], "healthcheck", "exec")
    assert values["EXPOSE"] in check[-1]
    pinned = (folder / "requirements.txt").read_text().split()
    assert all(line.count("==") == 1 and "+" not in line for line in pinned)
    assert {"fastapi", "uvicorn"} <= {line.partition("==")[0] for line in pinned}
    assert pinned[0].startswith("ganvas[serve]==")
    assert "GANVAS_TOKEN" in (folder / "README.md").read_text()
    assert (load(folder / "model").generate(2) == model.generate(2)).all()
    readme = (folder / "README.md").read_text()
    assert "docker build -t small-pictures ." in readme
    assert "-e GANVAS_TOKEN" in readme, "a server that others reach does not start without a token"
    assert "ganvas[serve]==" in pinned[0]
    export(model, folder, "container", Silent())
    with pytest.raises(RunError, match="not an earlier export to `hub`"):
        export(model, folder, "hub", Silent())


def joined(text):
    """Return the instructions of a Dockerfile, continued lines as one."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
