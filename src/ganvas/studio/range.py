"""A slider that is the browser's own: keyboard, touch and screen readers know it, and it waits for no server."""

from collections.abc import Callable

from nicegui.elements.mixins.value_element import ValueElement

_SECONDS = 0.05
"""Between two values that are told while it moves."""


class Range(ValueElement[float], component="range.js"):
    """A slider called `name` from `low` to `high`; `moved` is told each value that it is moved to."""

    LOOPBACK = False  # shown at once, without the server's answer

    def __init__(
        self, name: str, low: float, high: float, step: float, value: float, moved: Callable[[float], None]
    ) -> None:
        super().__init__(
            value=value,
            throttle=_SECONDS,
            on_value_change=lambda event: moved(round(float(event.value or 0.0), 4)),
        )
        self.props.update({"min": low, "max": high, "step": step, "aria-label": name})
