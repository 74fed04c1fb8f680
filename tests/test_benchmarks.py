"""The measurements as one tool: its table, its list, what is said where something is missing, the cheap ones run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmarks import BENCHMARKS
from benchmarks.benchmark import NEEDS, Benchmark
from benchmarks.measuring import measure
from benchmarks.outcome import Occasion, Outcome, Row, Spread
from benchmarks.pictures import pictures
from benchmarks.plain_loop import PlainLoop
from benchmarks.report import plain, tabulate
from benchmarks.step_cases import CASES
from benchmarks.turns import row, take_turns

from ganvas.recipes.recipe import find_recipe

ROOT = Path(__file__).parents[1]
SMALL_COMPACT = {"model.generator_width": 4, "model.discriminator_width": 4}
ELSEWHERE = {"web_page": "playwright"}
"""Benchmarks whose modules import what an installation may lack."""


def run(*arguments: str, timeout: int = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_row_loads_and_says_what_it_needs(name: str) -> None:
    if name in ELSEWHERE:
        pytest.importorskip(ELSEWHERE[name])
    benchmark = BENCHMARKS[name]
    assert callable(benchmark.load())
    assert benchmark.minutes > 0
    assert benchmark.summary.strip() == benchmark.summary != ""
    assert {*benchmark.needs} <= NEEDS.keys()


def test_the_readme_names_every_benchmark_and_case() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert [name for name in [*BENCHMARKS, *CASES] if f"`{name}`" not in text] == []


def test_the_list_says_what_each_measures_and_needs() -> None:
    done = run("--list")
    assert done.returncode == 0, done.stderr
    assert [name for name in BENCHMARKS if name not in done.stdout] == []
    assert "minutes on two quiet cores" in done.stdout
    assert "Keras" in done.stdout


def test_an_unknown_name_is_refused_with_the_likeliest() -> None:
    done = run("--only", "step_tim")
    assert done.returncode == 2
    assert "Did you mean `step_time`?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_list_imports_no_torch() -> None:
    code = "import sys; from benchmarks.__main__ import main; main(listed=True); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_figures_that_have_nowhere_to_go_are_refused_beforehand(tmp_path: Path) -> None:
    done = run("--quick", "--only", "feeding", "--out", str(tmp_path / "nowhere" / "found.json"))
    assert done.returncode == 2
    assert "There is no folder" in done.stderr


def breaks(occasion: Occasion) -> Outcome:
    raise ValueError("a wall\nfell over")


def holds(occasion: Occasion) -> Outcome:
    (occasion.folder / "written").touch(exist_ok=False)
    times = Spread.of([2.0, 1.0, 4.0])
    return Outcome([Row("walls", "s", 1.0, "a fence", 2.0, times)], {"stones": 3})


def test_what_fails_or_is_missing_costs_only_itself(tmp_path: Path) -> None:
    table = {
        "first": Benchmark(f"{__name__}:holds", "the first", 1),
        "wrong": Benchmark(f"{__name__}:breaks", "the wrong one", 1),
        "absent": Benchmark(f"{__name__}:breaks", "in Keras", 1, needs=("keras",)),
        "again": Benchmark(f"{__name__}:holds", "the last", 1),
    }
    taken = list(measure(table, Occasion(tmp_path)))
    assert [one.state for one in taken] == ["measured", "failed", "missing", "measured"]
    assert taken[1].rows[0].note == "Failed: ValueError: fell over"
    assert 'raise ValueError("a wall' in taken[1].error
    assert "pip install tensorflow-cpu" in taken[2].rows[0].note
    assert list(tmp_path.iterdir()) == [], "each has a folder of its own, which goes with it"
    machine: dict[str, Any] = dict.fromkeys(("processor", "cores", "threads", "memory_gib", "torch", "python"), 1)
    machine |= {"gpu": None, "digits": "noise", "start": {"gflops": 1, "load": 0.5}, "end": {"gflops": 1, "load": 0.5}}
    assert tabulate(taken, machine, quick=False).row_count == 4
    told = json.loads(json.dumps(plain(taken, machine, quick=False)))["benchmarks"]
    assert told["first"]["rows"][0]["times"] == {"median": 2.0, "least": 1.0, "most": 4.0}
    assert told["again"]["details"] == {"stones": 3}


def test_ratios_are_above_one_where_ours_is_better_and_taken_within_turns() -> None:
    values = iter([1.0, 3.0, 10.0, 20.0, 2.0, 2.0])
    turns = take_turns({"ours": lambda: next(values), "theirs": lambda: next(values)}, 3)
    assert row("seconds", "ms", turns, "ours", "theirs", 1e3) == Row(
        "seconds", "ms", 2000.0, "theirs", 3000.0, Spread(2.0, 1.0, 3.0)
    )
    assert row("rates", "images/s", turns, "ours", "theirs", rate=True).times == Spread(0.5, 1 / 3, 1.0)


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        ("r3gan_small", SMALL_COMPACT),
        ("dcgan", {"model.width": 4}),
        ("stylegan2_64", {"model.channel_base": 64, "model.style_size": 8, "model.latent_size": 8}),
        ("compact", SMALL_COMPACT),
    ],
)
def test_the_plain_loop_plays_a_recipes_game(recipe: str, settings: dict[str, int]) -> None:
    """Both players move, the losses are finite, and a lazy term costs only where it is due."""
    side = 64 if recipe == "stylegan2_64" else 16
    chosen = find_recipe(recipe).override(**{"training.batch_size": 4}, **settings)
    loop = PlainLoop(chosen, *pictures(20, side, 3))
    before = {name: weight.clone() for name, weight in loop.generator.named_parameters()}
    judged = [weight.clone() for weight in loop.discriminator.parameters()]
    assert loop.run(2) > 0
    assert [sorted(losses) for losses in loop.history] == [["d", "g"]] * 2
    assert torch.tensor([list(losses.values()) for losses in loop.history]).isfinite().all()
    moved = [name for name, weight in loop.generator.named_parameters() if not weight.equal(before[name])]
    assert len(moved) > len(before) / 2
    assert not all(map(torch.equal, judged, loop.discriminator.parameters()))
    averaged = dict(loop.averaged.named_parameters())
    halflife = chosen.training.average.halflife_images
    assert any(not averaged[name].equal(before[name]) for name in moved) == (halflife > 0)


@pytest.mark.slow
def test_the_cheap_ones_run_and_their_json_can_be_read(tmp_path: Path) -> None:
    """As a reader would run them; Keras is missing on purpose, and that is no error."""
    out = tmp_path / "found.json"
    cheap = ["start_up", "feeding", "generation_speed", "metric_arithmetic", "step_time_keras"]
    done = run("--quick", "--threads", "1", "--out", str(out), "--only", *cheap, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    found = json.loads(out.read_text(encoding="utf-8"))
    assert {name: one["state"] for name, one in found["benchmarks"].items()} == dict.fromkeys(cheap, "measured") | {
        "step_time_keras": "missing"
    }
    assert found["quick"] is True
    assert found["machine"]["start"]["gflops"] > 0
    for name in cheap[:-1]:
        for one in found["benchmarks"][name]["rows"]:
            assert one["ours"] > 0 and one["theirs"] > 0, one
            assert one["times"]["least"] <= one["times"]["median"] <= one["times"]["most"]
    assert "pip install tensorflow-cpu" in found["benchmarks"]["step_time_keras"]["rows"][0]["note"]
    assert "GFLOP/s" in done.stdout
