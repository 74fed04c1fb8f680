"""Seconds that FID takes from features to a number, here and in torchmetrics: `python -m benchmarks.metric_arithmetic`.

Both are given the same two sets of features in batches, by default as many and as wide as Inception's of 50,000 images,
and must return the same number. They take turns, A B C A B C ..., so that a busy machine slows all of them; each is
given as the median of its turns, and as the median of its ratios to ours within a turn. Statistics of both sets are
counted, the network is not.
"""

import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.console import wide_console
from benchmarks.machine import facts
from benchmarks.outcome import Occasion, Outcome
from benchmarks.turns import Turn, plain, ratio, row, spread, take_turns
from ganvas.metrics.frechet import distance_to, frechet_distance, streamed
from ganvas.seeds import Stream
from ganvas.training.engine import cpu_threads

OURS, WITH_ERROR, TORCHMETRICS = "Ganvas", "Ganvas, with its standard error", "torchmetrics"
BATCH_SIZE = 5_000

Features = NDArray[np.float32]
Contestant = Callable[[Features, Features], float]
"""Maps the features of real and of generated images to the FID."""


def main(
    images: int = 50_000,
    features: int = 2048,
    repetitions: int = 3,
    threads: int = 2,
    json_out: Path | None = None,
) -> None:
    """Time FID from features beside torchmetrics.

    Args:
        images: Images of each of the two sets.
        features: Numbers per image.
        repetitions: Turns of each contestant.
        threads: CPU threads of each contestant.
        json_out: File for all figures.
    """
    console, runs = wide_console(), contestants()
    if TORCHMETRICS not in runs:
        console.print("torchmetrics is left out: it is not installed. Install it with `pip install torchmetrics`.")
    with cpu_threads(threads):
        console.print(f"{repetitions} turns of {', '.join(runs)} on 2 x {images:,} x {features:,} features ...")
        turns, values = timed(runs, images, features, repetitions)
    console.print(tabulate(turns, values, f"{images:,} x {features:,} features, {threads} threads"))
    if json_out is not None:
        report = {"machine": facts(threads), "images": images, "features": features, "fid": values}
        json_out.write_text(json.dumps(report | {"turns": plain(turns)}, indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Time FID beside torchmetrics."""
    images, features = occasion.either(400, 20_000), occasion.either(64, 2048)
    occasion.say(f"2 x {images:,} x {features:,} features ...")
    with cpu_threads(occasion.threads):
        turns, values = timed(contestants(), images, features, occasion.either(2, 3))
    name = f"FID of 2 x {images:,} x {features:,} features"
    rows = [
        row(name, "s", turns, OURS, TORCHMETRICS),
        row(f"{name}, ours with its standard error", "s", turns, WITH_ERROR, TORCHMETRICS),
    ]
    return Outcome(rows, {"turns": plain(turns), "fid": values})


def contestants() -> dict[str, Contestant]:
    """Return the contestants that are installed."""
    runs: dict[str, Contestant] = {OURS: ours, WITH_ERROR: with_error}
    if find_spec("torchmetrics"):
        runs[TORCHMETRICS] = torchmetrics
    return runs


def ours(real: Features, generated: Features) -> float:
    """Return the FID as the metric `fid` computes it, without its interval."""
    laws = (streamed(batches(features)).gaussian() for features in (real, generated))
    return frechet_distance(*laws)


def with_error(real: Features, generated: Features) -> float:
    """Return the FID as the metric `fid` computes it, interval included."""
    return distance_to(streamed(batches(real)).gaussian(), generated)[0]


def torchmetrics(real: Features, generated: Features) -> float:
    """Return the FID of torchmetrics in float64, whose float32 is not fit for it, from given features."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Given(torch.nn.Identity):
        num_features = real.shape[1]

    metric = FrechetInceptionDistance(feature=Given()).set_dtype(torch.float64)
    for is_real, features in ((True, real), (False, generated)):
        for batch in batches(features):
            metric.update(torch.from_numpy(batch).double(), real=is_real)
    return float(metric.compute())


def batches(features: Features) -> list[Features]:
    """Return features [N, d] in batches, as a network gives them."""
    return [features[start : start + BATCH_SIZE] for start in range(0, len(features), BATCH_SIZE)]


def drawn(images: int, features: int, purpose: str, shift: float = 0.0) -> Features:
    """Return features [images, features] like those of a network: not below 0, and correlated."""
    mixing = (Stream(0, "mixing").normal(features, features) / features**0.5).astype(np.float32)
    parts = []
    for step, start in enumerate(range(0, images, BATCH_SIZE)):
        normal = Stream(0, purpose, step).normal(min(BATCH_SIZE, images - start), features).astype(np.float32)
        parts.append(np.maximum(normal @ mixing + np.float32(shift), 0))
    return np.concatenate(parts)


def timed(
    runs: dict[str, Contestant], images: int, features: int, repetitions: int
) -> tuple[list[Turn], dict[str, float]]:
    """Warm everybody up, then let them take turns; return the seconds of each turn, and the FID by contestant."""
    real, generated = drawn(images, features, "real"), drawn(images, features, "generated", shift=0.02)
    values: dict[str, float] = {}

    def seconds(name: str) -> float:
        begun = time.perf_counter()
        values[name] = runs[name](real, generated)
        return time.perf_counter() - begun

    for run in runs.values():
        run(real[:64, :8], generated[:64, :8])
    return take_turns({name: lambda name=name: seconds(name) for name in runs}, repetitions), values


def tabulate(turns: list[Turn], values: dict[str, float], title: str) -> Table:
    """Return the table to print."""
    table = Table("", "seconds (least to most)", "times ours", "FID", "relative difference", title=title)
    for name, value in values.items():
        difference = abs(value - values[OURS]) / values[OURS]
        seconds, beside = spread(turns, name).words(".3g"), f"{ratio(turns, name, OURS).median:.2f}"
        table.add_row(name, seconds, beside, f"{value:.9g}", f"{difference:.1g}")
    return table


if __name__ == "__main__":
    tyro.cli(main)
