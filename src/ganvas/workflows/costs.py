"""What a recipe costs on this machine, from real rounds that a process of its own plays."""

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from statistics import median
from typing import BinaryIO, NamedTuple

from ganvas.training.settings import TrainingConfig
from ganvas.workflows.probe import Sample, Task, kinds_of_rounds

_COMMAND = (sys.executable, "-P", "-m", "ganvas.workflows.probe")
_LONGEST_START, _GRACE = 120.0, 1.5  # seconds; how much longer than asked a round may take before it is given up


class Costs(NamedTuple):
    """What a recipe costs on this machine: seconds of a step, bytes of memory, and how both were found."""

    seconds_a_step: float
    seconds_a_checkpoint: float | None
    seconds_a_grid: float | None
    num_rounds: int
    """Rounds timed, the warm-up not counted; 0 where the step was extrapolated from a smaller batch."""
    largest_played: int
    """Batch of the largest round played; the memory of a larger one is extrapolated."""
    peak_memory: int
    memory_an_image: float | None
    """Bytes of one more image in the batch; None where the batch is too small to tell."""
    free_memory: int | None
    device: str


def measured_costs(task: Task, free: int | None) -> tuple[Costs | None, str]:
    """Return the costs of a recipe, None where not one round was over in time, and what went wrong, if anything.

    `free` is the memory that a training process could take; on a GPU the process itself asks the device.
    """
    samples, problem = _measured(task)
    costs = costs_of(samples, task.recipe.training, free)
    if costs is None and not problem:
        problem = f"a step takes longer than {task.patience:g} s here"
    return costs, problem


def _measured(task: Task) -> tuple[list[Sample], str]:
    """Return what a process of its own measured until it was done or no longer waited for, and what went wrong."""
    samples: list[Sample] = []
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as complaints:
        given.write(json.dumps(task.plain()).encode())
        given.seek(0)
        process = subprocess.Popen(_COMMAND, stdin=given, stdout=subprocess.PIPE, stderr=complaints)  # noqa: S603
        try:
            for line in _lines_of(process, task):
                values = json.loads(line)
                if "problem" in values:
                    return samples, values["problem"]
                samples.append(Sample.read(values, "A line of the measurement"))
            return samples, _end_of(process, complaints)
        finally:
            process.kill()
            process.wait()


def _end_of(process: subprocess.Popen[bytes], complaints: BinaryIO) -> str:
    """Return how a process went wrong, "" where it is well or still at work."""
    status = process.poll()
    if status is None or status == 0:
        return ""
    if status < 0:
        return f"the process that measured was ended by signal {-status}, as for want of memory"
    complaints.seek(0)
    words = complaints.read().decode(errors="replace").strip().splitlines()
    return f"the process that measured ended with {status}: {words[-1] if words else 'no word'}"


def _lines_of(process: subprocess.Popen[bytes], task: Task) -> Iterator[bytes]:
    """Yield the lines that a process writes, until its end or until one is overdue."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        assert process.stdout
        with process.stdout as stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    allowed = _LONGEST_START
    while True:
        try:
            line = lines.get(timeout=allowed)
        except queue.Empty:
            return
        if line is None:
            process.wait()
            return
        yield line
        allowed = _GRACE * task.patience


def costs_of(samples: Sequence[Sample], settings: TrainingConfig, free: int | None) -> Costs | None:
    """Return the costs that samples tell; None without a single round."""
    rounds = [sample for sample in samples if sample.batch]
    if not rounds:
        return None
    batch, first = settings.batch_size, samples[0]
    timed = [sample for sample in rounds if sample.batch == batch and not sample.warm_up]
    peak, slope = _memory(rounds, batch)
    once = {sample.kind: sample.seconds for sample in samples if not sample.batch}
    return Costs(
        _seconds_a_step(rounds, timed, settings),
        once.get("saved"),
        once.get("drawn"),
        len(timed),
        max(sample.batch for sample in rounds),
        max(peak, *(sample.peak for sample in samples)),
        slope,
        first.free if first.free is not None else free,
        first.device,
    )


def _seconds_a_step(rounds: Sequence[Sample], timed: Sequence[Sample], settings: TrainingConfig) -> float:
    """Return the mean time of a step: the median of each kind of round, weighted by how often it comes.

    A kind that was not reached counts as the first round of its batch, in which all terms were due.
    """
    last = rounds[-1]
    if not timed:
        return last.seconds * settings.batch_size / last.batch
    first = next(sample for sample in rounds if sample.batch == settings.batch_size)
    kinds = kinds_of_rounds(settings.objective)
    total = sum(map(len, kinds.values()))
    return sum(
        len(steps) / total * median([sample.seconds for sample in timed if sample.kind == kind] or [first.seconds])
        for kind, steps in kinds.items()
    )


def _memory(rounds: Sequence[Sample], batch: int) -> tuple[int, float | None]:
    """Return the peak at the full batch, and the bytes of one more image in it.

    These come from the first rounds of the smallest and the largest batch: later ones take more for other reasons.
    """
    first = [sample for sample in rounds if sample.warm_up]
    smallest, largest, peak = first[0], first[-1], max(sample.peak for sample in rounds)
    if smallest.batch == largest.batch:
        return peak, None
    slope = (largest.peak - smallest.peak) / (largest.batch - smallest.batch)
    return int(peak + slope * (batch - largest.batch)), slope if slope > 0 else None
