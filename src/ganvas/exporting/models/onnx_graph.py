"""A generator as a function of named tensors alone, which is what a graph of ONNX can be.

A generator may hold a stream of random numbers; a graph cannot. So layers that draw in use get their noise as inputs,
and the caller draws it: of image i of seed s, `Stream(s, "generate/generator/" + layer, first=i).normal(1, H W)`.
"""

import copy
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganvas.data.scalings.contract import Scaling
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.players import Generator, StyledGenerator, Translator, give_stream
from ganvas.seeds import Stream

NOISE = "generate/generator"
"""The purpose of the stream that `generate` gives to a generator."""


class NoiseInput(NamedTuple):
    """One map of noise [N, 1, height, width]: the graph's input `noise.layer`, drawn from the stream of `layer`."""

    layer: str
    height: int
    width: int

    @property
    def name(self) -> str:
        """The name of the graph's input."""
        return f"noise.{self.layer}"

    def draw(self, seed: int, first: int, num: int) -> Tensor:
        """Return the maps [num, 1, H, W] of images `first` ... of `seed`."""
        stream = Stream(seed, f"{NOISE}/{self.layer}", first=first)
        values = torch.from_numpy(stream.normal(num, self.height * self.width)).float()
        return values.view(num, 1, self.height, self.width)


class GivenNoise(nn.Module):
    """Stands where a `NoiseInjection` stood, and adds the map it is given."""

    def __init__(self, layer: NoiseInjection, name: str, given: "Given") -> None:
        super().__init__()
        self.strength, self.name, self.given = layer.strength, name, given

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        return x + self.strength * self.given.maps[f"noise.{self.name}"]


class Given:
    """The maps of noise of the call that is under way; no part of a network's state."""

    def __init__(self) -> None:
        self.maps: Mapping[str, Tensor] = {}


class Graph(nn.Module):
    """The generator as a function of the tensors `inputs` names, in that order, to images [N, C, H, W] in [-1, 1].

    latents [N, Z] (a translator: sources [N, C', H, W] in [-1, 1]); labels [N] where it draws wanted classes; where it
    has styles, truncation [N], 1 for none, and style_offsets [N, W], added to the styles of all layers; then the noise.
    A dataset's scaling is undone inside, so that all outputs are read alike: byte = (image + 1) * 127.5.
    """

    mean_style: Tensor | None

    def __init__(self, generator: Generator, scaling: Scaling | None, mean_style: Tensor | None) -> None:
        super().__init__()
        noise = noise_inputs(generator)
        self.given = Given()
        self.generator = _without_streams(generator, noise, self.given)
        self.noise = noise
        self.unscale = nn.Identity() if scaling is None else _inverse(scaling)
        self.styled = isinstance(generator, StyledGenerator) and mean_style is not None
        self.register_buffer("mean_style", mean_style if self.styled else None)
        self.inputs: tuple[str, ...] = ("sources" if isinstance(generator, Translator) else "latents",)
        self.inputs += ("labels",) if generator.num_classes else ()
        self.inputs += ("truncation", "style_offsets") if self.styled else ()
        self.inputs += tuple(one.name for one in noise)

    def forward(self, *tensors: Tensor) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1]."""
        given = dict(zip(self.inputs, tensors, strict=True))
        self.given.maps = given
        return self.unscale(self._images(given, given.get("labels"))).clamp(-1, 1)

    def _images(self, given: Mapping[str, Tensor], labels: Tensor | None) -> Tensor:
        generator = self.generator
        if isinstance(generator, Translator):
            return generator.translate(given["sources"], labels)
        if self.mean_style is None or not isinstance(generator, StyledGenerator):
            return generator(given["latents"], labels)
        styles = generator.styles(given["latents"], labels)  # [N, L, W]
        kept = given["truncation"][:, None, None]
        return generator.synthesise(
            self.mean_style + kept * (styles - self.mean_style) + given["style_offsets"][:, None]
        )

    def example(self, num: int, seed: int = 0) -> tuple[Tensor, ...]:
        """Return inputs [num, ...], in order: those that `generate` has for `seed`, in every class by turns."""
        generator = self.generator
        if isinstance(generator, Translator):
            size = generator.source_shape
            first = torch.from_numpy(Stream(seed, "export/sources").uniform(num, size[0] * size[1] * size[2]))
            tensors = [(2 * first - 1).float().view(num, *size)]
        else:
            tensors = [generator.draw_latents(Stream(seed, "generate/latents"), num)]
        if generator.num_classes:
            tensors.append(torch.arange(num) % generator.num_classes)
        if self.mean_style is not None:
            tensors += [torch.linspace(0, 1, num), torch.zeros(num, self.mean_style.shape[-1])]
        return (*tensors, *(one.draw(seed, 0, num) for one in self.noise))


@torch.no_grad()
def noise_inputs(generator: Generator) -> tuple[NoiseInput, ...]:
    """Return the maps of noise that a generator draws in use, found by drawing one image."""
    found: list[NoiseInput] = []
    layers = [(name, layer) for name, layer in generator.named_modules() if isinstance(layer, NoiseInjection)]
    if not layers:
        return ()
    hooks = [layer.register_forward_pre_hook(partial(_note, found, name)) for name, layer in layers]
    device = next(generator.parameters()).device
    give_stream(generator, Stream(0, NOISE))
    labels = torch.zeros(1, dtype=torch.long, device=device) if generator.num_classes else None
    try:
        generator(generator.draw_latents(Stream(0, "generate/latents"), 1).to(device), labels)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found)


def _note(found: list[NoiseInput], name: str, _: nn.Module, given: tuple[Tensor, ...]) -> None:
    height, width = given[0].shape[2:]
    found.append(NoiseInput(name, height, width))


def _without_streams(generator: Generator, noise: tuple[NoiseInput, ...], given: Given) -> Generator:
    """Return a copy whose noise is given, its normalised weights worked out once and for all."""
    alone = copy.deepcopy(generator).cpu().eval().requires_grad_(False)
    for one in noise:
        parent, _, name = one.layer.rpartition(".")
        layer = alone.get_submodule(one.layer)
        assert isinstance(layer, NoiseInjection)
        setattr(alone.get_submodule(parent), name, GivenNoise(layer, one.layer, given))
    for module in list(alone.modules()):
        if is_parametrized(module):
            _settle(module)
    return alone.requires_grad_(False)


def _settle(module: nn.Module) -> None:
    """Make what a module works out at each call (a spectral norm) a plain parameter.

    torch's `remove_parametrizations` takes it from the class, which a copy shares with the generator it is of.
    """
    parametrised = module.parametrizations
    assert isinstance(parametrised, nn.ModuleDict)
    settled = {name: getattr(module, name).detach().clone() for name in parametrised}
    module.__class__ = type(module).__bases__[0]
    del module._modules["parametrizations"]
    for name, value in settled.items():
        module.register_parameter(name, nn.Parameter(value))


class Coordinates(nn.Module):
    """Undoes (x - offset) / divisor, and brings bytes to [-1, 1]."""

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        arrays = {name: torch.from_numpy(value).permute(2, 0, 1) for name, value in scaling.arrays().items()}
        self.register_buffer("factor", (arrays["divisor"] / 127.5).float())
        self.register_buffer("shift", (arrays["offset"] / 127.5 - 1).float())

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        return x * self.get_buffer("factor") + self.get_buffer("shift")


class Unwhitened(nn.Module):
    """Undoes a whitening: x = mean + (v U or v's first k values) sqrt(variances + e) bound U^T; to [-1, 1]."""

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        arrays = {name: torch.from_numpy(value) for name, value in scaling.arrays().items()}
        self.turned = scaling.settings.scaling == "zca"
        deviations = (arrays["variances"] + scaling.settings.scaling_epsilon).sqrt() * arrays["bound"]
        self.shape = scaling.shape
        self.register_buffer("directions", arrays["directions"].float())  # [D, k]
        self.register_buffer("deviations", (deviations / 127.5).float())
        self.register_buffer("shift", (arrays["mean"].flatten() / 127.5 - 1).float())

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        values, directions = x.permute(0, 2, 3, 1).flatten(1), self.get_buffer("directions")
        turned = values @ directions if self.turned else values[:, : directions.shape[1]]
        flat = (turned * self.get_buffer("deviations")) @ directions.T + self.get_buffer("shift")
        return flat.unflatten(1, self.shape).permute(0, 3, 1, 2)


def _inverse(scaling: Scaling) -> nn.Module:
    return Unwhitened(scaling) if scaling.settings.scaling in ("pca", "zca") else Coordinates(scaling)
