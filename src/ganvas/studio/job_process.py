"""The process of a job: `python -m ganvas.studio.job_process FOLDER` is `ganvas VERB ...`, and notes its end.

It says who it is before anything else, so that a studio begun later finds it. A kill leaves no `result.json`, which
says enough.
"""

import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

from ganvas.storage import read_json, write_json
from ganvas.studio.processes import look

DESCRIPTION, PROCESS, RESULT, LOG = "job.json", "process.json", "result.json", "output.log"


def main(folder: Path) -> int:
    """Run the command that a job's description names; return its exit code, which `result.json` keeps."""
    seen = look(os.getpid())
    write_json(folder / PROCESS, {"pid": os.getpid(), "begun": seen.begun if seen else ""})
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are told to ignore it
    description = read_json(folder / DESCRIPTION)
    sys.argv = ["ganvas", description["verb"], *description["arguments"]]
    code = _run()
    write_json(folder / RESULT, {"code": code})
    return code


def _run() -> int:
    """Return what the command exits with."""
    try:
        runpy.run_module("ganvas", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # whatever it is, the job's log shows it
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
