"""DINOv2 ViT-L/14 (Oquab et al. 2023), the network of FD-DINOv2 (Stein et al. 2023).

The features are the class token after the last normalisation, [N, 1024], of images at 224x224.
"""

from pathlib import Path

from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.hub import Built, HubNetwork, Way, hub_features

SIZE = 224


def dinov2(folder: Path | None = None) -> FeatureNetwork:
    """Return DINOv2 with the weights found in `folder`, or in the caches of this machine."""
    return hub_features(DINOV2, folder)


def _by_transformers(weights: Path) -> Built:
    from transformers import Dinov2Model  # type: ignore[import-not-found]

    model, loading = Dinov2Model.from_pretrained(
        weights.parent, use_safetensors=True, local_files_only=True, output_loading_info=True
    )
    if loading["missing_keys"] or loading["mismatched_keys"]:
        raise ValueError(f"the file lacks {sorted(loading['missing_keys'])[:3]}")
    return model, lambda images: model(pixel_values=images).pooler_output


def _by_timm(weights: Path) -> Built:
    from timm import create_model  # type: ignore[import-not-found]

    model = create_model(
        "vit_large_patch14_dinov2.lvd142m",
        pretrained=True,
        pretrained_cfg_overlay={"file": str(weights)},
        img_size=SIZE,
        num_classes=0,
    )
    return model, model


DINOV2 = HubNetwork(
    "dinov2",
    "vitl14",
    "DINOv2 ViT-L/14 (Oquab et al. 2023)",
    "They agree with people's judgement of photos, faces and drawings better than Inception's do (Stein et al. 2023), "
    "and see shape and composition before texture; noise, compression and other flaws of single pixels they nearly "
    "ignore, and so cannot tell. Not comparable with scores from Inception features.",
    SIZE,
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
    (
        Way(
            "transformers",
            "transformers",
            "facebook/dinov2-large",
            ("config.json", "model.safetensors"),
            _by_transformers,
        ),
        Way("timm", "timm", "timm/vit_large_patch14_dinov2.lvd142m", ("model.safetensors",), _by_timm),
    ),
)
