"""Which recipe for these images on this machine, what to expect of it, and what to beware of: rules, in words.

A rule looks at what recipes have (sizes, augmentation, classes, what their sheets and `SUITS` say), never at names.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, ModelError
from ganvas.images import ImageShape
from ganvas.models.family import check, offers_of
from ganvas.progress import in_time
from ganvas.recipes import RECIPES, SHEET_FIELDS
from ganvas.recipes.recipe import Recipe, find_recipe, fitted
from ganvas.recipes.suits import AUGMENTED, FEW, SUITS, Suits
from ganvas.sheets import Sheet, docstring_of, parse_sheet
from ganvas.tensors import without_memory
from ganvas.training.objective import check_batches, check_offers
from ganvas.workflows.trainable import MINIMUM_IMAGES

VERY_FEW = 100
NOT_AUGMENTED = "few images need augmentation, which it has not by itself"
LONGEST_HOURS = 12.0
"""How long a recipe may take to be advised: a night."""
_UNEVEN, _FEWEST_OF_A_CLASS, _MOST_EPOCHS = 3, 10, 1_000
_FID = re.compile(r"FID ([\d.]+)[^;]* on CIFAR-10")
_KINDS_OF_IMAGES = {1: "greyscale", 3: "colour"}


class Facts(NamedTuple):
    """What a dataset and a machine are like."""

    shape: ImageShape
    num_images: int
    per_class: tuple[int, ...]
    on_gpu: bool

    @classmethod
    def of(cls, dataset: Dataset, on_gpu: bool) -> "Facts":
        """Return the facts of the images that would be trained on."""
        record = dataset.card.splits["train"]
        return cls(dataset.shape, record.count, record.per_class, on_gpu)


class Candidate(NamedTuple):
    """A recipe that can do the images, what it was made for, and how long it would take here, where measured."""

    recipe: Recipe
    suits: Suits
    draws_classes: bool
    hours: float | None

    @property
    def images_shown(self) -> int:
        """Real images shown in its whole length."""
        settings = self.recipe.training
        return settings.steps * settings.batch_size * settings.discriminator_steps


class Advice(NamedTuple):
    """A recipe, what speaks for it and what against it."""

    recipe: str
    reasons: tuple[str, ...]
    objections: tuple[str, ...]


Order = tuple[float, ...]
"""The place of a recipe among others, the first least: by each rule, then published score, then images shown."""
Finding = tuple[bool, str]
"""Whether it speaks for the recipe, and in which words; "" where that goes without saying."""


def sheet_of_recipe(name: str) -> Sheet | None:
    """Return the sheet of a recipe of the table, None for one of a file."""
    if name not in RECIPES:
        return None
    return parse_sheet(docstring_of(RECIPES[name]), SHEET_FIELDS, f"The sheet of recipe `{name}`")


def refusal(recipe: Recipe, dataset: Dataset) -> str | None:
    """Return why a recipe cannot be trained on a dataset, None where it can."""
    settings, model = fitted(recipe, dataset.num_classes).training, recipe.model
    try:
        check(model, dataset.shape, dataset.num_classes)
        check_offers(settings.objective, model.family, offers_of(model), dataset.num_classes)
        check_batches(settings.objective, settings.batch_size, settings.generator_images)
    except (ModelError, ConfigurationError) as error:
        return str(error)
    if dataset.count("train") < MINIMUM_IMAGES:
        return f"there are {dataset.count('train')} training images; training needs at least {MINIMUM_IMAGES}"
    return None


def advise(dataset: Dataset, on_gpu: bool, hours: Mapping[str, float] | None = None) -> list[Advice]:
    """Return the recipes that can do these images, the best advice first.

    `hours` says how long recipes would take here in all, where that was measured; without, their sheets' word counts.
    """
    facts = Facts.of(dataset, on_gpu)
    found: list[tuple[Order, Advice]] = []
    for name, suits in SUITS.items():
        recipe = find_recipe(name)
        if refusal(recipe, dataset) is None:
            told = is_told_classes(recipe, dataset.shape, dataset.num_classes)
            candidate = Candidate(recipe, suits, told, (hours or {}).get(name))
            found.append(_judged(candidate, facts))
    return _distinguished(sorted(found, key=lambda item: item[0]))


def warnings_of_images(dataset: Dataset, augmented: bool = False) -> tuple[str, ...]:
    """Return what to beware of in a dataset, whatever is trained on it; `augmented` says that they are."""
    facts = Facts.of(dataset, on_gpu=False)
    return (*_of_numbers(facts, augmented), *_of_classes(facts))


def warnings(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """Return what to beware of when a recipe is trained on a dataset, beside what is to be said of the images."""
    facts = Facts.of(dataset, on_gpu=False)
    suits = SUITS.get(recipe.recipe)
    found = _of_length(recipe, facts)
    if suits is not None and not _fits_size(suits, facts.shape):
        found.append(f"The recipe was made for {_sides(suits)}; these images are {facts.shape}.")
    return tuple(found)


def cautions(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """Return all that there is to beware of when a recipe is trained on a dataset."""
    return (*warnings_of_images(dataset, recipe.training.augment.kind != "none"), *warnings(recipe, dataset))


def expected_quality(name: str) -> str:
    """Return what is known of how good a recipe gets, honestly."""
    sheet = sheet_of_recipe(name)
    score = sheet.fields["Score"] if sheet else ""
    if not re.search(r"\d", score):
        return "unknown: no score of this recipe was measured; look at the samples"
    return f"{score} (on those images; on yours unknown: look at the samples)"


def is_told_classes(recipe: Recipe, shape: ImageShape, num_classes: int) -> bool:
    """Return whether G would draw wanted classes; only families that always or never do are built to be asked."""
    if (conditional := recipe.model.plain().get("conditional")) is not None:
        return conditional and num_classes > 0
    with without_memory():
        return recipe.model.generator(shape, num_classes).num_classes > 0


def _distinguished(found: list[tuple[Order, Advice]]) -> list[Advice]:
    """Return sorted advice; where no rule parts the first from the second, the first says what does."""
    advice = [one for _, one in found]
    if len(found) < 2:
        return advice
    (*rules, fid, images), (*next_rules, next_fid, next_images) = (order for order, _ in found[:2])
    why = ""
    if rules == next_rules and fid < next_fid:
        why = f"the best published score of those that suit as well: FID {fid:g} on CIFAR-10"
    elif rules == next_rules and images < next_images:
        why = f"the shortest of those that suit as well: {images:,.0f} images shown, {next_images:,.0f} by the next"
    return [advice[0]._replace(reasons=(*advice[0].reasons, why)), *advice[1:]] if why else advice


def _judged(candidate: Candidate, facts: Facts) -> tuple[Order, Advice]:
    """Return the order of a recipe among others, the earlier rules first, and the words.

    Of recipes judged alike the best published one comes first on a GPU, the shortest one on a CPU.
    """
    findings = [rule(candidate, facts) for rule in _RULES]
    order = (
        *(float(not good) for good, _ in findings),
        _published_fid(candidate.recipe.recipe) if facts.on_gpu else 0.0,
        float(candidate.images_shown),
    )
    reasons = tuple(words for good, words in findings if good and words)
    objections = tuple(words for good, words in findings if not good)
    return order, Advice(candidate.recipe.recipe, reasons, objections)


def _published_fid(name: str) -> float:
    """Return the FID on CIFAR-10 that a recipe's sheet quotes, the only score that many have; infinity without."""
    sheet = sheet_of_recipe(name)
    found = _FID.search(sheet.fields["Score"]) if sheet else None
    return float(found[1]) if found else float("inf")


def _in_time(candidate: Candidate, facts: Facts) -> Finding:
    if candidate.hours is not None:
        good = candidate.hours <= LONGEST_HOURS
        return good, f"its whole length takes {in_time(3600 * candidate.hours)} here, as measured"
    match candidate.suits.hardware:
        case "laptop":
            return True, "small enough for a CPU"
        case "gpu":
            return facts.on_gpu, "made for a GPU" + ("" if facts.on_gpu else ", and there is none here")
        case _:
            return False, "made for days on several GPUs"


def _size(candidate: Candidate, facts: Facts) -> Finding:
    return _fits_size(candidate.suits, facts.shape), f"made for {_sides(candidate.suits)}"


def _channels(candidate: Candidate, facts: Facts) -> Finding:
    if facts.shape.channels in candidate.suits.channels:
        return True, ""
    kinds = (_KINDS_OF_IMAGES.get(num, f"{num}-channel") for num in candidate.suits.channels)
    return False, f"made for {' or '.join(kinds)} images"


def _enough_images(candidate: Candidate, facts: Facts) -> Finding:
    fewest, most = candidate.suits.images
    good = fewest <= facts.num_images <= (most or facts.num_images)
    wanted = f"{fewest:,} images and more" if most is None else f"{fewest:,} to {most:,} images"
    return good, f"made for {wanted}; here are {facts.num_images:,}"


def _augmented(candidate: Candidate, facts: Facts) -> Finding:
    kind = candidate.recipe.training.augment.kind
    if facts.num_images >= FEW:
        return True, ""
    if kind != "none":
        return True, f"augments what D sees ({kind}), which few images need"
    return False, NOT_AUGMENTED


def _draws_classes(candidate: Candidate, facts: Facts) -> Finding:
    if not facts.per_class:
        return True, "needs no classes" if not candidate.draws_classes else ""
    return candidate.draws_classes, "draws wanted classes" if candidate.draws_classes else "makes no use of the classes"


_RULES: tuple[Callable[[Candidate, Facts], Finding], ...] = (
    _in_time,
    _size,
    _channels,
    _enough_images,
    _augmented,
    _draws_classes,
)
"""In the order of their weight: a later rule decides only between recipes that the earlier ones judge alike."""


def _of_numbers(facts: Facts, augmented: bool) -> list[str]:
    num, option = facts.num_images, "" if augmented else f" Augment what it sees: `{AUGMENTED}`."
    if num < MINIMUM_IMAGES:
        return [f"{num} training images: training needs at least {MINIMUM_IMAGES}. Collect or prepare more."]
    if num < VERY_FEW:
        return [f"{num} training images: G can only repeat them. Some hundreds are worth a try.{option}"]
    if num < FEW:
        return [f"{num} training images are few: D soon knows them by heart.{option} Watch the samples."]
    return []


def _of_classes(facts: Facts) -> list[str]:
    if not facts.per_class:
        return []
    fewest, most = min(facts.per_class), max(facts.per_class)
    found = []
    if most > _UNEVEN * fewest:
        found.append(
            f"The classes are uneven, {fewest:,} to {most:,} images: rare ones are learnt worst. "
            "`--training.balance_alpha 0` shows all equally often."
        )
    if fewest < _FEWEST_OF_A_CLASS:
        found.append(f"A class has {fewest} images, too few to be drawn otherwise than by heart.")
    return found


def _of_length(recipe: Recipe, facts: Facts) -> list[str]:
    settings = recipe.training
    images_a_step = settings.batch_size * settings.discriminator_steps
    epochs = settings.steps * images_a_step / max(1, facts.num_images)
    found = []
    if settings.batch_size > facts.num_images:
        found.append(f"A batch of {settings.batch_size} shows some of the {facts.num_images} images twice.")
    if epochs < 1:
        found.append(f"{settings.steps:,} steps show but {epochs:.0%} of the images; take more `--steps`.")
    suits = SUITS.get(recipe.recipe)
    if suits is not None and suits.recognisable is not None and settings.steps * images_a_step < suits.recognisable[0]:
        found.append(
            f"{settings.steps:,} steps show {settings.steps * images_a_step:,} images; pictures could be made out "
            f"after {suits.recognisable[0]:,}."
        )
    if epochs > _MOST_EPOCHS and settings.augment.kind == "none":
        found.append(f"{settings.steps:,} steps show every image {epochs:,.0f} times, without augmentation.")
    return found


def _fits_size(suits: Suits, shape: ImageShape) -> bool:
    return suits.sides[0] <= min(shape.height, shape.width) and max(shape.height, shape.width) <= suits.sides[1]


def _sides(suits: Suits) -> str:
    shortest, longest = suits.sides
    return f"{shortest} px" if shortest == longest else f"{shortest} to {longest} px"
