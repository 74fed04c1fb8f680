"""A generator as one HTML file, which draws in any browser of 2023 or later: runtime, model and all inside.

The runtime is ONNX Runtime Web, its WebAssembly build for one thread with SIMD, kept beside the page as it was
published (MIT). So the page is made without a network and without npm, and opens from the disk.
"""

import base64
import gzip
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ganvas.errors import UsageError
from ganvas.exporting.models.onnx_file import facts, onnx_bytes
from ganvas.exporting.models.onnx_graph import Graph
from ganvas.exporting.models.trained import ModelExport, Trained
from ganvas.pages import render
from ganvas.players import Translator
from ganvas.progress import Progress
from ganvas.provenance import Provenance
from ganvas.storage import write_file

PACKAGE = "ganvas.exporting.web"
SCRIPTS = ("stream.js", "model.js", "picture.js", "page.js")
RUNTIME = "ONNX Runtime Web 1.30.0 (Microsoft, MIT licence)"
_RUNTIME_CODE = "onnxruntime/ort.wasm.bundle.min.mjs"
_RUNTIME_WASM = "onnxruntime/ort-wasm-simd-threaded.wasm.gz"
_MOST_DIRECTIONS = 24
_MOST_CLASSES = 1000


def write_web_page(trained: Trained, folder: Path, progress: Progress) -> None:
    """Write `model.html` into a folder; say how large it is."""
    content = web_page(trained).encode()
    progress.say(f"Page of {len(content) / 1e6:.1f} MB, the model in it checked against torch")
    write_file(folder / "model.html", content)


def web_page(trained: Trained) -> str:
    """Return the page; raise `UsageError` for a model that draws nothing of its own."""
    if isinstance(trained.generator, Translator):
        raise UsageError(
            "The page draws pictures from latents, and this model turns given pictures into others. Export it to "
            "`onnx` instead: its input `sources` takes them."
        )
    model, _ = onnx_bytes(trained)
    provenance = _provenance(trained)
    classes = trained.classes[:_MOST_CLASSES]
    return render(
        PACKAGE,
        "page.html",
        name=trained.name,
        sentence=_sentence(trained),
        own_style=_own_file("page.css"),
        classes=classes,
        directions=() if trained.controls is None else trained.controls.names[:_MOST_DIRECTIONS],
        facts=_told(trained),
        about=_json(_about(trained) | {"classes": classes, "provenance": provenance.model_dump(exclude_none=True)}),
        xmp=_json(provenance.xmp().decode()),
        runtime=RUNTIME,
        runtime_code=_base64(_own_bytes(_RUNTIME_CODE)),
        runtime_wasm=_base64(_own_bytes(_RUNTIME_WASM)),
        model=_base64(gzip.compress(model, mtime=0)),
        script=Markup("").join(_own_file(name) for name in SCRIPTS),
    )


def _about(trained: Trained) -> dict[str, Any]:
    """Return what the scripts must know."""
    known = facts(trained, Graph(trained.generator, trained.scaling, trained.mean_style))
    controls = trained.controls
    directions = [] if controls is None else zip(*controls, strict=True)
    return {key: known[key] for key in ("image_shape", "latent_size", "latent_distribution", "styled", "noise")} | {
        "style_size": known["style_size"],
        "file_name": re.sub(r"[^\w.-]+", "-", trained.name).strip("-.") or "picture",
        "directions": [
            {"name": name, "vector": vector.tolist(), "scale": float(scale)} for name, vector, scale in directions
        ][:_MOST_DIRECTIONS],
    }


def _provenance(trained: Trained) -> Provenance:
    origin = trained.origin
    return Provenance(
        software=trained.software,
        model=trained.sha256,
        family=trained.family,
        recipe=str(origin.get("recipe", "")),
        step=origin.get("step"),
    )


def _sentence(trained: Trained) -> str:
    shown = ", ".join(trained.classes[:12]) + (" ..." if len(trained.classes) > 12 else "")
    classes = f" of {len(trained.classes)} classes on demand ({shown})" if trained.classes else ""
    return f"A trained generator draws {trained.generator.image_shape} pictures{classes}."


def _told(trained: Trained) -> list[tuple[str, str]]:
    """Return what the page says of the model: names and values."""
    origin = trained.origin
    score = origin.get("score")
    told = {
        "Images": str(trained.generator.image_shape),
        "Family": trained.family,
        "Recipe": origin.get("recipe"),
        "Step": f"{step:,}" if isinstance(step := origin.get("step"), int) else None,
        "Score in training": f"{score['protocol']} {score['value']:.4g} (lower is better)" if score else None,
        **_scores(trained),
        "Licence of the model": trained.licence or "not stated",
        "Written by": trained.software,
        "Dataset": origin.get("dataset"),
        "Model (SHA-256)": trained.sha256,
    }
    return [(name, str(value)) for name, value in told.items() if value]


def _scores(trained: Trained) -> dict[str, str]:
    """Return the scores of these weights by protocol, each between those of real images and of noise."""
    results = () if trained.evaluation is None else trained.evaluation.results
    return {
        f"{result.metric} ({result.protocol})": f"{result.shown[0]}; real images {result.shown[2]}, noise "
        f"{result.shown[3]}" + ("" if result.better.startswith("as") else f" ({result.better} is better)")
        for result in results
    }


def _json(value: Any) -> Markup:  # noqa: ANN401
    """Return a value as JSON that no HTML parser takes for a tag."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _own_bytes(name: str) -> bytes:
    return (files(PACKAGE) / name).read_bytes()


def _own_file(name: str) -> Markup:
    return Markup(_own_bytes(name).decode())  # noqa: S704 (our own file)


def _base64(content: bytes) -> Markup:
    return Markup(base64.b64encode(content).decode())  # noqa: S704


WEB = ModelExport(write_web_page, suffix=".html")
