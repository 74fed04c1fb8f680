"""Finding directions: see directions.py for what they are and where the two ways are from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.generation.directions import Directions, Method
from ganvas.generation.drawing import resting
from ganvas.generation.truncation import sampled_styles, spread, style_shape
from ganvas.layers.equalised import EqualisedLinear
from ganvas.players import NEEDS_SOURCES, Generator, StyledGenerator, Translator, give_stream
from ganvas.seeds import Stream

NUM_SAMPLED = 4096
_BATCH = 256
_ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.ELU)
_MOST_VALUES = 1024  # of a feature, a random choice of them where there are more


class _Heard(Exception):  # noqa: N818  (an outcome, not a failure)
    """The layer that was waited for has given its output."""


@torch.no_grad()
def find_directions(generator: Generator, method: Method, num: int) -> Directions:
    """Return the `num` directions, fewer where the space has fewer, along which most changes; the largest first.

    A function of the weights alone. Raises `UsageError` for a translator, which has no latents.
    """
    if isinstance(generator, Translator):
        raise UsageError(NEEDS_SOURCES)
    with resting(generator):
        if isinstance(generator, StyledGenerator):
            styles = sampled_styles(generator)[:, 0].double().cpu()  # [N, W], before any mixing the same for all layers
            basis, shares = _of_samples(styles) if method == "pca" else _of_weights(_style_weights(generator))
            scales = (styles - styles.mean(0)).matmul(basis.T).std(0)
            return _named(basis, scales, shares, method, num, "styles")
        basis, shares = _of_features(generator) if method == "pca" else _of_weights(_latent_weights(generator))
        scales = torch.full((len(basis),), spread(generator), dtype=torch.float64)
        return _named(basis, scales, shares, method, num, "latents")


def _named(basis: Tensor, scales: Tensor, shares: Tensor, method: Method, num: int, space: str) -> Directions:
    """Return the first rows of a basis as directions, each turned so that its largest value is positive."""
    basis, scales, shares = basis[:num], scales[:num], shares[:num]
    largest = basis.abs().argmax(1, keepdim=True)
    basis = basis * basis.gather(1, largest).sign()
    names = tuple(f"{method}{rank}" for rank in range(1, len(basis) + 1))
    return Directions(
        names,
        basis.float(),
        scales.float(),
        "styles" if space == "styles" else "latents",
        names,
        tuple(round(float(share), 6) for share in shares),
    )


def _of_samples(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return principal components [D, F] of values [N, F], with the share of variance of each."""
    centred = values - values.mean(0)
    variances, vectors = torch.linalg.eigh(centred.T @ centred / len(values))
    return vectors.T.flip(0), variances.flip(0).clamp_min(0) / variances.clamp_min(0).sum().clamp_min(1e-30)


def _of_weights(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvectors [D, Z] of A^T A of weights A [F, Z], those of the largest eigenvalues first."""
    values, vectors = torch.linalg.eigh(weights.T @ weights)
    return vectors.T.flip(0), values.flip(0).clamp_min(0) / values.clamp_min(0).sum().clamp_min(1e-30)


def _of_features(generator: Generator) -> tuple[Tensor, Tensor]:
    """Return GANSpace's directions [D, Z] of a generator without styles.

    x are the coordinates of features along their principal components, within each class; the direction of component k
    is what changes x_k: row k of the least-squares solution of x U = z.
    """
    latents = torch.cat([_latents(generator, start) for start in range(0, NUM_SAMPLED, _BATCH)]).double()
    features = _features(generator)
    classes = np.arange(NUM_SAMPLED) % max(generator.num_classes, 1)
    for number in range(max(generator.num_classes, 1)):
        chosen = torch.from_numpy(np.flatnonzero(classes == number))
        features[chosen] -= features[chosen].mean(0)
    components, shares = _of_samples(features)
    kept = components[: generator.latent_size]
    rows = torch.linalg.lstsq(features @ kept.T, latents).solution
    return torch.nn.functional.normalize(rows, dim=1), shares


def _features(generator: Generator) -> Tensor:
    """Return features [N, F] of the first activation, of the images themselves where a generator has none."""
    activations = [module for module in generator.modules() if isinstance(module, _ACTIVATIONS)]
    parts: list[Tensor] = []
    for start in range(0, NUM_SAMPLED, _BATCH):
        with _listening(activations, only_first=True) as heard, suppress(_Heard):
            heard.append((0, _made(generator, _latents(generator, start), start)))
        parts.append(_few(heard[0][1].flatten(1)))
    return torch.cat(parts).double().cpu()


def _few(features: Tensor) -> Tensor:
    if features.shape[1] <= _MOST_VALUES:
        return features.clone()
    chosen = np.sort(Stream(0, "directions/values").permutation(features.shape[1])[:_MOST_VALUES])
    return features[:, torch.from_numpy(chosen).to(features.device)]


def _latents(generator: Generator, start: int, num: int = _BATCH) -> Tensor:
    return generator.draw_latents(Stream(0, "directions/latents", first=start), num)


def _made(generator: Generator, latents: Tensor, start: int = 0, of_class: int | None = None) -> Tensor:
    device = next(generator.parameters()).device
    give_stream(generator, Stream(0, "directions/generator", first=start))
    numbers = np.arange(start, start + len(latents)) % max(generator.num_classes, 1)
    numbers = numbers if of_class is None else np.full(len(latents), of_class)
    labels = torch.from_numpy(numbers).to(device) if generator.num_classes else None
    return generator(latents.to(device), labels)


def _latent_weights(generator: Generator) -> Tensor:
    """Return A [F, Z] of the first fully connected layer that the latent reaches: A e_i = f(e_i) - f(0)."""

    def run(given: Tensor) -> Tensor:
        return _made(generator, given.float(), of_class=0)

    return _affine(generator, run, generator.latent_size, only_first=True)


def _style_weights(generator: StyledGenerator) -> Tensor:
    """Return A [F, W] of all fully connected layers that turn a style into the scales of a layer."""
    num_layers, size = style_shape(generator)
    device = next(generator.parameters()).device

    def run(given: Tensor) -> Tensor:
        give_stream(generator, Stream(0, "directions/generator"))
        return generator.synthesise(given.float().to(device)[:, None].expand(-1, num_layers, -1))

    return _affine(generator, run, size, only_first=False)


def _affine(generator: Generator, run: Callable[[Tensor], Tensor], size: int, only_first: bool) -> Tensor:
    """Return the weights [F, size] of the fully connected layers that see what `run` is given, or of the first."""
    linear = [module for module in generator.modules() if isinstance(module, nn.Linear | EqualisedLinear)]
    found: dict[int, list[Tensor]] = {}
    for start in range(0, size, _BATCH):
        units = torch.eye(size)[start : start + _BATCH]
        with _listening(linear) as heard:
            run(torch.cat([torch.zeros(1, size), units]))
        for index, values in heard:
            moved = values[1:] - values[:1]
            if values.dim() == 2 and len(moved) == len(units) and bool(moved.any()):
                found.setdefault(index, []).append(moved.double().cpu())
                if only_first:
                    break
    if not found:
        raise UsageError("No layer of this model sees its latents directly: find directions by `--method pca`.")
    whole = [torch.cat(parts).T for parts in found.values() if sum(map(len, parts)) == size]
    return torch.cat(whole)


@contextmanager
def _listening(modules: Sequence[nn.Module], only_first: bool = False) -> Iterator[list[tuple[int, Tensor]]]:
    """Yield a list that fills, inside the block, with what layers give as they are called: their places and outputs.

    With `only_first` the network stops at the first of them, by `_Heard`: what follows would be made for nothing.
    """
    heard: list[tuple[int, Tensor]] = []

    def hear(place: int) -> Callable[[nn.Module, object, Tensor], None]:
        def note(_: nn.Module, __: object, output: Tensor) -> None:
            heard.append((place, output))
            if only_first:
                raise _Heard

        return note

    hooks = [module.register_forward_hook(hear(place)) for place, module in enumerate(modules)]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()
