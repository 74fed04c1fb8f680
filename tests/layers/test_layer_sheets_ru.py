"""The Russian catalogue says what the English one says: its sheets, pages and short lines, formulas and numbers."""

import re
from collections import Counter
from pathlib import Path

import pytest
from translated import CYRILLIC, as_english, numbers

from ganvas.cli.main import main
from ganvas.layers import LAYERS
from ganvas.layers.texts import PAGES, SHEETS, Texts, module_of
from ganvas.sheets import FIELDS, settings_of

DOCUMENTS = Path(__file__).parents[2] / "docs"
ENGLISH, RUSSIAN = Texts("en"), Texts("ru")

MODULES = sorted({module_of(name) for name in LAYERS})

FUNCTIONS = {"sqrt", "sum", "ceil", "floor", "max", "softmax", "sigmoid", "tanh", "erf", "Phi", "relu", "gelu"}
FUNCTIONS |= {"conv", "conv1", "conv3", "conv4", "norm", "pool", "leaky", "mask", "rate", "var", "resize", "log"}
FUNCTIONS |= {"concatenate", "multiply", "add", "plane"}
SIGNS = r"[A-Za-z]\w*|\d+(?:\.\d+)?|->|<=|>=|<-|[=+*/^|~<>()\[\]']"


def symbols(text: str) -> Counter[str]:
    """Return what a formula is made of: quantities, functions, numbers and signs; not "a", often an article."""
    found = re.findall(SIGNS, re.sub(r"(?<=[a-z])'s\b", "", text))
    names = {each for each in found if len(each) == 1 or "_" in each or each in FUNCTIONS or not each[0].isalpha()}
    return Counter(each for each in found if each in names - {"a"})


def titles(text: str) -> list[str]:
    return re.findall(r'\d{4}, "[^"]+"', text)


def layers_and_shapes(page: str) -> Counter[str]:
    """Return the layers and the shapes of the sketch and of the table of a page."""
    lines = "\n".join([*blocks(page), *re.findall(r"^\|.*", page, re.MULTILINE)])
    found = re.findall(r"[a-z_]+|\([\d, ]+\)", lines)
    return Counter(each for each in found if each in LAYERS or each[0] == "(")


def blocks(page: str) -> list[str]:
    return re.findall(r"```\n(.*?)```", page, re.DOTALL)


# Sheets


def test_nothing_is_left_in_english() -> None:
    texts = Texts("ru")
    for name in LAYERS:
        texts.parts(name)
    for page in PAGES:
        texts.page(page)
    assert texts.missing == []
    assert sorted(path.stem for path in (SHEETS / "ru").glob("*.txt")) == MODULES
    assert {path.stem for path in (SHEETS / "ru").glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("name", LAYERS)
def test_every_row_has_a_russian_sheet_with_all_fields(name: str) -> None:
    sheet = RUSSIAN.sheet(name)
    assert tuple(sheet.fields) == FIELDS
    for text in (sheet.title, sheet.fields["Use it when"], sheet.fields["Beware"], RUSSIAN.summary(name)):
        assert CYRILLIC.search(text)
    assert re.search(r"\b(G|D)\b", sheet.fields["Use it when"]), "it says what it is for in G and in D"


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("field", ["Formula", "Shapes", "Parameters"])
def test_formulas_are_the_same(name: str, field: str) -> None:
    russian, english = RUSSIAN.sheet(name).fields[field], ENGLISH.sheet(name).fields[field]
    assert symbols(russian) == symbols(english)


@pytest.mark.parametrize("name", LAYERS)
def test_numbers_and_clauses_are_the_same(name: str) -> None:
    russian, english = RUSSIAN.sheet(name), ENGLISH.sheet(name)
    for field in FIELDS:
        assert numbers(as_english(russian.fields[field])) == numbers(english.fields[field]), field
    count = {field: len(RUSSIAN.parts(name)[RUSSIAN.said(field)]) for field in FIELDS}
    assert count == {field: len(ENGLISH.parts(name)[field]) for field in FIELDS}


@pytest.mark.parametrize("name", LAYERS)
def test_papers_and_layers_named_are_the_same(name: str) -> None:
    russian, english = RUSSIAN.sheet(name).fields, ENGLISH.sheet(name).fields
    assert titles(russian["Paper"]) == titles(english["Paper"]) != []
    for field in ("Use it when", "Beware", "See also"):
        named = [re.findall(r"\b[a-z]+_[a-z_]+\b", fields[field]) for fields in (russian, english)]
        assert set(named[0]) == set(named[1]), field


@pytest.mark.parametrize("name", LAYERS)
def test_every_setting_has_a_meaning(name: str) -> None:
    settings = [setting for setting in settings_of(LAYERS[name]) if setting.name != "layer"]
    shown = RUSSIAN.parts(name).get(RUSSIAN.said("Settings"), [])
    assert len(shown) == len(settings)
    for line, setting in zip(shown, settings, strict=True):
        assert line.startswith(f"`{setting.name}")
        assert CYRILLIC.search(line.partition(": ")[2])
        assert numbers(as_english(line)) == numbers(f"{setting.default} {setting.description}")


def test_short_lines_are_all_used() -> None:
    assert list(RUSSIAN._summaries) == list(LAYERS)
    meanings = {setting.description for entry in LAYERS.values() for setting in settings_of(entry)}
    assert set(RUSSIAN._settings) <= meanings


def test_long_lines_are_wrapped_as_in_the_code() -> None:
    lines = [line for path in (SHEETS / "ru").glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    assert max(map(len, lines)) <= 120


# Pages


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_the_same(page: str) -> None:
    russian, english = RUSSIAN.page(page), ENGLISH.page(page)
    assert re.findall(r"^#+ ", russian, re.MULTILINE) == re.findall(r"^#+ ", english, re.MULTILINE)
    for sign in (r"^- ", r"^\|"):
        assert len(re.findall(sign, russian, re.MULTILINE)) == len(re.findall(sign, english, re.MULTILINE))
    assert Counter(re.findall(r"`([a-z_]+)`", russian)) == Counter(re.findall(r"`([a-z_]+)`", english))
    assert numbers(as_english(russian)) == numbers(english)
    assert layers_and_shapes(russian) == layers_and_shapes(english)
    assert max(len(line) for block in blocks(russian) for line in block.split("\n")) <= 78


# What the command prints, and the documents


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", ["", *LAYERS, *PAGES])
def test_nothing_is_wider_than_the_terminal(name, columns, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = printed(["layers", *([name] if name else []), "--lang", "ru"], capsys)
    assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize(("document", "language"), [("layers.md", "en"), ("layers.ru.md", "ru")])
def test_documents_are_what_the_command_prints(document, language, capsys) -> None:
    command = ["layers", "--markdown", "--lang", language]
    written = (DOCUMENTS / document).read_text(encoding="utf-8")
    assert written == printed(command, capsys), f"Write it anew: ganvas {' '.join(command)} > docs/{document}"


def printed(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(command)
    captured = capsys.readouterr()
    assert ended.value.code == 0
    assert captured.err == ""
    return captured.out
