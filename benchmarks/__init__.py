"""Measurements of this system against other ways to do the same work; `python -m benchmarks` takes all of them."""

from benchmarks.benchmark import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    "start_up": Benchmark(
        "benchmarks.start_up:benchmark", "seconds of whole commands, beside `import torch` alone", minutes=2
    ),
    "prepare_speed": Benchmark(
        "benchmarks.prepare_speed:benchmark",
        "images a second from files to a dataset folder, beside a Pillow loop and an ImageFolder",
        minutes=11,
        needs=("cifar10",),
    ),
    "feeding": Benchmark(
        "benchmarks.feeding:benchmark",
        "images a second and memory of batches in training, beside a DataLoader and PNG files",
        minutes=4,
    ),
    "feeding_memory": Benchmark(
        "benchmarks.feeding_memory:benchmark",
        "what memory grows by while images are read for training, beside a mapped file",
        minutes=1,
        needs=("linux",),
    ),
    "step_time": Benchmark(
        "benchmarks.step_time:benchmark", "milliseconds of a training step, beside a plain PyTorch loop", minutes=12
    ),
    "step_time_keras": Benchmark(
        "benchmarks.step_time:keras", "milliseconds of a step of the book's GANs, beside Keras", 4, needs=("keras",)
    ),
    "step_time_gpu": Benchmark(
        "benchmarks.step_time:on_gpu",
        "milliseconds of a training step on a GPU, beside a plain PyTorch loop",
        minutes=4,
        needs=("gpu",),
    ),
    "step_time_r3gan": Benchmark(
        "benchmarks.r3gan_step:benchmark",
        "milliseconds of a step of R3GAN, beside its authors' program",
        minutes=4,
        needs=("R3GAN", "pkg_resources"),
    ),
    "step_time_mimicry": Benchmark(
        "benchmarks.mimicry_step:benchmark",
        "milliseconds of a step of SNGAN, beside Mimicry's",
        minutes=2,
        needs=("mimicry",),
    ),
    "keras_check": Benchmark(
        "benchmarks.keras_check:benchmark",
        "whether three rounds of the book's ACGAN give the numbers of Keras",
        minutes=2,
        needs=("keras",),
    ),
    "generation_speed": Benchmark(
        "benchmarks.generation_speed:benchmark", "pictures a second and memory, beside a plain torch loop", minutes=4
    ),
    "web_page": Benchmark(
        "benchmarks.web_page:benchmark",
        "milliseconds a picture of the one-file page in Chromium, beside torch",
        minutes=1,
        needs=("chromium", "onnx"),
    ),
    "serving_load": Benchmark(
        "benchmarks.serving_load:benchmark",
        "1,000 requests at once, beside a plain FastAPI handler",
        minutes=2,
        needs=("serve",),
    ),
    "metric_arithmetic": Benchmark(
        "benchmarks.metric_arithmetic:benchmark",
        "seconds from features to FID, beside torchmetrics in float64",
        minutes=3,
        needs=("torchmetrics",),
    ),
}
"""Every benchmark that needs nothing but this machine, in the order of running: one file and one line for a new one."""
