"""The interface of a running server: files that are those of `ganvas generate`, facts, health, refusals."""

import hashlib
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from talking import asking, parted, refused, request, talk

from ganvas.data.rights.rights import embedded_rights
from ganvas.progress import Silent
from ganvas.provenance import read_provenance
from ganvas.workflows.generate import generate
from ganvas.workflows.model import load


@pytest.fixture(scope="module")
def by_hand(trained, tmp_path_factory):
    """Return the folder that `ganvas generate` fills by the same settings."""
    model = load(trained[1])

    def of(**asked):
        folder = tmp_path_factory.mktemp("by-hand")
        generate(model, folder, progress=Silent(), **asked)
        return folder

    return of


def test_one_image_is_the_file_of_generate(ask, by_hand, trained):
    folder = by_hand(seed=7, num=3, truncation=0.7)
    for index in range(3):
        status, headers, body = ask({"seed": 7, "first": index, "truncation": 0.7})
        assert (status, headers["content-type"]) == (200, "image/png")
        assert body == (folder / f"seed7-{index:06d}.png").read_bytes()
    said = read_provenance(body)
    assert (said.model, said.seed, said.index) == (load(trained[1]).sha256, 7, 2)
    assert embedded_rights(body).synthetic


@pytest.mark.parametrize(
    ("asked", "settings"),
    [
        ({"num": 20, "first": 30, "seed": 5}, {"num": 20, "first": 30, "seed": 5}),
        ({"seeds": [9, 3], "num": 2, "label": 3}, {"seeds": [9, 3], "num": 2, "labels": 3}),
        ({"num": 2, "labels": ["1", 8], "bits": 16}, {"num": 2, "labels": ["1", 8], "bits": 16}),
        ({"num": 2, "mixture": {"3": 0.5, "8": 0.5}}, {"num": 2, "mixture": {"3": 0.5, "8": 0.5}}),
    ],
)
def test_a_zip_is_the_folder_of_generate(ask, by_hand, asked, settings):
    folder = by_hand(captions=True, **settings)
    status, headers, body = ask(asked | {"grid": True, "captions": True, "format": "zip"})
    assert (status, headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }
    grid = ask(asked | {"grid": True, "captions": True})
    assert grid[2] == (folder / "grid.png").read_bytes()


def test_webp_is_a_still_a_film_or_a_sheet_and_says_so(ask, trained):
    wanted = load(trained[1]).generate(3, seed=2)
    for more, frames in (({"num": 1}, 1), ({"num": 3}, 3), ({"num": 3, "grid": True}, 1)):
        status, headers, body = ask({"seed": 2, "format": "webp"} | more)
        assert (status, headers["content-type"]) == (200, "image/webp")
        assert read_provenance(body).model == load(trained[1]).sha256
        with Image.open(io.BytesIO(body)) as image:
            assert getattr(image, "n_frames", 1) == frames
            if frames > 1:
                image.seek(2)
                assert (image.convert("L").tobytes()) == wanted[2].tobytes()


def test_many_at_once_get_what_each_would_get_alone(ask, by_hand):
    folder = by_hand(seeds="0-4", num=16)
    wanted = {path.name: path.read_bytes() for path in folder.glob("seed*.png")}
    with ThreadPoolExecutor(40) as callers:
        asked = [{"seed": seed, "first": first} for seed in range(5) for first in range(16)]
        answers = list(callers.map(ask, asked))
    for values, (status, _, body) in zip(asked, answers, strict=True):
        assert status == 200
        assert body == wanted[f"seed{values['seed']}-{values['first']:06d}.png"], values


def test_models_health_description_and_page(server, trained):
    def get(path):
        return parted(talk(server.port, request(path=path)))

    (facts,) = json.loads(get("/v1/models")[2])["models"]
    assert (facts["name"], facts["family"], facts["classes"]) == ("digits", "compact", list("0123456789"))
    assert facts["image_shape"] == {"channels": 1, "height": 16, "width": 16}
    assert facts["sha256"] == hashlib.sha256((trained[1] / "generator.safetensors").read_bytes()).hexdigest()
    assert [get(f"/health/{name}")[0] for name in ("live", "ready")] == [200, 200]
    document = json.loads(get("/openapi.json")[2])
    assert set(document["paths"]) == {"/", "/v1/generate", "/v1/models", "/health/live", "/health/ready"}
    status, headers, page = get("/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.count(b"data:image/png;base64,") == 16
    assert all(word not in page for word in (b"<script", b"https://", b'src="http', b"@import"))


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"label": "moon"}, 422, "does_not_fit"),
        ({"label": 10}, 422, "does_not_fit"),
        ({"mixture": {"moon": 1}}, 422, "does_not_fit"),
        ({"mixture": {"3": -1}}, 422, "does_not_fit"),
        ({"directions": {"up": 1}}, 422, "does_not_fit"),
        ({"mix_seed": 1, "mix_layers": [0, 1]}, 422, "does_not_fit"),
        ({"num": 300}, 422, "does_not_fit"),
        ({"seeds": [1] * 300, "num": 400}, 422, "does_not_fit"),
        ({"model": "../../etc/passwd"}, 422, "which_model"),
        ({"truncation": None}, 422, "does_not_fit"),
    ],
)
def test_what_this_model_cannot_do_is_refused_in_words(server, asked, status, code):
    assert refused(talk(server.port, asking(asked), timeout=120)) == (status, code)


def test_addresses_and_methods_that_are_not_there(server):
    paths = ["/v1", "/v1/generate/", "/docs", "/redoc", "/static/../../etc/passwd", "/..%2f..%2fetc%2fpasswd"]
    paths += ["/%2e%2e/%2e%2e/etc/passwd", "/%252e%252e%252fetc", "/..%5c..%5cetc", "/%00", "/%ff%fe", "//etc/passwd"]
    paths += ["/v1/models/..%2f..%2f", "http://evil.example/v1/models/x", "/;/etc", "/v1/models?x=%00../../"]
    for path in paths[:-1]:
        assert refused(talk(server.port, request(path=path))) == (404, "not_found"), path
    assert parted(talk(server.port, request(path=paths[-1])))[0] == 200
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        answer = talk(server.port, request(method, "/v1/generate"))
        assert refused(answer) == (405, "wrong_method"), method
        assert parted(answer)[1]["allow"] == "POST"
    assert parted(talk(server.port, request("HEAD", "/v1/generate")))[0] == 405


def test_bodies_that_are_no_request(server):
    cases = [b"", b"{", b"null", b'{"seed": NaN}', b'{"seed": ' + b"9" * 9000 + b"}", b"[" * 50_000, b'{"a":' * 5000]
    for body in cases:
        assert refused(talk(server.port, asking(body))) == (400, "unreadable"), body[:20]
    assert refused(talk(server.port, asking(b"x" * 70_000))) == (413, "too_large")
    assert refused(talk(server.port, asking({}, Content_Type="text/plain"))) == (415, "not_json")
    assert refused(talk(server.port, asking({}, host="evil.example"))) == (403, "foreign_host")
    assert refused(talk(server.port, asking({}, Origin="null"))) == (403, "foreign_origin")
    assert refused(talk(server.port, request("POST", "/v1/generate", Content_Type="application/json")))[0] == 400
