"""URL lists, Openverse and Wikimedia Commons; the interfaces answer in the shapes of their real ones."""

import asyncio
import json

import pyarrow as pa
import pytest
from image_web import quick
from pyarrow import parquet

from ganvas.data.collecting import COLLECTORS
from ganvas.data.collecting.candidate import Candidate, Search
from ganvas.data.collecting.fetching import Fetcher
from ganvas.data.collecting.interface import Interface
from ganvas.data.collecting.licensing import expect_known, licence_of
from ganvas.data.collecting.settings import FREE
from ganvas.errors import DataError, RefusedImage, UsageError


def candidates_of(name, web=None, path=None, query=None, licences=FREE):
    said = []

    async def work():
        collector = COLLECTORS[name].load()
        async with Fetcher(quick(*([web] if web else []))) as fetcher:
            search = Search(path, query, licences, Interface(fetcher).ask, web.url if web else None, said.append)
            return [candidate async for candidate in collector.candidates(search)]

    return asyncio.run(work()), said


def test_text_lists(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\ufeff# mine\nhttp://a.example/1.png\n\n  http://a.example/2.png  \r\n", encoding="utf-8")
    found, _ = candidates_of("url_list", path=path)
    assert [candidate.url for candidate in found] == ["http://a.example/1.png", "http://a.example/2.png"]


ROWS = [
    {"Image_URL": "http://a.example/1.png", "License": "CC BY 4.0", "Author": "Ann, B.", "class": "cat",
     "Title": "One"},
    {"Image_URL": "http://a.example/2.png", "License": None, "Author": None, "class": "dog", "Title": None},
    {"Image_URL": None, "License": None, "Author": None, "class": None, "Title": None},
]  # fmt: skip


def as_csv(path, delimiter=","):
    lines = [delimiter.join(ROWS[0])]
    lines += [delimiter.join(f'"{value or ""}"' for value in row.values()) for row in ROWS[:2]]
    path.write_text("\n".join([*lines, delimiter.join(["", "", "", "", "x"])]) + "\n", encoding="utf-8")


WRITERS = {
    "list.csv": as_csv,
    "semicolons.csv": lambda path: as_csv(path, ";"),
    "list.tsv": lambda path: as_csv(path, "\t"),
    "list.jsonl": lambda path: path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8"),
    "list.parquet": lambda path: parquet.write_table(pa.Table.from_pylist(ROWS), path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_tables_of_addresses(tmp_path, name):
    WRITERS[name](tmp_path / name)
    found, (said,) = candidates_of("url_list", path=tmp_path / name)
    first, second, third = found
    assert (first.url, first.licence, first.creator) == ("http://a.example/1.png", "CC BY 4.0", "Ann, B.")
    assert (first.label, first.title, first.evidence) == ("cat", "One", f"row 1 of {name}")
    assert (second.url, second.licence, second.label) == ("http://a.example/2.png", None, "dog")
    assert third.url == ""
    for part in ("url from `image_url`", "licence from `license`", "creator from `author`", "label from `class`"):
        assert part in said
    assert COLLECTORS["url_list"].load().num_in(tmp_path / name) == 3


def test_tables_without_addresses_are_named_with_their_columns(tmp_path):
    (tmp_path / "list.csv").write_text("name,size\nx,1\n")
    with pytest.raises(DataError, match=r"image_url.*name, size"):
        candidates_of("url_list", path=tmp_path / "list.csv")
    (tmp_path / "list.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="cannot be read"):
        candidates_of("url_list", path=tmp_path / "list.parquet")


def openverse_image(number, licence="by-sa", version="2.0"):
    address = f"https://creativecommons.org/licenses/{licence}/{version}/"
    return {
        "id": f"0cca3a36-{number}",
        "title": f"Skyline {number}",
        "indexed_on": "2020-05-03T05:48:27.285165Z",
        "foreign_landing_url": f"https://www.flickr.com/photos/98833136@N00/{number}",
        "url": f"https://live.staticflickr.com/35/{number}_b.jpg",
        "creator": "StartAgain",
        "creator_url": "https://www.flickr.com/photos/98833136@N00",
        "license": licence,
        "license_version": version,
        "license_url": "https://creativecommons.org/publicdomain/zero/1.0/" if licence == "cc0" else address,
        "provider": "flickr",
        "source": "flickr",
        "category": None,
        "filesize": None,
        "filetype": None,
        "tags": [{"name": "cairo", "accuracy": None}],
        "attribution": f'"Skyline {number}" by StartAgain is licensed under CC {licence.upper()} {version}.',
        "fields_matched": [],
        "mature": False,
        "height": 768,
        "width": 1024,
        "thumbnail": f"https://api.openverse.org/v1/images/0cca3a36-{number}/thumb/",
        "detail_url": f"https://api.openverse.org/v1/images/0cca3a36-{number}/",
        "unstable__sensitivity": [],
    }


def page_of(handler):
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(handler.path).query)


def send_json(handler, value, status=200, *headers):
    handler.send(status, json.dumps(value).encode(), "application/json", *headers)


def test_openverse_pages_and_rate_limit(web):
    asked = []

    def answer(handler):
        asked.append(page_of(handler))
        if len(asked) == 2:
            return send_json(handler, {"detail": "Request was throttled."}, 429, ("Retry-After", "0"))
        page = int(asked[-1]["page"][0])
        results = [openverse_image(10 * page + number) for number in range(2)]
        results[0] |= {"license": "cc0", "license_version": "1.0"} | {
            "license_url": openverse_image(0, "cc0")["license_url"]
        }
        return send_json(
            handler, {"result_count": 6, "page_count": 3, "page_size": 20, "page": page,
                      "results": results, "warnings": []}
        )  # fmt: skip

    web.answers["/v1/images/"] = answer
    found, _ = candidates_of("openverse", web, query="cairo & skyline", licences=("CC0", "PDM", "CC-BY-SA-4.0"))
    assert [candidate.url[-9:] for candidate in found] == [f"/{n}_b.jpg" for n in (10, 11, 20, 21, 30, 31)]
    assert asked[0] == {"q": ["cairo & skyline"], "page_size": ["20"], "license": ["cc0,pdm,by-sa"], "page": ["1"]}
    assert [int(one["page"][0]) for one in asked] == [1, 2, 2, 3]
    assert licence_of(found[0], FREE, False) == "CC0-1.0"
    assert licence_of(found[1], FREE, False) == "CC-BY-SA-2.0"
    assert (found[1].creator, found[1].title) == ("StartAgain", "Skyline 11")
    assert found[1].page == "https://www.flickr.com/photos/98833136@N00/11"
    assert "Openverse image 0cca3a36-11" in found[1].evidence


def test_openverse_ends_where_it_shows_no_more(web):
    def answer(handler):
        if page_of(handler)["page"] == ["1"]:
            return send_json(handler, {"result_count": 240, "page_count": 12, "results": [openverse_image(1)]})
        return send_json(handler, {"detail": "Authentication credentials were not provided."}, 401)

    web.answers["/v1/images/"] = answer
    found, said = candidates_of("openverse", web, query="x")
    assert len(found) == 1
    assert "no more than 1 pages" in said[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [((401, b"{}", "application/json"), "refuses"), ((500, b"", "text/html"), "does not answer"),
     ((200, b"<html>", "text/html"), "JSON"), ((200, b"[]", "application/json"), "JSON object")],
)  # fmt: skip
def test_interfaces_that_fail_say_so(web, answer, words):
    web.answers["/v1/images/"] = answer
    with pytest.raises(DataError, match=words):
        candidates_of("openverse", web, query="x")


def commons_page(number, **extmetadata):
    name = f"Apple Lisa {number}.jpg"
    told = {
        "ObjectName": {"value": f"Apple Lisa {number}", "source": "mediawiki-metadata", "hidden": ""},
        "Categories": {"value": "Apple Lisa|Self-published work", "source": "commons-categories", "hidden": ""},
        "Artist": {
            "value": '<a href="//commons.wikimedia.org/wiki/User:Rama" title="User:Rama">Rama</a> &amp; Musée '
            "<b>Bolo</b>"
            '<span style="display: none;">hidden<br></span>',
            "source": "commons-desc-page",
        },
        "LicenseShortName": {"value": "CC BY-SA 2.0 fr", "source": "commons-desc-page", "hidden": ""},
        "AttributionRequired": {"value": "true", "source": "commons-desc-page", "hidden": ""},
        "LicenseUrl": {
            "value": "https://creativecommons.org/licenses/by-sa/2.0/fr/deed.en",
            "source": "commons-desc-page",
            "hidden": "",
        },
        "Copyrighted": {"value": "True", "source": "commons-desc-page", "hidden": ""},
        "Restrictions": {"value": "", "source": "commons-desc-page", "hidden": ""},
        "License": {"value": "cc-by-sa-2.0-fr", "source": "commons-templates", "hidden": ""},
    }
    for key, value in extmetadata.items():
        told[key] = {"value": value, "source": "commons-desc-page", "hidden": ""}
    told = {key: entry for key, entry in told.items() if entry["value"] is not None}
    upload = "https://upload.wikimedia.org/wikipedia/commons"
    info = {
        "size": 1353326, "width": 3746, "height": 2400, "mime": "image/jpeg",
        "thumburl": f"{upload}/thumb/b/bc/L_{number}.jpg/1280px-L_{number}.jpg", "thumbwidth": 1280, "thumbheight": 820,
        "url": f"{upload}/b/bc/L_{number}.jpg", "descriptionurl": f"https://commons.wikimedia.org/wiki/File:L_{number}.jpg",
        "descriptionshorturl": f"https://commons.wikimedia.org/w/index.php?curid={number}", "extmetadata": told,
    }  # fmt: skip
    return {"pageid": number, "ns": 6, "title": f"File:{name}", "index": number, "imagerepository": "local",
            "imageinfo": [info]}  # fmt: skip


def test_commons_continues_and_waits_for_lagging_servers(web):
    asked = []
    pd = {"LicenseShortName": "Public domain", "License": "pd", "LicenseUrl": None, "Copyrighted": "False"}

    def answer(handler):
        asked.append({name: values[0] for name, values in page_of(handler).items()})
        if len(asked) == 1:
            error = {"code": "maxlag", "info": "Waiting for 10.64.16.7: 6.1 seconds lagged.", "lag": 6.1}
            return send_json(handler, {"error": error}, 200, ("Retry-After", "5"))
        if "gsroffset" not in asked[-1]:
            going_on = {"gsroffset": 2, "continue": "gsroffset||"}
            pages = [commons_page(2), commons_page(1, **pd)]
            return send_json(handler, {"continue": going_on, "query": {"pages": pages}})
        sound = commons_page(3)
        sound["imageinfo"][0]["mime"] = "audio/ogg"
        machine = commons_page(4, Categories="AI-generated images|Cats", Restrictions="personality")
        absent = {"ns": 6, "title": "File:Gone.jpg", "missing": True}
        return send_json(handler, {"batchcomplete": True, "query": {"pages": [sound, machine, absent]}})

    web.answers["/w/api.php"] = answer
    how = {"query": "apple lisa"}
    found, _ = candidates_of("commons", web, **how)
    assert [candidate.page[-7:] for candidate in found] == ["L_1.jpg", "L_2.jpg", "L_4.jpg"]
    public, ported, machine = found
    assert licence_of(public, FREE, False) == "LicenseRef-public-domain"
    assert licence_of(ported, FREE, False) == "LicenseRef-CC-BY-SA-2.0-FR"
    assert ported.creator == "Rama & Musée Bolo"
    assert ported.url.endswith("1280px-L_2.jpg")
    assert "cc-by-sa-2.0-fr" in ported.evidence
    assert (machine.is_synthetic, ported.is_synthetic) == (True, False)
    assert "restrictions: personality" in machine.evidence
    assert asked[1]["gsrsearch"] == "filetype:bitmap apple lisa"
    assert asked[2]["gsroffset"] == "2"


def test_commons_lists_categories(web):
    web.answers["/w/api.php"] = (200, json.dumps({"batchcomplete": True}).encode(), "application/json")
    assert candidates_of("commons", web, query="Category:Cats")[0] == []
    assert "gcmtitle=Category%3ACats" in web.requests[-1][0]


@pytest.mark.parametrize(
    ("licence", "url", "outcome"),
    [
        ("CC BY 4.0", None, "CC-BY-4.0"),
        ("by", "https://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        (None, "http://creativecommons.org/publicdomain/zero/1.0/deed.de", "CC0-1.0"),
        ("Public Domain Mark 1.0", None, "CC-PDM-1.0"),
        ("CC BY-NC 4.0", None, RefusedImage),
        ("CC BY-ND 2.0", None, RefusedImage),
        ("CC BY 4.0", "https://creativecommons.org/licenses/by-nc/4.0/", RefusedImage),
        ("All rights reserved", None, RefusedImage),
        ("All rights reserved", "https://creativecommons.org/licenses/by/4.0/", RefusedImage),
        (None, None, RefusedImage),
        ("GFDL", None, RefusedImage),
    ],
)
def test_licences_fail_closed(licence, url, outcome):
    candidate = Candidate("http://a.example/", licence=licence, licence_url=url)
    if isinstance(outcome, str):
        assert licence_of(candidate, FREE, False) == outcome
    else:
        with pytest.raises(outcome):
            licence_of(candidate, FREE, False)


def test_other_licences_are_kept_where_asked_for():
    free = Candidate("http://a.example/", licence="CC BY-NC 4.0")
    assert licence_of(free, ("CC-BY-NC",), False) == "CC-BY-NC-4.0"
    assert licence_of(free, ("cc-by-nc-4.0",), False) == "CC-BY-NC-4.0"
    assert licence_of(Candidate("http://a.example/"), FREE, True) is None
    with pytest.raises(RefusedImage):
        licence_of(Candidate("http://a.example/", licence="mine"), FREE, True)
    with pytest.raises(RefusedImage):
        licence_of(free._replace(licence="CC BY-NC 3.0"), ("CC-BY-NC-4.0",), False)
    with pytest.raises(UsageError, match="CC-BUY"):
        expect_known(["CC-BUY"])
    expect_known([*FREE, "CC-BY-NC-ND", "CC-BY-4.0"])
