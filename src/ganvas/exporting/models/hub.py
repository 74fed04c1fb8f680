"""A repository as the Hugging Face Hub keeps models: card, weights, description, samples, and the model as ONNX."""

import re
from pathlib import Path

from ganvas.errors import UsageError
from ganvas.exporting.model_card import SAMPLES
from ganvas.exporting.models.onnx_file import write_onnx
from ganvas.exporting.models.onnx_graph import Graph
from ganvas.exporting.models.trained import README, ModelExport, Trained, needed
from ganvas.progress import Progress
from ganvas.storage import replace_file

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_PLACE = 'snapshot_download("USER/NAME")'


def write_repository(trained: Trained, folder: Path, progress: Progress) -> None:
    """Fill a folder for `huggingface_hub.upload_folder`; everything is made here, without a network."""
    trained.write_folder(folder)
    write_onnx(trained, folder, progress)
    usage = _onnx_usage(Graph(trained.generator, trained.scaling, trained.mean_style))
    trained.write_card(folder, tags=("onnx", "safetensors"), place=_PLACE, more=usage)


def _onnx_usage(graph: Graph) -> str:
    """Return how the ONNX file is used without Ganvas or torch, as Markdown."""
    shapes = {"labels": "np.zeros(16, np.int64)", "truncation": "np.ones(16, np.float32)"}
    sizes = dict(zip(graph.inputs, (list(tensor.shape[1:]) for tensor in graph.example(1)), strict=True))
    lines = []
    for name in graph.inputs:
        size = ", ".join(map(str, [16, *sizes[name]]))
        drawn = "zeros" if name == "style_offsets" else "standard_normal"
        value = f"np.zeros(({size}), np.float32)" if drawn == "zeros" else f"rng.standard_normal(({size}), np.float32)"
        if name == "sources" or (name == "latents" and graph.generator.latent_distribution == "uniform"):
            value = f"rng.uniform(-1, 1, ({size})).astype(np.float32)"
        lines.append(f'    "{name}": {shapes.get(name, value)},')
    inputs = "\n".join(lines)
    return f"""
## Without Ganvas

`model.onnx` runs wherever ONNX does; every batch size, images [N, C, H, W] in [-1, 1]. Its metadata, key `ganvas`, is
this card as JSON.

```python
import numpy as np
import onnxruntime

rng = np.random.default_rng(0)
session = onnxruntime.InferenceSession("model.onnx")
(images,) = session.run(["images"], {{
{inputs}
}})
pixels = np.rint((images.transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
```
"""


def check_name(name: str) -> None:
    """Raise `UsageError` for what cannot be the name of a repository."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"`{name}` is no repository: give USER/NAME, of letters, digits, `-`, `_` and `.`.")


def upload(folder: Path, name: str, endpoint: str | None = None, token: str | None = None) -> str:
    """Upload a repository's folder as `USER/NAME`, making the repository where there is none; return its address.

    Raises `UsageError` where huggingface_hub is missing, nobody is logged in, or the Hub refuses.
    """
    check_name(name)
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import LocalTokenNotFoundError
    except ImportError as error:
        raise needed("huggingface_hub", "Uploading to the Hub", "hub") from error
    api = HfApi(endpoint=endpoint, token=token)
    _name_it(folder / README, name, f"{api.endpoint}/{name}")
    try:
        api.whoami()
        api.create_repo(name, repo_type="model", exist_ok=True)
        found = api.upload_folder(repo_id=name, folder_path=folder, commit_message="Model written by Ganvas")
    except LocalTokenNotFoundError as error:
        raise UsageError("Nobody is logged in to the Hub: run `hf auth login`, or set HF_TOKEN.") from error
    except Exception as error:  # its transport's errors have no base that we could name
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UsageError(f"The Hub did not take `{name}`: {reason} The folder `{folder}` is complete.") from error
    return str(found).split("/commit/")[0].split("/tree/")[0]


def _name_it(card: Path, name: str, address: str) -> None:
    """Put a repository's name and address into its card; the Hub wants the address of a thumbnail whole."""
    head, body = card.read_bytes().decode().split("\n---\n", 1)
    head = head.replace(f'thumbnail: "{SAMPLES}"', f'thumbnail: "{address}/resolve/main/{SAMPLES}"')
    replace_file(card, f"{head}\n---\n{body}".replace(_PLACE, f'snapshot_download("{name}")').encode())


HUB = ModelExport(write_repository, mark="model.json")
