"""Draw with a trained generator and no Ganvas: NumPy, ONNX Runtime and Pillow are enough. Nothing here imports torch.

ganvas export runs/digits --to onnx --out digits.onnx
python examples/plain_onnxruntime.py digits.onnx --label 7 --out sevens.png
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


def main() -> None:
    """Read the file, draw `--num` images of a seed, write them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="file of `ganvas export --to onnx`")
    parser.add_argument("--out", type=Path, required=True, help="PNG file to write")
    parser.add_argument("--num", type=int, default=8, help="how many images")
    parser.add_argument("--label", type=int, default=0, help="number of the class wanted, where the model has classes")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other images")
    given = parser.parse_args()

    session = onnxruntime.InferenceSession(given.model, providers=["CPUExecutionProvider"])
    card = json.loads(session.get_modelmeta().custom_metadata_map["ganvas"])  # what the model is, in JSON
    print("model", card["model"][:8], "classes", card["classes"])

    rng = np.random.default_rng(given.seed)
    values = {}
    for wanted in session.get_inputs():
        shape = [given.num, *wanted.shape[1:]]
        if wanted.name == "latents" and card["latent_distribution"] == "uniform":
            values["latents"] = rng.uniform(-1, 1, shape).astype(np.float32)
        elif wanted.name == "latents":
            values["latents"] = rng.standard_normal(shape, np.float32)
        elif wanted.name == "labels":
            values["labels"] = np.full(given.num, given.label, np.int64)
        elif wanted.name == "truncation":
            values["truncation"] = np.ones(given.num, np.float32)
        else:
            values[wanted.name] = np.zeros(shape, np.float32)

    (images,) = session.run(["images"], values)  # float32 [N, C, H, W] in [-1, 1]
    pixels = np.rint((images.transpose(0, 2, 3, 1).clip(-1, 1) + 1) * 127.5).astype(np.uint8)
    row = np.concatenate(list(pixels), axis=1)
    Image.fromarray(row[..., 0] if row.shape[2] == 1 else row).save(given.out)
    print(f"{given.num} images: {given.out}")


if __name__ == "__main__":
    main()
