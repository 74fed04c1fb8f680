"""The process that decodes: reads questions from its input until that ends, and answers on its output."""

import os
import signal
import sys
from typing import IO

from ganvas.data.engines.messages import answer, item_of, read_frame, write_frame
from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing


def main(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until the questions end; the first frame holds the preprocessing and the memory limit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked
    try:
        settings, _ = read_frame(questions)
        _limit_memory(settings["memory"])
        how = Preprocessing.read(settings["preprocessing"], "the preprocessing")
        write_frame(answers, "ready")
        answers.flush()
        while True:
            write_frame(answers, *answer(inspect(item_of(*read_frame(questions)), how)))
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)  # whoever asked has what it wanted, or is gone


def _limit_memory(num_bytes: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (num_bytes, num_bytes))
    except (ImportError, ValueError, OSError):  # a system without such limits
        return


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
