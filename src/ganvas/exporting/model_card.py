"""The README of a model folder: what the model is, how it was made, how good it is, how to use it, what not to expect.

Its head is what model hubs read, `model-index` with the results among it:
https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

import re
from typing import Any, NamedTuple

from ganvas.data.rights.attribution import escaped
from ganvas.exporting.front_matter import yaml_lines
from ganvas.images import ImageShape

SAMPLES = "samples.png"


class Result(NamedTuple):
    """A score: `shown` are value, interval, real images and noise as they are printed."""

    protocol: str
    metric: str
    value: float
    floor: float
    ceiling: float
    better: str
    """`lower`, `higher` or `as real images`."""
    interval: tuple[float, float] | None
    shown: tuple[str, str, str, str]


class Evaluation(NamedTuple):
    """An evaluation of these very weights."""

    dataset: str
    """Name of the dataset."""
    content_hash: str
    num_training: int
    num_held_out: int
    licences: dict[str, int]
    """Images by licence, "" where it is unknown."""
    seeds: int
    results: tuple[Result, ...]
    cautions: tuple[str, ...]


def model_card(
    name: str,
    family: str,
    image_shape: ImageShape,
    classes: tuple[str, ...],
    origin: dict[str, Any],
    scaling: str | None = None,
    translates: bool = False,
    has_samples: bool = True,
    evaluation: Evaluation | None = None,
    licence: str = "",
    tags: tuple[str, ...] = (),
    place: str = "",
) -> str:
    """Return the card as Markdown, with the header that model hubs read; `scaling` is that of its images, by name.

    `evaluation` must be of the weights that the card describes; `licence` is the name under which they are given on,
    `tags` stand beside the card's own, and `place` is what `load` is told, where that is not the name in quotes.
    """
    drawn = f"It draws {len(classes)} classes on demand: {', '.join(classes)}." if classes else "It has no classes."
    task, use = "unconditional-image-generation", f"images = gan.generate(16{_label(classes)}, seed=0)"
    if translates:
        drawn = "It turns pictures into others: a source in, its translation out."
        task, use = "image-to-image", f"images = gan.translate(pictures{_label(classes)})"
    picture = f"\n![samples]({SAMPLES})\n" if has_samples else ""
    made = "\n".join(
        f"| {key} | {value} |" for key, value in origin.items() if value is not None and not isinstance(value, dict)
    )
    head = _header(name, family, classes, task, evaluation)
    head |= {"license": licence or "unknown", "tags": [*head["tags"], *tags]}
    head |= {"thumbnail": SAMPLES} if has_samples else {}
    return f"""---
library_name: ganvas
pipeline_tag: {task}
{yaml_lines(head)}---

# {name}

A generator of {image_shape} images, of the model family `{family}`. {drawn}
{picture}
{_used(use, image_shape, place or f'"{name}"')}{_inverted(scaling)}
{_measured(evaluation)}## How it was made

| | |
|---|---|
{made}
{_scored(origin.get("score"))}
## Licence

{_rights(evaluation, licence)}

## Limits

It knows only the images it was trained on, and their biases. Its images are synthetic: say so where you show them.
"""


def _header(
    name: str, family: str, classes: tuple[str, ...], task: str, evaluation: Evaluation | None
) -> dict[str, Any]:
    tags = ["gan", family, "image-generation", *(["class-conditional"] if classes else [])]
    values: dict[str, Any] = {"tags": tags}
    if evaluation:
        results = {
            "task": {"type": task},
            "dataset": {
                "name": evaluation.dataset,
                "type": re.sub("[^a-z0-9._-]+", "-", evaluation.dataset.lower()).strip("-.") or "images",
                "args": {"content_hash": evaluation.content_hash},
            },
            "metrics": [_metric(result) for result in evaluation.results],
        }
        values["model-index"] = [{"name": name, "results": [results]}]
    return values


def _metric(result: Result) -> dict[str, Any]:
    beside: dict[str, Any] = {"real_images": result.floor, "noise": result.ceiling, "better": result.better}
    if result.interval:
        beside["interval_95"] = list(result.interval)
    return {
        "type": result.metric,
        "name": result.protocol,
        "value": result.value,
        "args": beside,
        "verified": False,
    }


def _used(use: str, image_shape: ImageShape, place: str) -> str:
    channels, height, width = image_shape
    fetched = "from huggingface_hub import snapshot_download\n" if place.startswith("snapshot") else ""
    return f"""## Use

```python
import ganvas
{fetched}
gan = ganvas.load({place})
{use}  # uint8 [16, {height}, {width}, {channels}]
```

The weights are safetensors and the description is JSON: reading them runs no code.
"""


def _measured(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    rows = "\n".join(
        f"| {result.metric} | {' | '.join(result.shown)} | {result.better} | `{result.protocol}` |"
        for result in evaluation.results
    )
    seeds = "" if evaluation.seeds == 1 else f" Values are means over {evaluation.seeds} seeds of the images."
    cautions = "\n\n".join(evaluation.cautions)
    return f"""## How good it is

Measured with these weights against {escaped(evaluation.dataset)}: {evaluation.num_training:,} images for training,
{evaluation.num_held_out:,} held out, content hash `{evaluation.content_hash}`.{seeds} Real images are held-out ones
under the same protocol: what could be reached. Compare only with numbers of the same protocol and content hash.

| metric | value | 95 % | real images | noise | better | protocol |
|---|---|---|---|---|---|---|
{rows}

{cautions}

"""


def _scored(score: dict[str, Any] | None) -> str:
    if not score:
        return ""
    return f"\nScore of this checkpoint while it was trained: {score['protocol']} {score['value']:.4g}.\n"


def _rights(evaluation: Evaluation | None, licence: str) -> str:
    words = (
        f"The weights are given on under `{licence}`."
        if licence
        else "No licence was chosen for the weights: name one as `license` at the head of this file before handing "
        "them on."
    )
    if evaluation is None or not evaluation.licences:
        return words
    named = sorted(evaluation.licences.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ", ".join(f"{escaped(licence or 'unknown')} ({count:,})" for licence, count in named[:20])
    return f"{words} The images that it learnt from come under: {shown}."


def _label(classes: tuple[str, ...]) -> str:
    return f", labels={classes[0]!r}" if classes else ""


def _inverted(scaling: str | None) -> str:
    if scaling is None:
        return ""
    return (
        f"\nThe networks work on images scaled by `{scaling}`; `scaling.json` and `scaling.safetensors` hold it, and "
        "`generate` inverts it.\n"
    )
