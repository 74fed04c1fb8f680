"""Collecting as a whole: lists in, a folder out that `prepare` reads; resuming, retrying, killing."""

import csv
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import datasets
import pytest

sys.path.append(str(Path(__file__).parents[1] / "data" / "collecting"))
from image_web import QUICK, picture, serving

from ganvas.data.collecting.record import RECORD, Record
from ganvas.errors import DataError, RunError, UsageError
from ganvas.progress import Silent
from ganvas.workflows.collect import collect
from ganvas.workflows.prepare import prepare


@pytest.fixture
def web():
    with serving() as running:
        yield running


@pytest.fixture
def gather(web, tmp_path):
    """Collect a list into `out`, with short waits."""

    def work(path, **settings):
        settings = QUICK | {"allow": (web.place,), "contact": "owner@example.org"} | settings
        return collect(path, out=tmp_path / "out", progress=Silent(), **settings)

    return work


def write_list(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["url", "label", "licence", "creator", "title", "page", "split", "opt_out"])
        writer.writeheader()
        writer.writerows(rows)
    return path


def rows_of(web, number, label="cat", start=0):
    for index in range(start, start + number):
        web.answers[f"/{index}.png"] = (200, picture(index))
    return [
        {"url": f"{web.url}/{index}.png", "label": label, "licence": "CC BY 4.0", "creator": "Ann",
         "title": f"No. {index}",
         "page": f"https://example.org/{index}"}
        for index in range(start, start + number)
    ]  # fmt: skip


def lines_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_candidate_has_an_outcome_and_prepare_reads_the_folder(web, gather, tmp_path):
    rows = rows_of(web, 6) + rows_of(web, 6, "a/b dog", 6)
    rows += [rows[0], {"url": "", "label": "cat"}, {"url": "http://127.0.0.1:1/x", "licence": "CC0"}]
    rows += [
        {"url": f"{web.url}/absent.png", "licence": "CC0"},
        {"url": f"{web.url}/nc.png", "licence": "CC BY-NC 4.0"},
    ]
    rows += [{"url": f"{web.url}/same.png", "licence": "CC0"}, {"url": f"{web.url}/unsaid.png"}]
    rows += [{"url": f"{web.url}/out.png", "licence": "CC0", "opt_out": "no training"}]
    web.answers["/same.png"] = (200, picture(0))
    collected = gather(write_list(tmp_path / "list.csv", rows))
    assert collected.num_candidates == len(rows) == 20
    assert (collected.num_kept, collected.num_refused, collected.num_failed, collected.num_duplicates) == (12, 5, 1, 2)
    assert Counter({kind: number for _, kind, number in collected.reasons}) == {
        "same-url": 1, "same-bytes": 1, "no-url": 1, "address": 1, "http-404": 1, "licence": 2, "opt-out": 1,
    }  # fmt: skip
    assert not {"/nc.png", "/unsaid.png", "/out.png"} & set(web.paths())
    lines = lines_of(collected.folder)
    assert len(lines) == 12
    first = next(line for line in lines if line["title"] == "No. 0")
    assert (first["label"], first["licence"], first["creator"]) == ("cat", "CC-BY-4.0", "Ann")
    assert first["evidence"].startswith("https://example.org/0 (row 1 of list.csv")
    assert first["file_name"] == f"cat/{first['sha256'][:16]}.png"
    assert (collected.folder / first["file_name"]).read_bytes() == picture(0)
    assert set(first) == {
        "file_name", "label", "split", "licence", "creator", "title", "url", "evidence", "synthetic", "opt_out",
        "sha256", "retrieved",
    }  # fmt: skip
    assert "Ann" in (collected.folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    dataset = prepare(collected.folder, out=tmp_path / "dataset", size=8, progress=Silent())
    assert dataset.num_classes == 2


def test_hugging_face_reads_the_folder(web, gather, tmp_path):
    folder = gather(write_list(tmp_path / "list.csv", rows_of(web, 4))).folder
    found = datasets.load_dataset("imagefolder", data_dir=str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(found) == 4
    assert set(found["licence"]) == {"CC-BY-4.0"}
    assert found[0]["image"].size == (24, 24)


def test_a_run_again_asks_only_for_passing_failures(web, gather, tmp_path):
    path = write_list(tmp_path / "list.csv", [*rows_of(web, 3), {"url": f"{web.url}/busy.png", "licence": "CC0"},
                                              {"url": f"{web.url}/gone.png", "licence": "CC0"}])  # fmt: skip
    web.answers["/busy.png"] = (503, b"", "text/plain")
    first = gather(path)
    assert (first.num_kept, first.num_failed) == (3, 2)
    web.requests.clear()
    web.answers["/busy.png"] = (200, picture(99))
    second = gather(path)
    assert (second.num_kept, second.num_failed, second.num_candidates) == (4, 1, 5)
    assert web.paths() == ["/busy.png"]


def test_refusals_of_licences_follow_the_settings_of_each_run(web, gather, tmp_path):
    rows = rows_of(web, 1)
    rows[0]["licence"] = "CC BY-NC 4.0"
    path = write_list(tmp_path / "list.csv", rows)
    assert gather(path).num_refused == 1
    assert gather(path, licences=("CC-BY-NC",)).num_kept == 1


def test_the_limit_is_of_images_kept(web, gather, tmp_path):
    path = write_list(tmp_path / "list.csv", rows_of(web, 12))
    assert gather(path, limit=5).num_kept == 5
    assert len(web.paths()) == 5
    assert gather(path, limit=7).num_kept == 7
    assert len(web.paths()) == 7


def test_the_run_stops_at_its_bytes_and_goes_on_later(web, gather, tmp_path):
    path = write_list(tmp_path / "list.csv", rows_of(web, 10))
    first = gather(path, max_total_bytes=4 * len(picture()), parallel=1)
    assert 0 < first.num_kept < 10
    assert first.num_kept == first.num_candidates
    assert gather(path).num_kept == 10


def test_a_killed_run_goes_on_where_it_was(web, ganvas, gather, tmp_path):
    rows = rows_of(web, 20)
    path, out = write_list(tmp_path / "list.csv", rows), tmp_path / "out"
    command = ["collect", str(path), "--out", str(out), "--allow", web.place, "--delay-seconds", "0.15"]
    running = ganvas.start(*command)
    waited = time.monotonic() + 30
    while len(list(out.glob("cat/*.png"))) < 4 and time.monotonic() < waited:
        time.sleep(0.02)
    running.send(signal.SIGKILL)
    running.wait()
    before = {file.name for file in out.glob("cat/*.png")}
    assert 4 <= len(before) < 20
    with Record(out / RECORD) as record:
        kept = {image.candidate.url for image in record.kept()}
    fetched = Counter(web.paths())
    collected = gather(path)
    assert collected.num_kept == collected.num_candidates == 20
    again = Counter(web.paths()) - fetched
    assert not {url.removeprefix(web.url) for url in kept} & set(again)
    assert before <= {file.name for file in out.glob("cat/*.png")}
    assert len(lines_of(out)) == 20
    assert not list(out.rglob("*.unfinished"))


def test_files_of_a_kill_between_record_and_file_are_settled(web, gather, tmp_path):
    path = write_list(tmp_path / "list.csv", rows_of(web, 3))
    folder = gather(path).folder
    with Record(folder / RECORD) as record:
        record._ask("UPDATE candidates SET outcome = 'writing'")
    half, whole, _ = sorted(folder.glob("cat/*.png"))
    half.write_bytes(half.read_bytes()[:50])
    web.requests.clear()
    assert gather(path).num_kept == 3
    assert len(web.paths()) == 1
    assert half.stat().st_size > 50
    assert whole.is_file()


def test_unlabelled_and_hostile_labels_stay_in_the_folder(web, gather, tmp_path):
    rows = rows_of(web, 6)
    for row, label in zip(rows, ["", "../../evil", "/etc", "CON", "images", "чай"], strict=True):
        row["label"] = label
    folder = gather(write_list(tmp_path / "list.csv", rows)).folder
    places = {line["label"]: line["file_name"].split("/")[0] for line in lines_of(folder)}
    assert places[None] == "images"
    assert places["чай"] == "чай"
    assert len(set(places.values())) == 6
    assert {path.name for path in tmp_path.iterdir()} == {"list.csv", "out"}


def test_mistakes_are_explained(gather, tmp_path):
    path = write_list(tmp_path / "list.csv", [])
    with pytest.raises(UsageError, match="no place to collect from `openvers`"):
        gather("openvers")
    with pytest.raises(UsageError, match="--query"):
        gather("openverse")
    with pytest.raises(UsageError, match="--contact"):
        gather("commons", query="cat", contact=None)
    with pytest.raises(UsageError, match="no file"):
        gather(tmp_path / "absent.txt")
    with pytest.raises(UsageError, match="licence"):
        gather(path, licences=("CC-BUY",))
    with pytest.raises(DataError, match="no column"):
        gather(path)
    (tmp_path / "out2").mkdir()
    (tmp_path / "out2" / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="something else"):
        collect(path, out=tmp_path / "out2", progress=Silent())


def test_two_runs_on_one_folder_are_refused(gather, web, tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / "out.lock"), pytest.raises(RunError, match="Another run"):
        gather(write_list(tmp_path / "list.csv", rows_of(web, 1)))


def test_openverse_by_command(web, ganvas, tmp_path, gather):
    results = [{"id": "1", "url": f"{web.url}/0.png", "title": "T", "creator": "C", "license": "by",
                "license_version": "2.0", "license_url": "https://creativecommons.org/licenses/by/2.0/",
                "foreign_landing_url": "https://x.example/1"}]  # fmt: skip
    rows_of(web, 1)
    web.answers["/v1/images/"] = (200, json.dumps({"page_count": 1, "results": results}).encode(), "application/json")
    assert gather("openverse", query="cats", base_urls={"openverse": web.url}).num_kept == 1
    (line,) = lines_of(tmp_path / "out")
    assert (line["licence"], line["label"]) == ("CC-BY-2.0", None)


def test_the_command_prints_what_became_of_it_and_what_is_next(web, ganvas, tmp_path):
    path = write_list(tmp_path / "list.csv", rows_of(web, 2))
    done = ganvas.run(
        "collect", str(path), "--out", str(tmp_path / "out"), "--allow", web.place, "--delay-seconds", "0"
    )
    assert done.code == 0, done.err
    assert "2 candidates: 2 kept" in done.out
    assert "Next: ganvas prepare" in done.out
