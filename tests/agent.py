"""torchrun's agent with `ganvas` commands in forked processes: lost ones are back at once.

agent.py SIZE RESTARTS ARGUMENTS ... is `torchrun --nproc-per-node SIZE --max-restarts RESTARTS -m ganvas ARGUMENTS ...`
without the seconds in which each process imports torch.
"""

import os
import sys

import torch._dynamo  # noqa: F401  (torch imports it when it makes its first optimiser, in 3 s)
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

import ganvas.cli.train
import ganvas.workflows.evaluate
import ganvas.workflows.train  # noqa: F401  (imported once, for all processes)
from ganvas.cli.main import main


def work(arguments):
    """Run one command; return where it succeeds, as the agent asks of a function."""
    try:
        main(arguments)
    except SystemExit as end:
        if end.code:
            os._exit(int(end.code))


if __name__ == "__main__":
    size, restarts, *arguments = sys.argv[1:]
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=int(size),
        run_id="ranks",
        rdzv_endpoint="localhost:0",
        rdzv_backend="c10d",
        max_restarts=int(restarts),
        monitor_interval=0.1,
        start_method="fork",
    )
    elastic_launch(config, work)(arguments)
