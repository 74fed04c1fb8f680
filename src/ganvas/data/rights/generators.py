"""The settings that programs which generate images leave in their files: evidence that a model made the image."""

import re
from collections.abc import Iterator

from ganvas.data.rights.statement import Statement

_SIGNS: dict[str, tuple[tuple[bytes, ...], str]] = {
    "parameters": ((b"Steps:", b"Sampler:"), "settings of a Stable Diffusion web UI"),
    "prompt": ((b'"class_type"',), "ComfyUI prompt"),
    "workflow": ((b'"nodes"',), "ComfyUI workflow"),
    "invokeai_metadata": ((), "InvokeAI settings"),
    "sd-metadata": ((), "InvokeAI settings"),
    "dream": ((b" -s ",), "InvokeAI settings"),
    "fooocus_scheme": ((), "Fooocus settings"),
    "software": ((b"NovelAI",), "NovelAI"),
}
_SOURCE_TYPE = re.compile("trainedAlgorithmicMedia|compositeWithTrainedAlgorithmicMedia|trainedAlgorithmicData")


def generator_statements(key: str, value: bytes, where: str) -> Iterator[Statement]:
    """Yield a statement where the text under `key` holds the signs of a generator: the key alone is too common."""
    signs = _SIGNS.get(key.lower())
    if signs and all(sign in value for sign in signs[0]):
        yield Statement("synthetic", signs[1], f"{where} {key}")


def synthetic_source_type(text: str) -> str | None:
    """Return the digital source type in `text` that says a model made the image, or parts of it, if there is one.

    Source: IPTC NewsCodes, digitalsourcetype; C2PA 2.1, 18.15.4.1.
    """
    found = _SOURCE_TYPE.search(text)
    return found[0] if found else None
