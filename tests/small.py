"""Sizes and settings that make any family and any recipe quick, and exactly repeatable."""

from typing import Any

from ganvas.recipes.recipe import Recipe, find_recipe

FAMILIES: dict[str, dict[str, Any]] = {
    "acgan": {"generator_width": 4, "discriminator_width": 4, "max_width": 8},
    "biggan": {"width": 4, "latent_size": 8, "shared_size": 4},
    "cyclegan": {"generator_width": 4, "num_blocks": 1, "discriminator_width": 4},
    "compact": {"generator_width": 4, "discriminator_width": 4, "max_width": 8, "feature_size": 8},
    "dcgan": {"width": 4},
    "fastgan": {"latent_size": 4, "generator_width": 4, "discriminator_width": 4},
    "mlp_gan": {"latent_size": 4},
    "pix2pix": {"generator_width": 4, "discriminator_width": 4},
    "r3gan": {"width": 8, "group_width": 4, "num_blocks": 1, "latent_size": 4, "embedding_size": 4},
    "sagan": {"width": 4},
    "sngan": {"width": 4},
    "sequence_gan": {"generator_width": 4, "discriminator_width": 4},
    "stylegan2": {"latent_size": 4, "style_size": 4, "channel_base": 64, "channel_max": 8},
    "transgan": {"generator_width": 4, "smallest_width": 2, "discriminator_width": 4},
}
TRAINING: dict[str, Any] = {
    "training.batch_size": 4,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.threads": 1,
}


def settings_of(name: str) -> dict[str, Any]:
    """Return the settings, by dotted name, that make recipe `name` small."""
    family = find_recipe(name).model.family
    return TRAINING | {f"model.{field}": value for field, value in FAMILIES.get(family, {}).items()}


def small_recipe(name: str, **settings: Any) -> Recipe:
    """Return recipe `name`, small, with more of its settings replaced."""
    return find_recipe(name).override(**(settings_of(name) | settings))
