"""The README of a model folder: what the model is, how it was made, how to use it, what not to expect."""

from typing import Any

from ganvas.images import ImageShape


def model_card(
    name: str,
    family: str,
    image_shape: ImageShape,
    classes: tuple[str, ...],
    origin: dict[str, Any],
    scaling: str | None = None,
    translates: bool = False,
    has_samples: bool = True,
) -> str:
    """Return the card as Markdown, with the header that model hubs read; `scaling` is that of its images, by name."""
    task = "image-to-image" if translates else "unconditional-image-generation"
    body = card_body(name, family, image_shape, classes, origin, scaling, translates, has_samples)
    return f"---\nlibrary_name: ganvas\npipeline_tag: {task}\ntags: [gan, {family}, image-generation]\n---\n\n{body}"


def card_body(
    name: str,
    family: str,
    image_shape: ImageShape,
    classes: tuple[str, ...],
    origin: dict[str, Any],
    scaling: str | None = None,
    translates: bool = False,
    has_samples: bool = True,
    place: str = "",
) -> str:
    """Return the card without its header; `place` is what `load` is told, where that is not the name in quotes."""
    drawn = f"It draws {len(classes)} classes on demand: {', '.join(classes)}." if classes else "It has no classes."
    use = f"images = gan.generate(16{_label(classes)}, seed=0)"
    if translates:
        drawn = "It turns pictures into others: a source in, its translation out."
        use = f"images = gan.translate(pictures{_label(classes)})"
    picture = "\n![samples](samples.png)\n" if has_samples else ""
    made = "\n".join(f"| {key} | {value} |" for key, value in origin.items() if not isinstance(value, dict))
    score = origin.get("score")
    scored = (
        f"\nScore of this checkpoint: {score['protocol']} {score['value']:.4g} (lower is better).\n" if score else ""
    )
    height, width = image_shape[1:]
    fetched = "from huggingface_hub import snapshot_download\n" if place.startswith("snapshot") else ""
    return f"""# {name}

A generator of {image_shape} images, of the model family `{family}`. {drawn}
{picture}
## Use

```python
import ganvas
{fetched}
gan = ganvas.load({place or f'"{name}"'})
{use}  # uint8 [16, {height}, {width}, {image_shape.channels}]
```

The weights are safetensors and the description is JSON: reading them runs no code.
{_inverted(scaling)}
## How it was made

| | |
|---|---|
{made}
{scored}
## Limits

It knows only the images it was trained on, and their biases. Its images are synthetic: say so where you show them.
"""


def _label(classes: tuple[str, ...]) -> str:
    return f", labels={classes[0]!r}" if classes else ""


def _inverted(scaling: str | None) -> str:
    if scaling is None:
        return ""
    return (
        f"\nThe networks work on images scaled by `{scaling}`; `scaling.json` and `scaling.safetensors` hold it, and "
        "`generate` inverts it.\n"
    )
