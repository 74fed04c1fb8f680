"""Sites that reserve rights: robots.txt, X-Robots-Tag, TDMRep; against a real server and the parser's own rules."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from statistics import median

import pytest
from image_web import picture, quick

from ganvas.data.collecting.collection import expect_image
from ganvas.data.collecting.fetching import Failure, Fetcher, Limits
from ganvas.data.collecting.permission import MAX_ROBOTS_BYTES, Permissions
from ganvas.data.collecting.reservations import reserved_by_robots_tag, reserved_by_rules, rules_of
from ganvas.data.collecting.waiting import backoff, retry_after
from ganvas.errors import RefusedImage


def get(web, *paths, **settings):
    """Fetch images, each with permission asked; return the kind of each refusal, or `kept`."""

    async def work():
        kinds = []
        async with Fetcher(quick(web, **settings)) as fetcher:
            permissions = Permissions(fetcher)
            for path in paths:
                try:
                    await fetcher.fetch(web.url + path, Limits(1 << 20, tries=2), permissions.permit, expect_image)
                    kinds.append("kept")
                except (RefusedImage, Failure) as error:
                    kinds.append(error.kind)
        return kinds

    web.answers.setdefault("/a.png", (200, picture()))
    web.answers.setdefault("/b.png", (200, picture(1)))
    return asyncio.run(work())


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (b"User-agent: *\nDisallow: /a", ["opt-out", "kept"]),
        (b"User-agent: *\nDisallow: /\nAllow: /b", ["opt-out", "kept"]),
        (b"User-agent: ganvas\nDisallow: /\n\nUser-agent: *\nDisallow:", ["opt-out", "opt-out"]),
        (b"User-agent: otherbot\nDisallow: /", ["kept", "kept"]),
        (b"User-agent: *\nDisallow: /*.png$", ["opt-out", "opt-out"]),
        (b"\xef\xbb\xbfUser-agent: GANVAS\nDisallow: /a.png", ["opt-out", "kept"]),
        (b"", ["kept", "kept"]),
    ],
)
def test_robots_txt_is_obeyed_and_asked_once(web, text, outcomes):
    web.answers["/robots.txt"] = (200, text, "text/plain")
    assert get(web, "/a.png", "/b.png") == outcomes
    assert [path for path, _ in web.requests].count("/robots.txt") == 1
    assert len(web.paths()) == outcomes.count("kept")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(404, "kept"), (401, "kept"), (403, "kept"), (410, "kept"), (429, "no-permission"), (500, "no-permission"),
     (503, "no-permission")],
)  # fmt: skip
def test_robots_txt_that_cannot_be_had(web, status, outcome):
    web.answers["/robots.txt"] = (status, b"", "text/plain")
    assert get(web, "/a.png") == [outcome]
    assert len(web.paths()) == (outcome == "kept")


def test_robots_txt_that_is_silent_lets_nothing_be_fetched(web):
    web.answers["/robots.txt"] = lambda handler: handler.server.web.stop.wait(20)
    assert get(web, "/a.png", "/b.png") == ["no-permission", "no-permission"]
    assert web.paths() == []


def test_robots_txt_is_read_to_its_limit(web):
    filler = b"# filler\n" * (MAX_ROBOTS_BYTES // 9)
    web.answers["/robots.txt"] = (200, b"User-agent: *\nDisallow: /a\n" + filler + b"\nDisallow: /b\n", "text/plain")
    assert get(web, "/a.png", "/b.png") == ["opt-out", "kept"]


def test_robots_txt_is_asked_where_a_redirect_leads(web, elsewhere):
    elsewhere.answers["/robots.txt"] = (200, b"User-agent: *\nDisallow: /", "text/plain")
    elsewhere.answers["/a.png"] = (200, picture())
    web.answers["/to"] = (302, b"", "text/html", ("Location", f"{elsewhere.url}/a.png"))
    assert get(web, "/to", allow=(web.place, elsewhere.place)) == ["opt-out"]
    assert elsewhere.paths() == []


def test_crawl_delay_is_honoured_up_to_its_limit(web):
    web.answers["/robots.txt"] = (200, b"User-agent: *\nCrawl-delay: 100", "text/plain")
    started = time.monotonic()
    assert get(web, "/a.png", "/b.png", max_delay_seconds=0.3) == ["kept", "kept"]
    assert 0.8 < time.monotonic() - started < 60  # tdmrep.json and two images, 0.3 s each


@pytest.mark.parametrize(
    ("lines", "reserved"),
    [
        (["noai"], True),
        (["NoImageAI"], True),
        (["noindex, noai"], True),
        (["noindex"], False),
        (["otherbot: noai"], False),
        (["otherbot: noindex, noai"], False),
        (["Ganvas: noai"], True),
        (["otherbot: noai, ganvas: noimageai"], True),
        (["otherbot: noai", "noimageai"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noai"], True),
        (["max-image-preview: large, noai"], True),
        (["*: noai"], True),
        (["noaindex"], False),
        ([], False),
    ],
)
def test_robots_tags(web, lines, reserved):
    assert (reserved_by_robots_tag(lines) is not None) == reserved
    web.answers["/a.png"] = (200, picture(), "image/png", *(("X-ROBOTS-tag", line) for line in lines))
    assert get(web, "/a.png") == ["opt-out" if reserved else "kept"]


@pytest.mark.parametrize(("value", "outcome"), [("1", "opt-out"), (" 1 ", "opt-out"), ("0", "kept"), ("", "kept")])
def test_tdm_header(web, value, outcome):
    web.answers["/a.png"] = (200, picture(), "image/png", ("TDM-Reservation", value))
    assert get(web, "/a.png") == [outcome]


def test_reservations_of_redirecting_answers_count(web):
    web.answers["/to"] = (302, b"", "text/html", ("Location", "/a.png"), ("X-Robots-Tag", "noai"))
    assert get(web, "/to") == ["opt-out"]
    assert web.paths() == ["/to"]


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (b'[{"location": "/", "tdm-reservation": 1}]', ["opt-out", "opt-out"]),
        (b'[{"location": "/a*", "tdm-reservation": 1, "tdm-policy": "https://x/p"}]', ["opt-out", "kept"]),
        (b'[{"location": "/*.png$", "tdm-reservation": 1}]', ["opt-out", "opt-out"]),
        (b'[{"location": "/a", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]', ["kept", "opt-out"]),
        (b'[{"location": "/b.pn$", "tdm-reservation": 1}]', ["kept", "kept"]),
        (b'{"tdm-reservation": 1}', ["opt-out", "opt-out"]),
        (b"[{broken", ["opt-out", "opt-out"]),
        (b"<!doctype html>not found", ["kept", "kept"]),
        (b"[]", ["kept", "kept"]),
    ],
)
def test_tdmrep_json(web, text, outcomes):
    web.answers["/.well-known/tdmrep.json"] = (200, text, "application/json")
    assert get(web, "/a.png", "/b.png") == outcomes
    assert len(web.paths()) == outcomes.count("kept")


def test_patterns_of_tdmrep_are_matched_in_linear_time():
    rules = rules_of(b'[{"location": "/%s$", "tdm-reservation": 1}]' % (b"*a" * 900))
    started = time.process_time()
    assert reserved_by_rules(rules, "/" + "a" * 8000 + "b") is None
    assert time.process_time() - started < 0.5


def test_requests_say_whose_they_are(web):
    assert get(web, "/a.png", contact="owner@example.org") == ["kept"]
    agents = {headers["User-Agent"] for _, headers in web.requests}
    assert len(agents) == 1
    assert agents.pop().startswith("ganvas/")
    assert "owner@example.org" in web.requests[0][1]["User-Agent"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_failures_are_tried_again_after_what_the_server_asks(web, status):
    times = []

    def first_busy(handler):
        times.append(time.monotonic())
        if len(times) == 1:
            return handler.send(status, b"", "text/plain", ("Retry-After", "1"))
        return handler.send(200, picture())

    web.answers["/busy"] = first_busy
    assert get(web, "/busy") == ["kept"]
    assert 0.9 < times[1] - times[0] < 30


def test_lasting_failures_are_not_tried_again(web):
    web.answers["/gone"] = (410, b"", "text/plain")
    assert get(web, "/gone", "/absent") == ["http-410", "http-404"]
    assert web.paths() == ["/gone", "/absent"]


def test_retry_after_has_two_forms():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after("7") == 7
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0
    assert retry_after("soon") is retry_after(None) is None


def test_waits_grow_vary_by_address_and_are_capped(web):
    how = quick(web, backoff_seconds=1.0, max_wait_seconds=30.0)
    waits = [backoff(how, "http://a.example/", number, None) for number in range(8)]
    assert all(2**number / 2 <= wait <= min(2**number, 30) for number, wait in enumerate(waits[:5]))
    assert waits[-1] == 30
    assert waits == [backoff(how, "http://a.example/", number, None) for number in range(8)]
    assert waits[0] != backoff(how, "http://b.example/", 0, None)
    assert backoff(how, "http://a.example/", 0, 1e9) == 30


def test_a_host_has_two_requests_at_a_time_with_a_delay_between(web):
    running, most, starts = [0], [0], []

    def counted(handler):
        starts.append(time.monotonic())
        running[0] += 1
        most[0] = max(most[0], running[0])
        handler.server.web.stop.wait(0.25)
        running[0] -= 1
        handler.send(200, picture())

    web.answers["/a.png"] = counted

    async def work():
        async with Fetcher(quick(web, delay_seconds=0.1, parallel=16)) as fetcher:
            await asyncio.gather(*(fetcher.fetch(f"{web.url}/a.png?{n}", Limits(1 << 20)) for n in range(6)))

    asyncio.run(work())
    assert most[0] == 2
    assert median(later - sooner for sooner, later in pairwise(starts)) > 0.07  # without a delay they come in pairs
