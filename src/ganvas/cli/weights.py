"""`ganvas weights [NAME]`: the published weights of feature networks, and where they are on this machine."""

from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.metrics.weights import WEIGHTS, fetch_weights, find_weights


def run(arguments: list[str]) -> None:
    """List published weights, or get one."""
    parse(weights, "weights", arguments)


def weights(
    name: Annotated[Positional[str | None], arg(metavar="NAME", help="features whose weights to download")] = None,
    /,
) -> None:
    """List the weights that `ganvas evaluate --features NAME` needs; with NAME download and check them.

    They are kept in `ganvas/weights` of XDG_CACHE_HOME or `~/.cache`; a folder that GANVAS_WEIGHTS names goes before.
    """
    if name is not None:
        print(fetch_weights(name, progress()))
        return
    for features, (file, mirrors, about) in WEIGHTS.items():
        found = find_weights(features)
        print(f"  {features}  {about}")
        print(f"    {file.name}, {file.num_bytes:,} bytes, SHA-256 {file.sha256}")
        print(f"    {f'at {found}' if found else f'not on this machine; from {mirrors[0]}'}")
    print("\n`ganvas weights NAME` downloads them. `ganvas evaluate --features NAME` says what other features lack.")
