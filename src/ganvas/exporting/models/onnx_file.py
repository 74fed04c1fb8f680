"""A generator as one file of ONNX: every batch size, its facts inside, checked against torch before it is kept."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.errors import ModelError
from ganvas.exporting.models.onnx_graph import Graph
from ganvas.exporting.models.trained import ModelExport, Trained, needed
from ganvas.players import StyledGenerator, Translator
from ganvas.progress import Progress
from ganvas.provenance import SOURCE_TYPE
from ganvas.storage import write_file

OPSET = 18
NUM_CHECKED = 64
LARGEST_DIFFERENCE = 1e-3
"""Of a value in [-1, 1]; an eighth of the step from one byte to the next."""
_BATCH = 16


def write_onnx(trained: Trained, folder: Path, progress: Progress) -> None:
    """Write `model.onnx` into a folder, and tell how far it is from torch."""
    content, difference = onnx_bytes(trained)
    progress.say(
        f"ONNX, opset {OPSET}, {len(content) / 1e6:.1f} MB: {NUM_CHECKED} images, largest difference from torch "
        f"{difference:.1e} of [-1, 1]"
    )
    write_file(folder / "model.onnx", content)


def onnx_bytes(trained: Trained) -> tuple[bytes, float]:
    """Return a generator as the bytes of an ONNX file, and its largest difference from torch over 64 images.

    Raises `ModelError` where the two differ by 0.001 or more, `UsageError` where a package is missing.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401  (the check below)
        import onnxscript  # noqa: F401  (torch needs it)
    except ImportError as error:
        raise needed(error.name or "onnx", "Exporting to ONNX", "onnx") from error
    graph = Graph(trained.generator, trained.scaling, trained.mean_style).eval()
    model = _exported(graph)
    for node in model.graph.node:  # torch notes there which file and line each comes from
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    model.graph.ClearField("metadata_props")
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        value.ClearField("metadata_props")
    model.producer_name, model.producer_version = "ganvas", trained.software.removeprefix("ganvas ")
    model.graph.name, model.doc_string = (
        trained.name,
        f"{trained.generator.image_shape} images, family {trained.family}",
    )
    onnx.helper.set_model_props(model, {"ganvas": json.dumps(facts(trained, graph), ensure_ascii=False)})
    content = model.SerializeToString()
    difference = difference_from_torch(graph, content)
    if not difference < LARGEST_DIFFERENCE:
        raise ModelError(
            f"The ONNX file draws other images than torch: the largest difference over {NUM_CHECKED} of them is "
            f"{difference:.2g} of [-1, 1], where less than {LARGEST_DIFFERENCE} was expected. Nothing was written. "
            "Please report this, with the versions of torch, onnxscript and onnxruntime."
        )
    return content, difference


def facts(trained: Trained, graph: Graph) -> dict[str, Any]:
    """Return what a program must know to use the file, and a person to trust it; plain JSON, key `ganvas` inside."""
    generator = trained.generator
    return {
        "format": 1,
        "name": trained.name,
        "model": trained.sha256,
        "software": trained.software,
        "family": trained.family,
        "image_shape": list(generator.image_shape),
        "source_shape": list(generator.source_shape) if isinstance(generator, Translator) else None,
        "classes": list(trained.classes),
        "latent_size": generator.latent_size,
        "latent_distribution": generator.latent_distribution,
        "styled": isinstance(generator, StyledGenerator),
        "style_size": 0 if graph.mean_style is None else graph.mean_style.shape[-1],
        "inputs": list(graph.inputs),
        "noise": [{"input": one.name, "layer": one.layer, "size": [one.height, one.width]} for one in graph.noise],
        "output": "images [N, C, H, W] in [-1, 1]; byte = round((value + 1) * 127.5)",
        "scaling": "symmetric" if trained.scaling is None else trained.scaling.settings.scaling,
        "origin": trained.origin,
        "licence": trained.licence or None,
        "digital_source_type": SOURCE_TYPE,
    }


@torch.no_grad()
def difference_from_torch(graph: Graph, content: bytes) -> float:
    """Return the largest absolute difference between the file's images and torch's, over 64 latents."""
    run = session_of(content)
    inputs = graph.example(NUM_CHECKED)
    largest = 0.0
    for start in range(0, NUM_CHECKED, _BATCH):
        chosen = tuple(tensor[start : start + _BATCH] for tensor in inputs)
        found = run(dict(zip(graph.inputs, (tensor.numpy() for tensor in chosen), strict=True)))
        largest = max(largest, float(np.abs(found - graph(*chosen).numpy()).max()))
    return largest


def session_of(content: bytes) -> Any:  # noqa: ANN401
    """Return a function from inputs by name to the images of an ONNX file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # its waiting threads would slow torch
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(inputs: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        return np.asarray(session.run(["images"], inputs)[0])

    return run


def _exported(graph: Graph) -> Any:  # noqa: ANN401
    """Return the graph as a model of ONNX."""
    num = torch.export.Dim("N", min=1)
    try:
        with _quiet():
            program = torch.onnx.export(
                graph,
                graph.example(3),
                input_names=graph.inputs,
                output_names=("images",),
                dynamic_shapes=(tuple({0: num} for _ in graph.inputs),),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        raise ModelError(
            "This generator cannot be exported to ONNX: what it computes depends on its values in a way that a graph "
            f"cannot say, or ONNX lacks a layer of it. torch says: {_last_line(error)}"
        ) from error
    assert program is not None
    return program.model_proto


def _last_line(error: BaseException) -> str:
    """Return what the first cause of an error says, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what torch's exporter says of itself: that torchvision is absent, and its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


ONNX = ModelExport(write_onnx, suffix=".onnx")
