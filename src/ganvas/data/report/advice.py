"""Whether there are enough images, in words."""

from ganvas.data.balance import ClassBalance
from ganvas.data.card import Card

_STEPS = (
    (200, "Few: a GAN will mostly learn these very images by heart. Collect more, or expect variations of them."),
    (
        1_000,
        "Enough for small experiments; so few are usually learnt with augmentation, by a family made for few images "
        "(Liu et al. 2021 show results from 100 to 1,000 images).",
    ),
    (
        2_000,
        "Enough for experiments. Good results from so few need augmentation of both real and generated images "
        "(Karras et al. 2020 show them from some 2,000 images on).",
    ),
    (
        10_000,
        "Enough for good results with augmentation of both real and generated images (Karras et al. 2020 show them "
        "from some 2,000 images on).",
    ),
    (
        10**12,
        "Enough for any recipe; augmentation matters less from some 10,000 images on.",
    ),
)
WHAT_TO_DO = {
    "near-duplicate": "A few do no harm. Where they are many, `--near-duplicates drop` keeps one of each.",
    "blank": "Leave them out with `--blank drop`: there is nothing to learn from them.",
    "dark": "Keep them if they are meant so, as night scenes; `--dark drop` if they are failed photographs.",
    "light": "Keep them if they are meant so; `--light drop` if they are overexposed or empty scans.",
    "low-information": "Keep them if plain surfaces belong to the subject; `--low-information drop` if they are empty.",
    "blurry": "Keep them if they are only soft, as skies and backgrounds are: most sets need nothing done. If they "
    "look out of focus at this size, a generator learns to draw them so: `--blurry drop`.",
    "odd-size": "Mostly harmless: all are brought to one size. Much smaller ones turn out soft: `--odd-size drop`.",
    "odd-aspect": "See whether cropping cut off what matters: if so `--fit pad`, or `--odd-aspect drop`.",
    "outlier": "Keep them if they belong to the subject; `--outlier drop` if they came in by mistake.",
}
"""What to do about images of the set by what was said of them: a sentence each."""
_FEW_PER_CLASS = 100
_IMBALANCED = 3.0


def advice(card: Card, balance: ClassBalance | None, alike: int) -> list[str]:
    """Return what the owner of the data should know before training; `alike` images look the same as another."""
    num_train = card.splits["train"].count
    words = [f"{num_train:,} images to train on. " + next(text for limit, text in _STEPS if num_train < limit)]
    if alike > 0.05 * card.kept:
        words.append(
            f"{alike:,} of {card.kept:,} images look the same as another: the set is less diverse than it is large. "
            "They are never divided between training and tests; `--near-duplicates drop` leaves one of each."
        )
    if balance:
        words += _about_classes(card, balance)
    return words


def _about_classes(card: Card, balance: ClassBalance) -> list[str]:
    words: list[str] = []
    per_class = card.splits["train"].per_class
    few = [name for name, count in zip(card.classes, per_class, strict=True) if count < _FEW_PER_CLASS]
    if few:
        shown = ", ".join(few[:6]) + (" and others" if len(few) > 6 else "")
        words.append(
            f"{len(few)} of {len(card.classes)} classes have fewer than {_FEW_PER_CLASS} training images ({shown}): "
            "a conditional generator will copy those. Merge classes, collect more, or train without classes."
        )
    if balance.imbalance_ratio > _IMBALANCED:
        words.append(
            f"The largest class has {balance.imbalance_ratio:.1f} times the images of the smallest. "
            "Train with balanced sampling (`--training.balance-alpha 0.5`, or 0 for every class equally often)."
        )
    return words
