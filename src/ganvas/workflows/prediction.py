"""What a plan predicts, as numbers and in words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ganvas.progress import in_time
from ganvas.recipes.recipe import Recipe
from ganvas.recipes.suits import AUGMENTED, SUITS
from ganvas.workflows.advice import (
    LONGEST_HOURS,
    NOT_AUGMENTED,
    Advice,
    expected_quality,
    sheet_of_recipe,
)
from ganvas.workflows.costs import Costs
from ganvas.workflows.probe import MARGIN

LARGEST_BATCH = 65_536  # the bound of `training.batch_size`
_MEGABYTE = 1_000_000
HEADINGS = ("recipe", "s / 1,000 images", "memory", "an image more", "largest batch", "whole recipe")


class Plan(NamedTuple):
    """What a recipe would do with a dataset on this machine."""

    recipe: Recipe
    num_images: int
    costs: Costs | None
    """None where nothing could be measured; `problem` says why."""
    problem: str
    common_warnings: tuple[str, ...]
    """What to beware of in the images and the machine, whatever is trained."""
    warnings: tuple[str, ...]
    advice: tuple[Advice, ...]
    mapped: int = 0
    """Bytes of the training images, which are mapped from the disk and may be dropped from memory at any time."""
    minutes: float | None = None
    """When training is to end early."""
    faster: str = ""
    """What would take less time here."""

    @property
    def images_a_step(self) -> int:
        """Real images shown in a step."""
        return self.recipe.training.batch_size * self.recipe.training.discriminator_steps

    @property
    def seconds_per_1000_images(self) -> float | None:
        """Seconds of both players' steps for a thousand real images shown."""
        return None if self.costs is None else 1000 * self.costs.seconds_a_step / self.images_a_step

    @property
    def seconds(self) -> float | None:
        """Seconds of the whole recipe, its checkpoints and sample grids included where they could be measured."""
        if self.costs is None:
            return None
        settings, costs = self.recipe.training, self.costs
        checkpoints = settings.steps // settings.checkpoint.every * (costs.seconds_a_checkpoint or 0.0)
        grids = settings.steps // settings.samples.every * (costs.seconds_a_grid or 0.0)
        return settings.steps * costs.seconds_a_step + checkpoints + grids

    @property
    def largest_batch(self) -> int | None:
        """The largest batch that fits the free memory with a margin; None where unknown."""
        costs = self.costs
        if costs is None or costs.free_memory is None or not costs.memory_an_image:
            return None
        batch = self.recipe.training.batch_size
        room = MARGIN * costs.free_memory - costs.peak_memory
        return max(0, min(LARGEST_BATCH, int(batch + room / costs.memory_an_image)))

    @property
    def seconds_to_recognisable(self) -> float | None:
        """Seconds until pictures can be made out, where that was seen before for this recipe; None where unknown."""
        suits, rate = SUITS.get(self.recipe.recipe), self.seconds_per_1000_images
        return suits.recognisable[0] * rate / 1000 if suits and suits.recognisable and rate else None

    def text(self) -> str:
        """Return the plan in words."""
        found = [*self.common_warnings, *self.warnings, *([] if self.costs is None else _of_costs(self, self.costs))]
        return "\n".join([*_lines(self), *(f"Warning: {warning}" for warning in found), *advised(self.advice)])


def advised(advice: Sequence[Advice]) -> list[str]:
    """Return the best advice in lines, and the next two."""
    if not advice:
        return ["Advised: none of these recipes is known to suit these images."]
    best, *others = advice
    lines = [f"Advised for these images: {best.recipe}"]
    lines += [f"  for it: {reason}" for reason in best.reasons]
    lines += [f"  against it: {objection}" for objection in best.objections]
    if NOT_AUGMENTED in best.objections:
        lines.append(f"  so add: {AUGMENTED}")
    return [*lines, f"  next: {', '.join(other.recipe for other in others[:2])}"] if others else lines


def table(plans: Sequence[Plan]) -> list[str]:
    """Return the lines that compare plans, at least one: a table, why some were not measured, the advice."""
    rows = [HEADINGS, *(_row(planned) for planned in plans if planned.costs is not None)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
    if any(planned.costs is not None and not planned.costs.num_rounds for planned in plans):
        lines.append("~ extrapolated from one step of a smaller batch, so rather too long")
    lines += [f"not measured: {planned.recipe.recipe}: {planned.problem}" for planned in plans if planned.costs is None]
    first = plans[0]
    return [*lines, *(f"Warning: {warning}" for warning in first.common_warnings), *advised(first.advice)]


def _row(planned: Plan) -> tuple[str, ...]:
    costs = planned.costs
    assert costs is not None
    about = "" if costs.num_rounds else "~"
    least = "" if costs.largest_played >= planned.recipe.training.batch_size or costs.memory_an_image else ">"
    return (
        planned.recipe.recipe,
        f"{about}{planned.seconds_per_1000_images:.3g}",
        f"{least}{in_memory(costs.peak_memory)}",
        "" if costs.memory_an_image is None else in_memory(costs.memory_an_image),
        "" if planned.largest_batch is None else rounded(planned.largest_batch),
        f"{about}{in_time(planned.seconds or 0.0)}",
    )


def _of_costs(planned: Plan, costs: Costs) -> Iterator[str]:
    if costs.free_memory is not None and costs.peak_memory > MARGIN * costs.free_memory:
        yield (
            f"Training would take {in_memory(costs.peak_memory)} of memory; {in_memory(costs.free_memory)} are free. "
            f"Choose a smaller batch than {planned.recipe.training.batch_size}, or a smaller network."
        )
    if planned.seconds is not None and planned.seconds > 3600 * LONGEST_HOURS:
        steps = int(planned.recipe.training.steps * 3600 * LONGEST_HOURS / planned.seconds)
        yield (
            f"The whole recipe takes {in_time(planned.seconds)} here; in a night of {LONGEST_HOURS:g} hours it gets to "
            f"`--steps {max(1, steps)}`."
        )


def _lines(planned: Plan) -> Iterator[str]:
    settings, costs, name = planned.recipe.training, planned.costs, planned.recipe.recipe
    epochs = settings.steps * planned.images_a_step / planned.num_images if planned.num_images else 0
    yield (
        f"Plan of {name}: {settings.steps:,} steps of {planned.images_a_step:,} images, "
        f"{planned.num_images:,} images shown {epochs:,.1f} times each"
    )
    if costs is None:
        yield f"  not measured: {planned.problem}"
        return
    yield f"  time: {planned.seconds_per_1000_images:.3g} s per 1,000 images shown on {costs.device} ({_how(costs)})"
    if planned.faster:
        yield f"    faster: {planned.faster}"
    yield f"  memory: {_memory(costs, settings.batch_size)}{_slope(planned)}"
    if planned.mapped:
        yield f"    and up to {in_memory(planned.mapped)} of images mapped from the disk, which the system may drop"
    without = "" if costs.seconds_a_checkpoint is not None else ", its checkpoints and sample grids not counted"
    yield f"  the whole recipe: {in_time(planned.seconds or 0.0)}{without}"
    if planned.minutes is not None:
        reached = min(settings.steps, int(60 * planned.minutes / costs.seconds_a_step))
        yield f"  in {planned.minutes:g} minutes of rounds: {reached:,} of the {settings.steps:,} steps"
    yield f"  first recognisable pictures: {_recognisable(planned, costs)}"
    if (sheet := sheet_of_recipe(name)) and any(figure.isdigit() for figure in sheet.fields["Time"]):
        yield f"  the recipe's sheet on time: {sheet.fields['Time']}"
    yield f"  quality: {expected_quality(name)}"
    if planned.problem:
        yield f"  not all could be measured: {planned.problem}"


def _how(costs: Costs) -> str:
    if not costs.num_rounds:
        return "extrapolated from one step of a smaller batch, so rather too long"
    return f"median of {costs.num_rounds} {'step' if costs.num_rounds == 1 else 'steps'} after the first"


def _memory(costs: Costs, batch: int) -> str:
    words = f"{in_memory(costs.peak_memory)} at a batch of {batch}"
    if costs.largest_played >= batch:
        return words
    if costs.memory_an_image is None:
        return f"more than {in_memory(costs.peak_memory)}, what a batch of {costs.largest_played} takes"
    return f"{words}, extrapolated from {costs.largest_played}"


def _slope(planned: Plan) -> str:
    assert planned.costs is not None
    if planned.costs.memory_an_image is None:
        return ""
    largest, free = planned.largest_batch, planned.costs.free_memory
    words = f", {in_memory(planned.costs.memory_an_image)} for each further image"
    if largest is None or free is None:
        return words
    return words + f"; the largest batch that fits is about {rounded(largest)} ({in_memory(free)} are free)"


def _recognisable(planned: Plan, costs: Costs) -> str:
    suits, seconds = SUITS.get(planned.recipe.recipe), planned.seconds_to_recognisable
    if suits is not None and suits.recognisable is not None and seconds is not None:
        images, where = suits.recognisable
        return f"within {in_time(seconds)}, {images:,} images shown ({where}); other images may take longer"
    every = planned.recipe.training.samples.every
    return f"unknown; the first sample grid comes after {every} steps, {in_time(every * costs.seconds_a_step)}"


def rounded(batch: int) -> str:
    """Return a batch rounded down to two figures, as exactly as it is known."""
    unit = 10 ** max(0, len(str(batch)) - 2)
    return f"{batch // unit * unit:,}"


def in_memory(num_bytes: float) -> str:
    """Return bytes in the unit that suits them."""
    for unit, name in ((1000 * _MEGABYTE, "GB"), (_MEGABYTE, "MB"), (1000, "kB")):
        if num_bytes >= unit:
            return f"{num_bytes / unit:.2g} {name}" if num_bytes < 10 * unit else f"{num_bytes / unit:,.0f} {name}"
    return f"{num_bytes:.0f} B"
