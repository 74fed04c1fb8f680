"""Ways to read a folder of image files; each run is a process of its own, which prints what it took as JSON.

`python -m benchmarks.prepare_contestants JOB` with a `Job` as JSON; `prepare_speed` starts it.
"""

import json
import multiprocessing
import resource
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ganvas.images import Pixels


class Job(NamedTuple):
    """What to do: `kind` is a row of `KINDS`; `watch` looks for the peak memory of the workers too."""

    kind: str
    folder: str
    size: int
    out: str
    workers: int
    watch: bool = False


class Clock:
    """A `Progress` that notes when pieces of work begin and end, in seconds since 1970."""

    def __init__(self) -> None:
        self.times = [time.time()]

    def begin(self, task: str, total: int, done: int = 0) -> None:
        self.times.append(time.time())

    def advance(self, amount: int = 1, note: str = "") -> None: ...

    def say(self, message: str) -> None: ...

    def end(self) -> None:
        self.times.append(time.time())


def ganvas(job: Job) -> dict[str, float]:
    """Prepare a dataset folder; return the seconds of each phase, from the progress and the times of the files."""
    from ganvas.data.card import CARD
    from ganvas.data.place import REPORT
    from ganvas.workflows.prepare import prepare

    clock, out = Clock(), Path(job.out)
    engine = "here" if job.workers == 0 else "local"
    prepare(job.folder, out=out, size=job.size, progress=clock, workers=job.workers, engine=engine, test_fraction=0.0)
    borders = [*clock.times, *((out / name).stat().st_mtime for name in (CARD, REPORT)), time.time()]
    listed, read, judged = (borders[end] - borders[end - 1] for end in (1, 2, 4))
    written, told, sealed = (borders[end] - borders[end - 1] for end in (5, 6, 7))
    return {
        "listing": listed,
        "reading and decoding": read,
        "judging": judged,
        "writing": written,
        "report": told,
        "sealing": sealed,
    }


def pillow(job: Job, draft: bool = False) -> dict[str, float]:
    """Open, convert, cut, resize each file, and write all as one .npy file."""
    paths = sorted(path for path in Path(job.folder).rglob("*") if path.is_file())
    read = partial(_image, size=job.size, draft=draft)
    if job.workers == 1:
        images = [read(path) for path in paths]
    else:
        with multiprocessing.Pool(job.workers) as pool:
            images = pool.map(read, paths, chunksize=max(1, min(16, len(paths) // (4 * job.workers))))
    np.save(job.out, np.stack(images))
    return {}


def loader(job: Job) -> dict[str, float]:
    """Read all files once through torchvision's `ImageFolder` and transforms (written out here), and a `DataLoader`."""
    from torch.utils.data import DataLoader

    from benchmarks.image_folder import ImageFolder

    batches = DataLoader(ImageFolder(job.folder, job.size), batch_size=256, shuffle=True, num_workers=job.workers)
    assert sum(len(labels) for _, labels in batches) > 0
    return {}


KINDS: dict[str, Callable[[Job], dict[str, float]]] = {
    "ganvas": ganvas,
    "pillow": pillow,
    "draft": partial(pillow, draft=True),
    "loader": loader,
}


def _image(path: Path, size: int, draft: bool) -> Pixels:
    with Image.open(path) as file:
        if draft:
            file.draft("RGB", (2 * size, 2 * size))
        image = file.convert("RGB")
    if image.size != (size, size):
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
        image = image.resize((size, size), Image.Resampling.LANCZOS, box=box)
    return np.asarray(image)


class _Watch(threading.Thread):
    """Keeps the highest peak of resident memory of any child process, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            for children in Path("/proc/self/task").glob("*/children"):
                for child in _text(children).split():
                    self.peak = max(self.peak, peak_memory(child))


def peak_memory(process: str = "self") -> int:
    """Return the peak of the resident memory of a process in bytes, 0 where it cannot be told."""
    lines = _text(Path(f"/proc/{process}/status")).splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run(job: Job) -> dict[str, Any]:
    """Do the job; imports of the libraries are not timed, the start of workers is."""
    import_module("ganvas.workflows.prepare")
    if job.kind == "loader":
        import_module("torch.utils.data")
    watch = _Watch()
    if job.watch:
        watch.start()
    before, used, begun = peak_memory(), _processor_seconds(), time.perf_counter()
    phases = KINDS[job.kind](job)
    seconds, used = time.perf_counter() - begun, _processor_seconds() - used
    watch.over.set()
    peaks = {"peak_main": peak_memory(), "peak_worker": watch.peak, "peak_imports": before}
    return {"seconds": seconds, "processor_seconds": used, "phases": phases, **peaks}


if __name__ == "__main__":
    print(json.dumps(run(Job(*json.loads(sys.argv[1])))))
