"""Work aside the event loop: in a thread that nobody waits for when the studio ends."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def aside(work: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """Return what `work` returns, or raise what it raises, while other pages are served."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def tell(how: Callable[[Any], None], what: Any) -> None:  # noqa: ANN401
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else how(what))

    def do() -> None:
        try:
            result = work(*arguments, **options)
        except BaseException as error:
            tell(future.set_exception, error)
        else:
            tell(future.set_result, result)

    threading.Thread(target=do, daemon=True).start()
    return await future
