"""The studio is killed while it trains, then the training itself; nothing is lost, and a click goes on."""

import json
import os
import shutil
import signal

import pytest
from browsing import chromium
from studio_process import studio, window
from test_studio_jobs import until

from ganvas.studio.job_process import PROCESS
from ganvas.studio.workspace import Workspace, last_record

pytestmark = pytest.mark.slow
SETTINGS = {"steps": "100000", "given": {"training.checkpoint.every": 20, "training.batch_size": 4}}


def test_a_training_survives_the_studio_and_a_click_goes_on_after_a_kill(tmp_path, digits_at):
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(digits_at(8), workspace.folder / "data" / "digits")
    workspace.note("train", digits={"recipe": "mlp_gan", "of mlp_gan": SETTINGS})
    with chromium() as browser:
        with studio(workspace.folder, tmp_path / "first") as first, window(browser, first.address.rstrip("/")) as page:
            page.goto(f"{first.address}train?data=digits")
            page.get_by_role("button", name="Train", exact=True).click()
            page.wait_for_url("**/train?run=*")
            page.wait_for_selector("text=Training")
            page.wait_for_selector(".plot")
            first.kill()
        (run,) = (workspace.folder / "runs").iterdir()
        (job,) = workspace.jobs.about(run)
        step = last_record(run)["step"]
        until(lambda: last_record(run)["step"] > step + 20 or job.state != "running")
        assert job.state == "running"
        with (
            studio(workspace.folder, tmp_path / "second") as second,
            window(browser, second.address.rstrip("/")) as page,
        ):
            page.goto(f"{second.address}train?run={run.name}")
            page.wait_for_selector("text=It goes on when this window")
            page.get_by_role("button", name="Pause").click()
            page.wait_for_selector("text=It holds still")
            page.get_by_role("button", name="Go on", exact=True).click()
            page.wait_for_selector("text=It goes on when this window")
            os.kill(json.loads((job.folder / PROCESS).read_text())["pid"], signal.SIGKILL)
            page.wait_for_selector("text=It was killed")
            step = int((run / "latest").read_text())
            page.get_by_role("button", name="Go on from the last checkpoint").click()
            until(lambda: last_record(run)["step"] > step + 40)
            page.get_by_role("button", name="Stop").click()
            page.wait_for_selector("text=All is saved")
    assert int((run / "latest").read_text()) == last_record(run)["step"]
    assert [found.state for found in workspace.jobs.about(run)] == ["killed", "killed"]
