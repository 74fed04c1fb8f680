"""Walk: a model in, a film from seed to seed out; or a run in, a film of its training."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ganvas.animations import check_film, enlarged, save_animation
from ganvas.captions import captioned_sheet
from ganvas.errors import RunError, UsageError
from ganvas.generation.classes import expect_mixing
from ganvas.generation.drawing import CHUNK, Request, styles_of
from ganvas.generation.latents import Address, Interpolation, expect_styles, latents_at, seeds_of
from ganvas.generation.latents import walk as walk_latents
from ganvas.images import Pixels, contact_sheet, save_png, to_bytes
from ganvas.progress import Lines, Progress
from ganvas.provenance import Provenance, provenance_of
from ganvas.storage import reading
from ganvas.workflows.choice import Choice, choice_of, labels_at, refined
from ganvas.workflows.favourites import favourites_of, stops_between
from ganvas.workflows.generate import pictures_of
from ganvas.workflows.model import Labels, Model, load

Way = Literal["linear", "spherical", "styles"]
_LEAST_HEIGHT = 192
_HELD_SECONDS = 2.0
_MOST_SHEET = 400
_NOT_ON_A_WALK = ("mixture", "mix_seed", "mix_layers", "bits")


class Stops(NamedTuple):
    """What a walk leads by: latents [S, Z] or styles [S, L, W], and the weight of each class [S, K] or the class.

    `told` says where they are from; `noise` is the address of the image whose noise all frames take.
    """

    values: Tensor
    are_styles: bool
    label: int | None
    weights: Tensor | None
    told: dict[str, Any]
    noise: Address = (0, 0)


def walk(
    model: Model | str | Path,
    out: str | Path,
    seeds: str | Sequence[int] = "0-7",
    labels: Labels = None,
    frames: int = 24,
    frames_per_second: float = 12.0,
    way: Way | None = None,
    loop: bool = True,
    progress: Progress | None = None,
    favourites: str | Path | Iterable[Provenance] | None = None,
    **choices: Any,  # noqa: ANN401
) -> Path:
    """Write the film of a walk from seed to seed, `frames` from each to the next, and back to the first in a loop.

    The name's ending says how: .gif, .webp, .mp4; .png lays the frames out as a sheet instead. `way` is spherical for
    latents N(0, 1) and linear for others where not given; `styles` goes linearly between the styles of a model that has
    them. `labels` is one class, or one for each seed [S]: then classes are mixed on the way. `favourites`, a file of
    them or what pictures say of themselves, are in place of seeds and classes: the walk leads over those that this
    model drew, as they were drawn. `choices` are truncation and directions. Raises `UsageError` for endings, seeds and
    classes that cannot be, `StorageError` for the disk, and what `load` raises.
    """
    model, progress, path = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    choice = choice_of(model, choices, _NOT_ON_A_WALK)
    if not (is_sheet := path.suffix.lower() == ".png"):
        check_film(path, frames_per_second)
    way = way or ("spherical" if model.generator.latent_distribution == "normal" else "linear")
    stops = _stops(model, seeds, labels, way) if favourites is None else _kept_stops(model, favourites)
    if frames < 1 or len(stops.values) < 2:
        raise UsageError("A walk leads over at least 2 pictures, with at least 1 frame from each to the next.")
    loop = loop and not is_sheet
    total = len(stops.values) * frames if loop else (len(stops.values) - 1) * frames + 1
    if is_sheet and total > _MOST_SHEET:
        raise UsageError(f"A sheet holds {_MOST_SHEET} frames at most; {total:,} were asked for. Write a film instead.")
    progress.begin("walking", total)
    drawn = _counted(_frames(model, _requests(stops, frames, way, loop), choice), progress)
    told = {"film": "walk", **stops.told, "frames": frames, "way": way, "loop": loop, **choice.plain_changes()}
    label = None if stops.label is None else model.classes[stops.label]
    provenance = model.provenance(label=label, settings=told)
    if is_sheet:
        save_png(path, contact_sheet(np.stack(list(drawn)), frames + 1), provenance)
    else:
        save_animation(path, (enlarged(frame, _LEAST_HEIGHT) for frame in drawn), frames_per_second, provenance)
    progress.end()
    return path


def film_training(
    run: str | Path, out: str | Path, frames_per_second: float = 4.0, progress: Progress | None = None
) -> Path:
    """Write the film of a run's samples, the step beneath each; the last stays for two seconds.

    Raises `RunError` where there are fewer than 2 grids.
    """
    folder, path, progress = Path(run), Path(out), progress or Lines()
    check_film(path, frames_per_second)
    samples = sorted((folder / "samples").glob("[0-9]*.png"))
    if len(samples) < 2:
        raise RunError(
            f"`{folder}` holds {len(samples)} sample grids in samples/, and a film of training needs at least 2. Train "
            "with a smaller `samples.every`, or give the run folder of `ganvas train`."
        )
    progress.begin("filming", len(samples))
    shown = _counted((_sample(sample) for sample in samples), progress)
    held = repeat(_sample(samples[-1]), max(1, round(_HELD_SECONDS * frames_per_second)) - 1)
    save_animation(path, chain(shown, held), frames_per_second, _provenance_of_film(samples))
    progress.end()
    return path


def _sample(path: Path) -> Pixels:
    """Return a sample grid with its step beneath."""
    with reading(path), Image.open(path) as image:
        pixels = np.array(image)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    return captioned_sheet(pixels[None], [f"step {int(path.stem):,}"])


def _provenance_of_film(samples: list[Path]) -> Provenance | None:
    last = provenance_of(samples[-1])  # None for runs of before samples said where they are from
    settings = {"film": "training", "steps": [int(path.stem) for path in samples]}
    return None if last is None else last.model_copy(update={"settings": settings})


def walk_frames(
    model: Model, favourites: Iterable[Provenance], frames: int = 12, loop: bool = True
) -> Iterator[Pixels]:
    """Yield the frames [H, W, C] of a walk over favourites, to be played without a file."""
    way: Way = "spherical" if model.generator.latent_distribution == "normal" else "linear"
    stops = _kept_stops(model, list(favourites))
    yield from _frames(model, _requests(stops, frames, way, loop), Choice())


def _kept_stops(model: Model, favourites: str | Path | Iterable[Provenance]) -> Stops:
    kept = favourites_of(model, favourites)
    if len(kept) < 2:
        raise UsageError(
            f"A walk leads over at least 2 favourites, and this model drew {len(kept)} of those given. Keep some: "
            "`ganvas favourites FILE --keep PICTURE.png`."
        )
    requests = stops_between(model, kept)
    styles = [request.styles for request in requests if request.styles is not None]
    latents = [request.latents for request in requests if request.latents is not None]
    weights = [torch.from_numpy(request.class_weights) for request in requests if request.class_weights is not None]
    label = None if weights or requests[0].labels is None else int(requests[0].labels[0])
    shares = torch.cat(weights) if weights else None
    noise, told = requests[0].noise[0], {"favourites": len(kept)}
    return Stops(torch.cat(styles or latents), bool(styles), label, shares, told, noise)


def _stops(model: Model, seeds: str | Sequence[int], labels: Labels, way: Way) -> Stops:
    chosen = seeds_of(seeds)
    if len(chosen) < 2:
        raise UsageError("A walk leads over at least 2 seeds, with at least 1 frame from each to the next.")
    addresses, told = [(seed, 0) for seed in chosen], {"seeds": chosen}
    several = labels is not None and not isinstance(labels, int | str | np.integer)
    numbers = model.class_numbers(labels, len(chosen)) if labels is not None else labels_at(model, addresses[:1])
    latents = latents_at(model.generator, addresses)
    if several and numbers is not None and len(set(numbers.tolist())) > 1:
        if way == "styles":
            return Stops(_styles(model, latents, numbers), True, None, None, told)
        expect_mixing(model.generator, model.classes[int(numbers[0])])
        weights = torch.nn.functional.one_hot(torch.from_numpy(numbers), len(model.classes)).float()
        return Stops(latents, False, None, weights, told)
    label = None if numbers is None else int(numbers[0])
    if way == "styles":
        of_class = None if label is None else np.full(len(chosen), label)
        return Stops(_styles(model, latents, of_class), True, label, None, told)
    return Stops(latents, False, label, None, told)


def _styles(model: Model, latents: Tensor, numbers: NDArray[np.int64] | None) -> Tensor:
    return styles_of(expect_styles(model.generator), Request(latents=latents, labels=numbers))


def _requests(stops: Stops, frames: int, way: Way, loop: bool) -> Iterator[Request]:
    """Yield what to draw, a chunk of frames at a time; noise is that of one image throughout."""
    how: Interpolation = "spherical" if way == "spherical" else "linear"
    values = walk_latents(stops.values, frames, how, loop)
    shares = None if stops.weights is None else walk_latents(stops.weights, frames, "linear", loop)
    while chunk := list(islice(values, CHUNK)):
        num = len(chunk)
        kind = "styles" if stops.are_styles else "latents"
        given: dict[str, Any] = {kind: torch.stack(chunk), "noise": (stops.noise,) * num}
        if shares is not None:
            given["class_weights"] = torch.stack(list(islice(shares, num))).numpy()
        elif stops.label is not None and not stops.are_styles:
            given["labels"] = np.full(num, stops.label)
        yield Request(**given)


def _frames(model: Model, requests: Iterator[Request], choice: Choice) -> Iterator[Pixels]:
    for request in requests:
        for chunk in pictures_of(model, refined(model, request, choice)):
            yield from to_bytes(chunk)


def _counted(frames: Iterator[Pixels], progress: Progress) -> Iterator[Pixels]:
    for frame in frames:
        progress.advance()
        yield frame
