"""A row of `BENCHMARKS`, and what a benchmark may need of the machine."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks.outcome import Occasion, Outcome
from ganvas.extras import EXTRAS, pip_install


class Benchmark(NamedTuple):
    """Where it is (`module:name`, a function of an `Occasion`), what it measures, its cost on two quiet cores.

    Without what it `needs`, rows of `NEEDS`, it is not run.
    """

    path: str
    summary: str
    minutes: float
    needs: tuple[str, ...] = ()

    def load(self) -> Callable[[Occasion], Outcome]:
        """Import and return the function."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)


class Need(NamedTuple):
    """What may be missing: how to tell, its name, and how to get it."""

    is_met: Callable[[Occasion], bool]
    name: str
    remedy: str


def missing(names: tuple[str, ...], occasion: Occasion) -> str:
    """Return what is missing of some rows of `NEEDS` and what to do, one sentence for each."""
    needed = [NEEDS[name] for name in names]
    return " ".join(f"No {need.name}: {need.remedy}" for need in needed if not need.is_met(occasion))


def chromium() -> str | None:
    """Return the browser's program, where there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def data_folder() -> Path:
    """Return the folder of public data that `GANVAS_DATA` names."""
    return Path(os.environ.get("GANVAS_DATA") or "nowhere")


def _has(*modules: str) -> Callable[[Occasion], bool]:
    return lambda occasion: all(importlib.util.find_spec(module) for module in modules)


def _has_keras(occasion: Occasion) -> bool:
    if occasion.keras_python is None:
        return False
    looking = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is None)"
    try:
        return subprocess.run([occasion.keras_python, "-c", looking], check=False).returncode == 0
    except OSError:
        return False


def _has_gpu(occasion: Occasion) -> bool:
    import torch

    return torch.cuda.is_available()


def _peer(name: str, repository: str, file: str) -> Need:
    folder = repository.rpartition("/")[2]
    return Need(
        lambda occasion: occasion.peers is not None and (occasion.peers / folder / file).is_file(),
        f"{name}'s program",
        f"`git clone https://github.com/{repository} PEERS/{folder}`, then `--peers PEERS`.",
    )


NEEDS: dict[str, Need] = {
    "keras": Need(
        _has_keras,
        "Keras",
        "`python3 -m venv keras && keras/bin/pip install tensorflow-cpu`, then `--keras-python keras/bin/python`.",
    ),
    "chromium": Need(
        lambda occasion: chromium() is not None and _has("playwright")(occasion),
        "Chromium with Playwright",
        f"install a package `chromium`, and: {pip_install('playwright')}",
    ),
    "onnx": Need(_has("onnx", "onnxscript", "onnxruntime"), "ONNX", pip_install(*EXTRAS["onnx"])),
    "serve": Need(_has("fastapi", "uvicorn"), "FastAPI with uvicorn", pip_install(*EXTRAS["serve"])),
    "torchmetrics": Need(_has("torchmetrics"), "torchmetrics", pip_install("torchmetrics")),
    "cifar10": Need(
        lambda occasion: all((data_folder() / name).is_file() for name in ("cifar10.tar", "messy.tar")),
        "files to prepare",
        "name a folder that has cifar10.tar and messy.tar by the variable GANVAS_DATA.",
    ),
    "linux": Need(
        lambda occasion: Path("/proc/self/status").is_file(), "/proc, where memory is read", "run it on Linux."
    ),
    "gpu": Need(_has_gpu, "GPU that this torch can use (CUDA)", "run it on a machine that has one."),
    "R3GAN": _peer("R3GAN", "brownvc/R3GAN", "R3GAN/Trainer.py"),
    "mimicry": _peer("Mimicry", "kwotsin/mimicry", "torch_mimicry/nets/sngan/sngan_32.py"),
    "pkg_resources": Need(
        _has("pkg_resources"), "pkg_resources, which R3GAN's program wants", pip_install("setuptools<81")
    ),
}
