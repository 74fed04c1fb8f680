"""How the processes of a run find each other: by the environment that torchrun gives to each of those it begins."""

import atexit
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import distributed

from ganvas.errors import RunError
from ganvas.training.ranks import Ranks

if TYPE_CHECKING:
    from torch.distributed import Store  # pyright: ignore[reportPrivateImportUsage]

PLACES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""The variables that tell a process which of how many it is, and where they meet."""
_PATIENCE = timedelta(hours=1)
"""How long a process waits for the others, such as for the first to open what scores need."""
_PAUSE = 0.02
"""Seconds between two looks at what the others say."""


class Launch(NamedTuple):
    """The processes of this run; `restarts` where a launcher begins the same command again after one was lost."""

    ranks: Ranks
    restarts: bool = False


@contextmanager
def launched() -> Iterator[Launch]:
    """Yield the processes that the environment tells of, joined; a process alone where it tells of none.

    Raises `RunError` when they cannot meet. On machines with NVIDIA GPUs tensors go by NCCL, elsewhere by gloo.
    """
    if not _is_launched():
        yield Launch(Ranks())
        return
    if int(os.environ["WORLD_SIZE"]) == 1:
        yield Launch(Ranks(), restarts=True)
        return
    local_rank, local_size = (int(os.environ.get(name, value)) for name, value in _LOCAL.items())
    if not distributed.is_initialized():
        _meet(local_rank)
        atexit.register(distributed.destroy_process_group)  # they can meet once only
    try:
        yield Launch(Ranks(distributed.group.WORLD, local_rank, local_size), restarts=True)
    except BaseException:
        atexit.unregister(distributed.destroy_process_group)  # the others may be gone
        raise


def is_first() -> bool:
    """Return whether this process is the one of its run that speaks and writes."""
    return not _is_launched() or int(os.environ["RANK"]) == 0


def _is_launched() -> bool:
    return all(os.environ.get(name) for name in PLACES)


_LOCAL = {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}


def _meet(local_rank: int) -> None:
    from torch.distributed import PrefixStore, rendezvous  # pyright: ignore[reportPrivateImportUsage]

    on_gpu = torch.cuda.is_available() and distributed.is_nccl_available()
    if on_gpu and local_rank < torch.cuda.device_count():
        torch.cuda.set_device(local_rank)
    try:
        store, rank, size = next(rendezvous("env://", timeout=_PATIENCE))
        fresh = PrefixStore(_roster(store, rank, size), store)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if on_gpu else "gloo", store=fresh, rank=rank, world_size=size, timeout=_PATIENCE
        )
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise RunError(
            f"Process {os.environ['RANK']} of {os.environ['WORLD_SIZE']} did not meet the others at {where} ({error}). "
            "Begin all by `torchrun`, and let the machines reach each other there."
        ) from error


def _roster(store: "Store", rank: int, size: int) -> str:
    """Return a name for these processes, those alive now, that no earlier ones had.

    torchrun of torch 2.13 keeps its store over restarts, and with it the addresses of processes that are gone. So each
    process says a number of its own; the first reads them out until all others, and not their predecessors, agree.
    """
    own = secrets.token_hex(8)
    store.set(f"here/{rank}", own)
    if rank == 0:
        others = range(1, size)
        while True:
            roster = "-".join([own, *(store.get(f"here/{other}").decode() for other in others)])
            store.set("roster", roster)
            if all(
                store.check([f"agreed/{other}"]) and store.get(f"agreed/{other}").decode() == roster for other in others
            ):
                store.set("begin", roster)
                return roster
            time.sleep(_PAUSE)
    while True:
        roster = store.get("roster").decode()
        if own in roster.split("-"):
            store.set(f"agreed/{rank}", roster)
            if store.check(["begin"]) and store.get("begin").decode() == roster:
                return roster
        time.sleep(_PAUSE)
