"""One look for reports and studio: the palettes and the type of `pages.css`, given to NiceGUI's own elements too."""

import re
from pathlib import Path

from nicegui import ui

from ganvas.pages import STYLE

_STUDIO = Path(__file__).with_name("studio.css")
_PALETTE = re.compile(r":root\s*\{([^}]*)\}")
ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='7' fill='#1f6f78'/>"
    "<path d='M7 7h8v8H7zM17 17h8v8h-8z' fill='#fbfaf7'/><path d='M17 7h8v8h-8zM7 17h8v8H7z' fill='#d98e3f'/></svg>"
)
APPEARANCES = {"auto": None, "light": False, "dark": True}
"""What can be chosen, and what NiceGUI calls it: None follows the system."""


def palettes() -> tuple[str, str]:
    """Return the declarations of colours that all pages share, for light and for dark."""
    light, dark = _PALETTE.findall(STYLE.read_text(encoding="utf-8"))
    return light.strip(), dark.strip()


def apply(appearance: str = "auto") -> None:
    """Give the page being built the common look, light or dark as asked."""
    light, dark = palettes()
    chosen = f"body.body--light {{ {light} }} body.body--dark {{ {dark} }}"
    style = STYLE.read_text(encoding="utf-8"), chosen, _STUDIO.read_text(encoding="utf-8")
    ui.add_head_html(f"<style>@layer components {{ {style[0]} }} {style[1]} {style[2]}</style>")
    ui.dark_mode(APPEARANCES.get(appearance))


def set_defaults() -> None:
    """Let NiceGUI's own inputs look alike everywhere."""
    for element in (ui.input, ui.number, ui.select, ui.textarea):
        element.default_props("outlined dense hide-bottom-space")
