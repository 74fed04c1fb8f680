"""Runs `ganvas` commands in forked processes: real processes and signals, without the seconds of torch's import.

A line of JSON in, a line of JSON out: `{"arguments": [...], ...}` is answered by a process id, `{"poll": id}` by its
exit code, null while it runs, negative when a signal ended it.
"""

import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path

import torch._dynamo  # noqa: F401  (torch imports it when it makes its first optimiser, in 3 s)

import ganvas.cli.terminal
import ganvas.cli.train
import ganvas.serving.server
import ganvas.workflows.evaluate
import ganvas.workflows.export
import ganvas.workflows.generate
import ganvas.workflows.train  # noqa: F401  (imported once, for all children)
from ganvas.cli.main import main

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.mkdir": 2}
"""Audit events of changes in a folder, and the place of the descriptor of the folder their path is relative to."""


class Changes:
    """Counts the changes below a folder, each before it happens, and kills this process at the one wanted."""

    def __init__(self, root, kill_at):
        self.root, self.kill_at, self.count = root, kill_at, 0
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if event == "open" and not isinstance(arguments[0], int) and arguments[2] & WRITES:
            path, folder = arguments[0], -1
        elif event in CHANGES:
            path, folder = arguments[0], arguments[CHANGES[event]]
        else:
            return
        whole = (Path() if folder == -1 else Path(f"/proc/self/fd/{folder}").readlink()) / os.fsdecode(path)
        if str(whole).startswith(self.root):
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def child(request):
    """Run one command and end the process with its exit code."""
    os.setsid()
    os.environ.update(request.get("environment", {}))
    outputs = request.get("terminal") or request["out"], request.get("terminal") or request["err"]
    descriptors = [os.open(path, os.O_RDWR | os.O_CREAT) for path in (os.devnull, *outputs)]
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    if limit := request.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    changes = Changes(request["root"], request["kill_at"]) if "root" in request else None
    code = 1
    try:
        main(request["arguments"])
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    if changes:
        print(f"changes: {changes.count}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve():
    """Answer requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif (answer := os.fork()) == 0:
            child(request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    print(json.dumps("ready"), flush=True)
    serve()
