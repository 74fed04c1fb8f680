"""Drawing: models kept loaded, pictures made by one thread beside the server, old wishes dropped for the newest."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ganvas.config import Config, Field
from ganvas.progress import Silent

if TYPE_CHECKING:
    from ganvas.provenance import Provenance
    from ganvas.workflows.model import Model

MOST_LOADED = 3
MOST_PICTURES = 100
T = TypeVar("T")
Wish = TypeVar("Wish")
_STAMPED = ("best", "latest", "model.json", "generator.safetensors", "directions.json", "config.json")


class Wanted(Config):
    """Pictures that a page shows: which, of which model, drawn how; what `ganvas generate` is given."""

    model: Path = Field(description="run or model folder")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="seed")
    first: int = Field(default=0, ge=0, description="index of the first")
    num: int = Field(default=16, ge=1, le=MOST_PICTURES, description="how many")
    label: str | None = Field(default=None, description="class; by chance without")
    each_class: bool = Field(default=False, description="each class in turn")
    latents: Path | None = Field(default=None, description="latents of `ganvas project`, in place of seeds")
    mixture: dict[str, float] = Field(default={}, description="share of each class")
    truncation: float = Field(default=1.0, description="pull towards the mean image; 1 leaves it")
    directions: dict[str, float] = Field(default={}, description="standard deviations to go along each direction")

    @property
    def choices(self) -> dict[str, Any]:
        """The fields of `Choice`."""
        moved = {name: strength for name, strength in self.directions.items() if strength}
        shares = {} if self.latents or self.each_class or self.label is not None else self.mixture
        return {"truncation": self.truncation, "directions": moved, "mixture": shares}

    def arguments(self, model: str, out: str = "pictures", latents: str = "") -> list[str]:
        """Return the same as arguments of `ganvas generate`, its model and latents written as given."""
        which = ["--latents", latents] if self.latents else ["--num", str(self.num), "--seed", str(self.seed)]
        which += ["--first", str(self.first)] if self.first and not self.latents else []
        choices = self.choices
        mixture = ",".join(f"{name}:{share:g}" for name, share in choices["mixture"].items())
        label = mixture or ("" if self.latents or self.each_class else self.label or "")
        how = ["--each-class"] if self.each_class and not self.latents else ["--label", label] if label else []
        how += ["--truncation", f"{self.truncation:g}"] if self.truncation != 1 else []
        how += [text for name, far in choices["directions"].items() for text in ("--direction", f"{name}={far:g}")]
        return [model, *which, *how, "--out", out]


class Drawn(NamedTuple):
    """One picture: the bytes of its PNG file, what it says of itself, the name of its file."""

    png: bytes
    provenance: "Provenance"
    file: str


class Abilities(NamedTuple):
    """What a page may offer of a model; `problem` says what cannot be read."""

    sha256: str
    classes: tuple[str, ...]
    mixes: bool
    directions: tuple[str, ...]
    problem: str


class Favourite(NamedTuple):
    """A favourite, its number in the file, drawn anew."""

    number: int
    drawn: Drawn


class Drawing:
    """The models that were asked for last, and the one thread that draws with them."""

    def __init__(self, most_loaded: int = MOST_LOADED) -> None:
        self._most_loaded = most_loaded
        self._loaded: OrderedDict[Path, tuple[tuple[int, ...], Model]] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="drawing")

    async def ask(self, work: Callable[..., T], *given: Any) -> T:  # noqa: ANN401
        """Return what `work(*given)` returns, done by the drawing thread: one piece of work at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *given))

    def model(self, folder: Path) -> "Model":
        """Return the model of a folder as it is now, read again where its files changed; in the drawing thread."""
        from ganvas.workflows.model import load

        stamp = _stamp(folder)
        kept = self._loaded.pop(folder, None)
        model = kept[1] if kept and kept[0] == stamp else load(folder)
        self._loaded[folder] = (stamp, model)
        while len(self._loaded) > self._most_loaded:
            self._loaded.popitem(last=False)
        return model

    def pictures(self, wanted: Wanted) -> list[Drawn]:
        """Return the pictures wanted, each as the PNG file that `ganvas generate` writes; in the drawing thread."""
        from ganvas.images import png_bytes
        from ganvas.workflows.choice import Addresses, Choice, each_class_of, expect_drawing, parts
        from ganvas.workflows.generate import draw_pictures
        from ganvas.workflows.project import draw_projected, read_latents

        model = self.model(wanted.model)
        expect_drawing(model)
        choice = Choice.read(wanted.choices, "What was asked for")
        if wanted.latents is not None:
            drawn = draw_projected(model, read_latents(wanted.latents, model)[:MOST_PICTURES], choice)
        else:
            addresses = Addresses([wanted.seed], wanted.first, wanted.num)
            label = None if wanted.each_class or choice.mixture else wanted.label
            numbers = model.class_numbers(label, wanted.num)
            numbers = each_class_of(model, addresses, choice) if wanted.each_class else numbers
            drawn = draw_pictures(model, parts(model, addresses, numbers, choice), choice)
        return [
            Drawn(png_bytes(pixels, picture.provenance), picture.provenance, picture.facts["file"])
            for chunk, pictures in drawn
            for pixels, picture in zip(chunk, pictures, strict=True)
        ]

    def abilities(self, folder: Path) -> Abilities:
        """Return what the model of a folder can do; `UsageError` where it draws nothing of its own."""
        from ganvas.errors import GanvasError
        from ganvas.generation.classes import can_mix
        from ganvas.workflows.choice import expect_drawing

        model = self.model(folder)
        expect_drawing(model)
        names, problem = (), ""
        try:
            names = model.directions.names
        except GanvasError as error:  # found in other weights, say: everything else goes on
            problem = str(error)
        classes = model.classes if model.conditional else ()
        return Abilities(model.sha256, classes, bool(classes) and can_mix(model.generator), names, problem)

    def favourites(self, folder: Path, file: Path) -> tuple[list[Favourite], int]:
        """Return the favourites that the model of a folder drew, and how many others there are."""
        from ganvas.images import png_bytes
        from ganvas.workflows.again import picture_of
        from ganvas.workflows.favourites import read_favourites

        model, kept = self.model(folder), read_favourites(file)
        own = [(number, said) for number, said in enumerate(kept, 1) if said.model == model.sha256][-MOST_PICTURES:]
        drawn = [
            Favourite(number, Drawn(png_bytes(picture_of(model, said), said), said, f"favourite-{number:03d}.png"))
            for number, said in own
        ]
        return drawn, len(kept) - len(own)

    def film(self, folder: Path, favourites: Path, frames: int, per_second: float) -> bytes:
        """Return a walk over favourites as an animated WebP to be played at once; in the drawing thread."""
        from tempfile import TemporaryDirectory

        from ganvas.workflows.walk import walk

        with TemporaryDirectory() as place:
            file = Path(place) / "walk.webp"
            how = {"frames": frames, "frames_per_second": per_second, "progress": Silent()}
            walk(self.model(folder), file, favourites=favourites, **how)
            return file.read_bytes()


class Newest(Generic[Wish]):
    """Does the newest of many wishes: while one is being done, those that come replace one another."""

    def __init__(self, do: Callable[[Wish], Awaitable[None]]) -> None:
        self._do = do
        self._wish: Wish | None = None
        self._task: asyncio.Task[None] | None = None

    def wish(self, wish: Wish) -> None:
        """Have a wish done as soon as the one at work is; one that waited is dropped."""
        self._wish = wish
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def settled(self) -> None:
        """Wait until nothing is left to do."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def _work(self) -> None:
        while self._wish is not None:
            wish, self._wish = self._wish, None
            await self._do(wish)


def _stamp(folder: Path) -> tuple[int, ...]:
    """Return when the files that decide what a model draws were changed."""
    stamps = []
    for name in _STAMPED:
        with suppress(OSError):
            stamps.append((folder / name).stat().st_mtime_ns)
    return tuple(stamps)
