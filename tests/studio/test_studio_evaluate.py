"""Evaluate: tables of what is kept, side by side, the report in its sandbox; the page in a real browser."""

import shutil
from pathlib import Path

import pytest
from studio_process import NAMELESS
from studio_visit import TOO_WIDE, visit

from ganvas.errors import UsageError
from ganvas.progress import Silent
from ganvas.studio import scores
from ganvas.studio.workspace import Workspace
from ganvas.workflows.ranking import rank


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, finished_run, digits_at):
    """A workspace with a run, its dataset, and one report of it."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copytree(finished_run, folder / "runs" / "digits")
    shutil.copytree(digits_at(8), folder / "data" / "digits")
    how = {"features": ["pixels8"], "metrics": ["mind", "k3-precision", "k3-recall"], "progress": Silent()}
    rank([folder / "runs" / "digits"], folder / "data" / "digits", out=folder / "reports" / "first", **how)
    return folder


def test_scores_stand_between_noise_and_real_images(workspace):
    kept = scores.kept_results(Workspace(workspace))
    assert list(kept) == ["reports/first/scores.json", "runs/digits/evaluation.json"]
    ranking = scores.ranking_of([kept["reports/first/scores.json"].path])
    (group,) = scores.groups_of(ranking.models[0].scores)
    assert group.caution
    assert {row.score.metric for row in group.rows} == {"mind", "k3-precision", "k3-recall"}
    for row in group.rows:
        assert row.tells, "each says what it can tell"
        assert 0 <= row.place <= 100


def test_results_are_put_side_by_side_and_unlike_ones_refused(workspace, tmp_path):
    paths = [found.path for found in scores.kept_results(Workspace(workspace)).values()]
    assert len(scores.ranking_of(paths).models) == 2
    text = paths[0].read_text()
    other = tmp_path / "other.json"
    content_hash = text.partition('"content_hash": "')[2].partition('"')[0]
    other.write_text(text.replace(content_hash, "0" * len(content_hash)))
    with pytest.raises(UsageError, match="against 2"):
        scores.ranking_of([paths[0], other])


@pytest.mark.slow
def test_the_page_measures_and_shows_the_report_without_scripts(workspace, tmp_path):
    with visit(workspace, tmp_path / "studio.log") as (address, page):
        page.goto(f"{address}evaluate")
        page.wait_for_selector(".scores .value")
        assert page.evaluate(NAMELESS) == []
        page.get_by_role("button", name="Evaluate", exact=True).click()
        page.wait_for_selector(".job .state")
        page.wait_for_selector("h2:text('Report digits')", timeout=300_000)
        assert (workspace / "reports" / "digits" / "report.html").is_file()
        frame = page.locator("iframe.report")
        assert frame.get_attribute("sandbox") == "allow-popups"
        frame.scroll_into_view_if_needed()
        frame.content_frame.locator("h1").wait_for()
        found = page.request.get(address + frame.get_attribute("src").lstrip("/"))
        assert "sandbox" in found.headers["content-security-policy"]
        assert "script-src" not in found.headers["content-security-policy"]
        page.set_viewport_size({"width": 390, "height": 844})
        assert not page.evaluate(TOO_WIDE)
        assert page.complaints == []
    assert Path(workspace / "reports" / "digits" / "scores.csv").is_file()
