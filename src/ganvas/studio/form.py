"""A form of settings on a page: an input for each, its description below, groups within groups folded away."""

from collections.abc import Callable
from typing import Any

from nicegui import html, ui
from nicegui.elements.mixins.value_element import ValueElement

from ganvas.errors import ConfigurationError
from ganvas.studio.settings import Group, Setting, shown


class Form:
    """The inputs of settings, and what was changed in them."""

    def __init__(self, given: dict[str, Any] | None = None, on_change: Callable[[], Any] = lambda: None) -> None:
        self.on_change = on_change
        self.given: dict[str, Any] = dict(given or {})
        """What differs from the configuration, by dotted name."""
        self.unreadable: dict[str, str] = {}
        self.inputs: dict[str, ui.element] = {}

    def show(self, group: Group) -> None:
        """Add the inputs of a group's settings, those of the groups in it folded away."""
        if group.settings:
            with html.div().classes("settings"):
                for setting in group.settings:
                    self._show_setting(setting)
        for inner in group.groups:
            num = sum(setting.name in self.given for setting in inner.all())
            title = inner.label.capitalize() + (f" ({num} changed)" if num else "")
            with ui.expansion(title, caption=inner.description).classes("full-width"):
                self.show(inner)

    def check(self) -> dict[str, Any]:
        """Return what was changed; raise `ConfigurationError` where something typed cannot be read."""
        if self.unreadable:
            raise ConfigurationError(" ".join(self.unreadable.values()))
        return dict(self.given)

    def put(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Put a value into the input of a setting, as if it had been typed."""
        element = self.inputs[name]
        assert isinstance(element, ValueElement)
        element.set_value(value)

    def _show_setting(self, setting: Setting) -> None:
        with html.div().classes("setting") as box:
            value = self.given.get(setting.name, setting.value)
            element = _input(setting, value, lambda event: self._take(setting, event.value, box, complaint))
            self.inputs[setting.name] = element
            element.props["aria-label"] = f"{setting.label}: {setting.description}"
            complaint = ui.label().classes("refused about").props("role=alert")
            complaint.visible = False
            html.p(setting.description).classes("about")
            _mark(box, setting.name in self.given)

    def _take(self, setting: Setting, typed: Any, box: ui.element, complaint: ui.label) -> None:  # noqa: ANN401
        """Take in what was typed or chosen; what is the default again is no change."""
        self.unreadable.pop(setting.name, None)
        self.given.pop(setting.name, None)
        try:
            value = setting.read(typed)
        except ValueError as error:
            self.unreadable[setting.name] = f"`{setting.name}` is `{typed}`: {error}."
            complaint.text = str(error)
        else:
            if value != setting.value:
                self.given[setting.name] = value
        complaint.visible = setting.name in self.unreadable
        _mark(box, setting.name in self.given or complaint.visible)
        self.on_change()


def _input(setting: Setting, value: Any, take: Callable[[Any], None]) -> ui.element:  # noqa: ANN401
    """Return the input that suits a setting's type."""
    if setting.choices:
        return ui.select(list(setting.choices), label=setting.label, value=value, on_change=take)
    if setting.kind is bool:
        return ui.switch(setting.label, value=value, on_change=take)
    element = ui.input(setting.label, value=shown(value), on_change=take).props("debounce=300")
    if setting.kind in (int, float):
        element.props(f"inputmode={'numeric' if setting.kind is int else 'decimal'}")
    return element


def _mark(box: ui.element, changed: bool) -> None:
    box.classes(add="changed" if changed else "", remove="" if changed else "changed")
