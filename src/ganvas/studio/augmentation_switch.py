"""A switch beside a form of settings for the one setting that few images need: augmentation."""

from nicegui import html, ui

from ganvas.recipes.suits import AUGMENT
from ganvas.studio.form import Form

_KIND, _WAY = AUGMENT
_NONE = "none"


class AugmentationSwitch:
    """Switches augmentation on, in the recipe's own way where it has one, or off; the form's input says the same."""

    def __init__(self, form: Form, own_kind: str, is_advised: bool) -> None:
        self.form, self.own_kind = form, own_kind
        with html.div().classes("setting"):
            label = "Augment (advised for few images)" if is_advised else "Augment"
            self.switch = ui.switch(label, value=self._is_on())
            html.p("Pictures are shown slightly changed each time, so that few are not learnt by heart.").classes(
                "about"
            )
        self.switch.on_value_change(lambda event: self._turn(bool(event.value)))

    def follow(self) -> None:
        """Show what the form says."""
        self.switch.set_value(self._is_on())

    def _is_on(self) -> bool:
        return self.form.given.get(_KIND, self.own_kind) != _NONE

    def _turn(self, is_on: bool) -> None:
        if is_on != self._is_on():
            way = _WAY if self.own_kind == _NONE else self.own_kind
            self.form.put(_KIND, way if is_on else _NONE)
