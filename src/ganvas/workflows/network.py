"""Look at a network before it is trained: what each part gives, how many numbers it holds, what it costs."""

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganvas.exporting.network_diagram import Box, Column, network_diagram
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig, check
from ganvas.models.lines import Line, Player, shown
from ganvas.models.saved import empty_players
from ganvas.models.stack import Config as Stack
from ganvas.players import Discriminator, Generator, Translator, Verdict, give_stream, num_parameters
from ganvas.seeds import Stream

SAMPLES = 2  # batch statistics of one sample would be degenerate
DEEPEST = 4


class Part(NamedTuple):
    """A row of a summary: a module, the shape it gives for one sample, its numbers and multiply-adds.

    `beside` names what comes in beside the values; `sources` are the rows it comes from (-1 is the player's input).
    """

    name: str
    kind: str
    gives: str
    num_parameters: int
    multiply_adds: int
    beside: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()


class PlayerSummary(NamedTuple):
    """A player's parts in order, what it begins with, and its totals."""

    title: str
    takes: str
    parts: tuple[Part, ...]
    num_parameters: int
    multiply_adds: int


def summarise(config: FamilyConfig, image_shape: ImageShape, num_classes: int) -> tuple[PlayerSummary, PlayerSummary]:
    """Return the summaries of generator and discriminator, without memory for their weights.

    Multiply-adds are those of matrix products and convolutions for one image, as torch's counter of floating-point
    operations finds them (two a multiply-add). Raises `ModelError` where the networks cannot do these images.
    """
    check(config, image_shape, num_classes)
    generator, discriminator = empty_players(config, image_shape, num_classes)
    latents = torch.empty(SAMPLES, generator.latent_size, device="meta")
    images = torch.empty(SAMPLES, *image_shape, device="meta")
    labels = torch.zeros(SAMPLES, dtype=torch.long, device="meta") if num_classes else None
    lines: dict[Player, list[Line]] = {"generator": [], "discriminator": []}
    if isinstance(config, Stack):
        lines = config.plans(image_shape, num_classes)
    asked = labels if generator.num_classes else None
    z = f"latents ({generator.latent_size},)"
    given = (latents, asked)
    if isinstance(generator, Translator):
        sources = torch.empty(SAMPLES, *generator.source_shape, device="meta")
        z, given = f"sources {shown(tuple(generator.source_shape))}", (latents, asked, sources)
        images = generator.shown(images, sources)
    z += " and labels" if generator.num_classes else ""
    x = f"images {shown(tuple(images.shape[1:]))}"
    return (
        _summary(generator, "Generator", z, lines["generator"], lambda: generator(*given)),
        _summary(discriminator, "Discriminator", x, lines["discriminator"], lambda: discriminator(images, labels)),
    )


def diagram(summaries: tuple[PlayerSummary, PlayerSummary], title: str) -> str:
    """Return both players as an SVG picture: a box for each part, arrows for what comes in from earlier ones."""
    columns = [
        Column(
            f"{summary.title}: {summary.num_parameters:,} numbers, {summary.multiply_adds:,} multiply-adds",
            summary.takes,
            [Box(part.name, part.gives, part.num_parameters, part.beside, part.sources) for part in summary.parts],
        )
        for summary in summaries
    ]
    return network_diagram(title, columns)


def _summary(
    player: Generator | Discriminator, title: str, takes: str, lines: list[Line], play: Callable[[], object]
) -> PlayerSummary:
    rows = dict(_rows(player, large=inf if lines else num_parameters(player) / 2))
    gave: dict[str, str] = {}
    handles = [
        module.register_forward_hook(lambda _, __, output, name=name: gave.__setitem__(name, _shape_of(output)))
        for name, module in rows.items()
    ]
    player.eval().requires_grad_(False)
    give_stream(player, Stream(0, "summary"))
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        play()
    for handle in handles:
        handle.remove()
    flops = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    root, total = type(player).__name__, _halved(counter.get_total_flops())
    parts = []
    for name, module in rows.items():
        costs = _halved(flops.get(f"{root}.{name}", 0))
        parts.append(Part(name, type(module).__name__, gave.get(name, "not used"), num_parameters(module), costs))
    parts = list(map(_named, parts, lines)) if lines else _with_own(parts, player, total)
    return PlayerSummary(title, takes, tuple(parts), num_parameters(player), total)


def _rows(module: nn.Module, prefix: str = "", depth: int = 0, large: float = inf) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules that make rows: containers are opened, and parts of more than `large` numbers."""
    for name, child in module.named_children():
        is_container = isinstance(child, nn.Sequential | nn.ModuleList | nn.ModuleDict)
        if any(True for _ in child.children()) and depth < DEEPEST and (is_container or num_parameters(child) > large):
            yield from _rows(child, f"{prefix}{name}.", depth + 1, large)
        else:
            yield f"{prefix}{name}", child


def _named(part: Part, line: Line) -> Part:
    """Return the row of a line of a network, by its number, layer and name."""
    name = f"{line.number} {line.layer.layer}" + (f' "{line.layer.name}"' if line.layer.name else "")
    beside = [what for what in ("labels", "latents") if line.takes(what)]
    if line.source is not None:
        beside.append(line.layer.source)
    sources = () if line.source is None else (line.source - 1,)
    return part._replace(name=name, beside=tuple(beside), sources=sources)


def _with_own(parts: list[Part], player: nn.Module, multiply_adds: int) -> list[Part]:
    """Return the rows, and one for what the player does and holds outside their modules."""
    numbers = num_parameters(player) - sum(part.num_parameters for part in parts)
    costs = multiply_adds - sum(part.multiply_adds for part in parts)
    return [*parts, Part("(between them)", "", "", numbers, costs)] if numbers or costs else parts


def _halved(flops: int) -> int:
    return flops // (2 * SAMPLES)


def _shape_of(output: Any) -> str:  # noqa: ANN401
    if isinstance(output, Verdict):
        extras = {name: value for name, value in output._asdict().items() if name != "scores"}
        told = [name for name, value in extras.items() if isinstance(value, Tensor) or value]
        return " and ".join(["a score", *(name.replace("_", " ") for name in told)])
    if isinstance(output, Tensor):
        return shown(tuple(output.shape[1:]))
    return "several values"
