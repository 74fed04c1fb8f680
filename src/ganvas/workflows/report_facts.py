"""What a report tells of a model and of a dataset beside scores, by name, as it is printed."""

import json
from typing import Any

from ganvas.data.store import Dataset
from ganvas.players import num_parameters
from ganvas.workflows.assessment import Assessment
from ganvas.workflows.model import Model
from ganvas.workflows.score_table import features_of

_MOST_CLASSES = 30


def facts_of_model(assessment: Assessment) -> dict[str, str]:
    """Return what the model is, and with what it was measured."""
    model, origin = assessment.model, assessment.model.origin
    training = origin.get("training") or {}
    shown = (origin.get("step") or 0) * training.get("batch_size", 0) * training.get("discriminator_steps", 1)
    score = origin.get("score") or {}
    last = assessment.seed + assessment.seeds - 1
    seeds = f"seed {last}" if assessment.seeds == 1 else f"each of the seeds {assessment.seed} to {last}"
    found = {
        "recipe": f"`{origin['recipe']}`" if origin.get("recipe") else "",
        "family": f"`{model.config.family}`",
        "images": str(model.image_shape),
        "classes": f"{len(model.classes)}, drawn when asked for" if model.conditional else "none can be asked for",
        "step": f"{origin['step']:,}" if isinstance(origin.get("step"), int) else "",
        "real images shown": f"{shown:,}" if shown else "",
        "parameters of the generator": f"{num_parameters(model.generator):,}",
        "weights (SHA-256)": f"`{origin['generator_sha256']}`" if origin.get("generator_sha256") else "",
        "score on the way": f"{score['value']:.4g} (`{score['protocol']}`)" if score else "",
        "seed of the training": str(origin.get("seed", "")),
        "images measured": f"{len(assessment.generated.pixels):,} of {seeds}",
        "features": ", ".join(f"`{name}`" for name in dict.fromkeys(features_of(score) for score in assessment.scores)),
    }
    return {name: value for name, value in found.items() if value}


def facts_of_dataset(dataset: Dataset) -> dict[str, str]:
    """Return what is known of a dataset."""
    card = dataset.card
    names = ", ".join(dataset.classes[:_MOST_CLASSES]) + (" ..." if dataset.num_classes > _MOST_CLASSES else "")
    licences = sorted(card.licences.items(), key=lambda entry: (-entry[1], entry[0]))
    found = {
        "images": f"{dataset.count('train'):,} for training, {dataset.count('test'):,} held out",
        "shape": str(dataset.shape),
        "classes": f"{dataset.num_classes}: {names}" if dataset.classes else "none",
        "sources": "; ".join(dict.fromkeys(f"{source.name} ({source.origin})" for source in card.sources)),
        "licences": ", ".join(f"{name or 'unknown'} ({count:,})" for name, count in licences),
        "scaling": "" if card.scaling.is_symmetric else f"`{card.scaling.scaling}`",
        "content hash": f"`{card.content_hash}`",
    }
    return {name: value for name, value in found.items() if value}


def settings_of(model: Model) -> dict[str, str]:
    """Return every setting of the networks and of the training by its dotted name."""
    found = {"model": model.config.plain(), "training": model.origin.get("training") or {}}
    return {name: f"`{value}`" for name, value in _flat(found, "").items()}


def _flat(values: dict[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        inner = _flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else None
        found |= {prefix + name: json.dumps(value, ensure_ascii=False)} if inner is None else inner
    return found
