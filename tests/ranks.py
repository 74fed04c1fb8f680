"""Several processes' worth of a game in one: a thread for each rank, and gloo between them over real sockets."""

import os
import traceback
from contextlib import nullcontext
from datetime import timedelta
from threading import Thread

import torch
from torch.distributed import HashStore, ProcessGroupGloo

from ganvas.training.ranks import Ranks
from ganvas.training.turns import DiscriminatorTurn

# Python 3.11 lets one thread at a time compute a cached property; in this one ranks wait for each other
vars(DiscriminatorTurn)["squared_gradient_norms"].lock = nullcontext()


def together(size, play):
    """Return what `play(ranks)` gave each of so many ranks that play at once; the first error of any is raised."""
    store, given, errors = HashStore(), [None] * size, []

    def run(rank):
        try:
            options = ProcessGroupGloo._Options()
            options._devices = [ProcessGroupGloo.create_device(hostname="127.0.0.1")]
            options._timeout = timedelta(seconds=600)
            group = ProcessGroupGloo(store, rank, size, options)
            given[rank] = play(Ranks(group, rank, size))
        except BaseException as error:
            if os.environ.get("SHOW_RANKS"):
                traceback.print_exc()
            errors.append(error)

    before = torch.get_num_threads()
    threads = [Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    torch.set_num_threads(before)
    if errors:
        raise errors[0]
    return given
