"""Packages that only some of the work needs, and the command that installs them into this very environment."""

import shlex
import sys

EXTRAS: dict[str, tuple[str, ...]] = {
    "data": ("pyarrow>=20", "scikit-image>=0.25", "cbor2>=5.7", "httpx>=0.28", "protego>=0.5"),
    "cluster": ("ray>=2.50",),
    "video": ("av>=15",),
    "onnx": ("onnx>=1.19", "onnxscript>=0.5", "onnxruntime>=1.23"),
    "hub": ("huggingface_hub>=1.0",),
    "serve": ("fastapi>=0.130", "uvicorn>=0.40", "python-multipart>=0.0.20"),
    "studio": ("fastapi>=0.130", "uvicorn>=0.40", "python-multipart>=0.0.20", "nicegui>=3.5"),
    "yaml": ("pyyaml>=6",),
}
"""The requirements of each extra of pyproject.toml that a message may name."""


def install(extra: str) -> str:
    """Return the sentence that says how the packages of an extra get into this Python; it ends with the command."""
    return f"Install with: {pip_install(*EXTRAS[extra])}"


def pip_install(*requirements: str) -> str:
    """Return the command that installs packages into this Python: never by Ganvas' own name in a registry."""
    return shlex.join([sys.executable or "python", "-m", "pip", "install", *requirements])
