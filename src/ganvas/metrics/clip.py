"""CLIP ViT-L/14 at 336 pixels (Radford et al. 2021), the network of CMMD (Jayasumana et al. 2024).

The features are image embeddings of unit length, [N, 768].
"""

from pathlib import Path

from torch import Tensor
from torch.nn import functional as F

from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.hub import Built, HubNetwork, Way, hub_features

_REPOSITORY, _FILES = "timm/vit_large_patch14_clip_336.openai", ("open_clip_model.safetensors",)


def clip(folder: Path | None = None) -> FeatureNetwork:
    """Return CLIP with the weights found in `folder`, or in the caches of this machine."""
    return hub_features(CLIP, folder)


def _by_open_clip(weights: Path) -> Built:
    from open_clip import create_model  # type: ignore[import-not-found]

    model = create_model("ViT-L-14-336", pretrained=str(weights), force_quick_gelu=True)

    def features(images: Tensor) -> Tensor:
        return F.normalize(model.encode_image(images), dim=1)

    return model, features


def _by_timm(weights: Path) -> Built:
    from timm import create_model  # type: ignore[import-not-found]

    overlay = {"file": str(weights)}
    model = create_model("vit_large_patch14_clip_quickgelu_336.openai", pretrained=True, pretrained_cfg_overlay=overlay)

    def features(images: Tensor) -> Tensor:
        return F.normalize(model(images), dim=1)

    return model, features


CLIP = HubNetwork(
    "clip",
    "vitl14-336",
    "CLIP ViT-L/14 at 336 pixels (Radford et al. 2021)",
    "They tell whether images mean what the real ones mean, however they are drawn, and see gradual distortions in "
    "their order (Jayasumana et al. 2024); small differences of texture and single pixels may go unseen. Not "
    "comparable with scores from Inception features.",
    336,
    (0.48145466, 0.4578275, 0.40821073),
    (0.26862954, 0.26130258, 0.27577711),
    (
        Way("open_clip", "open_clip_torch", _REPOSITORY, _FILES, _by_open_clip),
        Way("timm", "timm", _REPOSITORY, _FILES, _by_timm),
    ),
)
