"""Make a repository for the Hugging Face Hub of a trained run, and upload it where a name is given.

python examples/hub_upload.py runs/photos --out hub/photos --licence cc-by-4.0
python examples/hub_upload.py runs/photos --out hub/photos --licence cc-by-4.0 --push you/photos

Uploading needs `.venv/bin/pip install -e ".[hub,onnx]"` and `hf auth login`, or the environment variable HF_TOKEN.
"""

from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional, arg

import ganvas


def main(
    run: Positional[Annotated[Path, arg(help="run folder or model folder")]],
    out: Annotated[Path, arg(help="folder to make: the repository as it will be on the Hub")],
    licence: Annotated[str, arg(help="licence that you give the model under; the images' owners may have a say")],
    push: Annotated[str, arg(help="USER/NAME to upload to; nothing is uploaded without it")] = "",
) -> None:
    """Write card, weights, samples and ONNX file; upload them if asked to; read the folder back."""
    repository = ganvas.export(run, out=out, to="hub", licence=licence, push=push)
    for file in sorted(repository.iterdir()):
        print(f"{file.stat().st_size:12,} bytes  {file.name}")

    # What others will load is what was trained.
    assert (ganvas.load(repository).generate(4, seed=0) == ganvas.load(run).generate(4, seed=0)).all()
    print(f"Uploaded as {push}" if push else f"Look at {repository / 'README.md'}, then say --push USER/NAME")


if __name__ == "__main__":
    tyro.cli(main)
