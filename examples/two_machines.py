"""Train one GAN on two machines.

On each of them, with an address of the first that both can reach:

torchrun --nnodes 2 --nproc-per-node 1 --rdzv-backend c10d --rdzv-endpoint first-machine:29400 --rdzv-id digits \
    examples/two_machines.py --out two-machines

To try it on one machine, as two processes: torchrun --standalone --nproc-per-node 2 examples/two_machines.py --out two
"""

import os
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import arg

import ganvas
from ganvas.images import contact_sheet, save_png


def main(
    out: Annotated[Path, arg(help="folder to make, at the same place on both machines")],
    steps: Annotated[int, arg(help="rounds of the game")] = 1_000,
) -> None:
    """Prepare the digits on each machine, train one run together, draw on the first."""
    machine = int(os.environ.get("GROUP_RANK", 0))  # torchrun says which machine this is, and which process of all
    first = int(os.environ.get("RANK", 0)) == 0

    # The same images in the same order give the same dataset folder: every process makes its own, no disk is shared.
    place = out / f"data-{machine}-{os.environ.get('LOCAL_RANK', 0)}"
    data = ganvas.prepare("digits", out=place, size=16)

    # The batch is that of both together: each does half of it, and the weights are those that one machine would find.
    run = ganvas.train("compact", data=data, out=out / "run", steps=steps)
    if first:  # the run folder grows there alone
        save_png(out / "digits.png", contact_sheet(ganvas.load(run.folder).generate(16, seed=0)))
        print("Pictures:", out / "digits.png")


if __name__ == "__main__":
    tyro.cli(main)
