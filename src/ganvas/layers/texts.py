"""What the catalogue says, in a language: the sheet of each layer, the pages for beginners, and the headings.

English sheets are the docstrings of the layers' modules. A translation is `sheets/ru/MODULE.txt`, with the same field
names, so that the same parser checks it; what takes one line, summaries and settings, is in `sheets/ru/lines.toml`.
Pages are `sheets/LANGUAGE/PAGE.md`.
"""

import re
import tomllib
from pathlib import Path
from typing import Literal

from ganvas.layers import LAYERS
from ganvas.sheets import FIELDS, Setting, Sheet, parse_sheet, settings_of, sheet_of

Language = Literal["en", "ru"]

PAGES = {
    "convolutional": "networks of convolutions: images large and small",
    "recurrent": "networks that draw and read step by step",
    "fully-connected": "networks of linear layers: the basic GAN",
}
"""The cheat-sheets of one page, for who begins."""

RUSSIAN = {
    "Formula": "Формула",
    "Shapes": "Размерности",
    "Parameters": "Параметры",
    "Use it when": "Когда брать",
    "Beware": "Осторожно",
    "Paper": "Статья",
    "See also": "Смотри ещё",
    "Layer": "Слой",
    "Layers": "Слои",
    "What it is": "Что это",
    "In a GAN": "Роль в GAN",
    "Settings": "Настройки",
    "required": "обязательно",
    "Cheat-sheets of one page": "Шпаргалки на одну страницу",
    "G is the generator, D the discriminator.": "G — генератор, D — дискриминатор.",
    "`ganvas layers NAME` shows the sheet of a layer, or one of these pages:": (
        "`ganvas layers ИМЯ` покажет шпаргалку слоя или одну из этих страниц:"
    ),
    "networks of convolutions: images large and small": "сети из свёрток: изображения большие и малые",
    "networks that draw and read step by step": "сети, которые рисуют и читают шаг за шагом",
    "networks of linear layers: the basic GAN": "сети из линейных слоёв: простейшая GAN",
    "Linear layers and shapes": "Линейные слои и форма данных",
    "Convolutions and resampling": "Свёртки и изменение размера",
    "Activations": "Функции активации",
    "Normalisation": "Нормализация",
    "Regularisation": "Регуляризация",
    "Conditions: classes, styles, noise": "Условия: классы, стили, шум",
    "Attention": "Внимание",
    "Recurrent layers": "Рекуррентные слои",
    "Blocks": "Блоки",
    "Heads of the discriminator": "Выходы дискриминатора",
}
"""Headings and sentences of the catalogue, by the English ones."""

SHEETS = Path(__file__).parent / "sheets"


class Texts:
    """The texts of one language; English where a translation is missing, and which those are."""

    def __init__(self, language: Language = "en", folder: Path = SHEETS) -> None:
        self.language: Language = language
        self.folder = folder
        self.missing: list[str] = []
        path = folder / language / "lines.toml"
        lines = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self._summaries: dict[str, str] = lines.get("summaries", {})
        self._settings: dict[str, str] = lines.get("settings", {})

    def said(self, words: str) -> str:
        """Return a heading or sentence of the catalogue in this language."""
        return RUSSIAN.get(words, words) if self.language == "ru" else words

    def sheet(self, name: str) -> Sheet:
        """Return the sheet of the layer called `name`."""
        if self.language == "en":
            return sheet_of(LAYERS[name])
        path = self.folder / self.language / f"{module_of(name)}.txt"
        if path.is_file():
            return parse_sheet(path.read_text(encoding="utf-8"), origin=f"`{path}`")
        self._miss(name)
        return sheet_of(LAYERS[name])

    def page(self, name: str) -> str:
        """Return the page called `name` as Markdown."""
        path = self.folder / self.language / f"{name}.md"
        if not path.is_file():
            self._miss(name)
            path = self.folder / "en" / f"{name}.md"
        return path.read_text(encoding="utf-8")

    def summary(self, name: str) -> str:
        """Return what a layer is, in one line: its row, or the title of its sheet where the row is not translated."""
        return LAYERS[name].summary if self.language == "en" else self._summaries.get(name) or self.sheet(name).title

    def parts(self, name: str) -> dict[str, list[str]]:
        """Return the clauses of a layer's sheet under their headings, and its settings."""
        sheet = self.sheet(name)
        shown = Texts() if name in self.missing else self
        parts = {shown.said(field): _clauses(sheet.fields[field]) for field in FIELDS}
        if settings := [setting for setting in settings_of(LAYERS[name]) if setting.name != "layer"]:
            parts[shown.said("Settings")] = [shown._setting(setting) for setting in settings]
        return parts

    def _setting(self, setting: Setting) -> str:
        value = f"`{setting.name} = {setting.default}`" if setting.default else f"`{setting.name}`"
        value += "" if setting.default else f" ({self.said('required')})"
        meaning = setting.description if self.language == "en" else self._settings.get(setting.description, "")
        return f"{value}: {meaning}" if meaning else value

    def _miss(self, name: str) -> None:
        if name not in self.missing:
            self.missing.append(name)


def module_of(name: str) -> str:
    """Return the name of a layer's module, which two layers may share; its translation is called the same."""
    return LAYERS[name].path.partition(":")[0].rpartition(".")[2]


def _clauses(text: str) -> list[str]:
    """Split a text at the semicolons that stand outside brackets."""
    return re.split(r"(?<=;) (?![^(]*\))", text)
