"""How this program was called, for the lines that say what to type next."""

import os
import shlex

VARIABLE = "GANVAS_COMMAND"
"""The script `run` sets it to its own name as typed."""


def program() -> str:
    """Return what to type before a verb: `./run` where that script called, else `ganvas`."""
    return shlex.quote(os.environ.get(VARIABLE) or "ganvas")
