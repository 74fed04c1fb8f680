import sys
from pathlib import Path

import pytest

from ganvas.catalogue import Entry
from ganvas.sheets import FIELDS, Setting, SheetError, docstring_of, parse_sheet, settings_of, sheet_of

DOCSTRING = """Doubles its input.

Formula: y = 2 x
Shapes: any [N, ...] -> the same; a ratio 2:1 and "Beware: this" are text,
    and this line
     goes on
Parameters: none
Use it when: never
Beware: of
    the dog
Paper: none
See also: linear
"""

MODULE = f'''"""{DOCSTRING}"""

raise RuntimeError("a sheet is read, its module is never run")


class Config(_Base):
    """A layer of ours."""

    layer: str = Field(default="mine", description="ours")
    size: int = Field(ge=1, description="how many")
    taps: tuple[float, ...] = Field(default=(1.0, -2.5), description="weights")
    unlisted = 3


def recipe():
    """Train it.

    Data: any images of
        one kind
    Size: 8 px
    """


class _Base:
    rate: float = Field(default=0.5, description="how fast")
    size: float = Field(default=1.0, description="another")
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "layer_of_a_sheet.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "layer_of_a_sheet"


def test_fields_are_read_with_the_lines_that_go_on() -> None:
    sheet = parse_sheet(DOCSTRING)
    assert sheet.title == "Doubles its input."
    assert tuple(sheet.fields) == FIELDS
    assert (
        sheet.fields["Shapes"]
        == 'any [N, ...] -> the same; a ratio 2:1 and "Beware: this" are text, and this line goes on'
    )
    assert sheet.fields["Beware"] == "of the dog"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Paper: none\n", "", r"^It lacks the fields: Paper\.$"),
        ("Paper: none\nSee also: linear\n", "", r"lacks the fields: Paper, See also"),
        ("Paper: none", "Papers: none", r"^It: `Papers: none` should begin with a field"),
        ("Paper: none", "Beware: again", r"`Beware: again` should begin with a field, each once"),
        ("Paper: none", "Paper:", r"`Paper:` should begin"),
        ("    the dog", "the dog", r"`the dog` should begin"),
        ("\n\nFormula", "\nFormula", r"lacks the fields: Formula|should begin"),
    ],
)
def test_broken_sheets_are_refused_in_words(old: str, new: str, words: str) -> None:
    assert DOCSTRING.count(old) == 1
    with pytest.raises(SheetError, match=words):
        parse_sheet(DOCSTRING.replace(old, new), origin="It")


def test_empty_docstring_lacks_everything() -> None:
    with pytest.raises(SheetError, match="lacks the fields: Formula, Shapes"):
        parse_sheet("")


def test_sheets_are_read_without_running_the_module(module: str) -> None:
    assert sheet_of(Entry(f"{module}:Config", "")) == parse_sheet(DOCSTRING)
    assert docstring_of(Entry(f"{module}:Config", "")) == "A layer of ours."
    found = parse_sheet(docstring_of(Entry(f"{module}:recipe", "")), required=("Data", "Size"))
    assert found == ("Train it.", {"Data": "any images of one kind", "Size": "8 px"})
    assert module not in sys.modules


def test_settings_are_read_without_running_the_module(module: str) -> None:
    assert settings_of(Entry(f"{module}:Config", "")) == [
        Setting("rate", "0.5", "how fast"),
        Setting("size", "", "how many"),
        Setting("layer", '"mine"', "ours"),
        Setting("taps", "[1.0, -2.5]", "weights"),
    ]


def test_what_does_not_exist_is_named(module: str) -> None:
    with pytest.raises(SheetError, match=f"`{module}` defines no function or class `Missing`"):
        docstring_of(Entry(f"{module}:Missing", ""))
    with pytest.raises(SheetError, match="no module `ganvas_without_such`"):
        sheet_of(Entry("ganvas_without_such:Config", ""))
