"""The Russian README and tutorials say what the English ones say: sections, blocks, pictures, links and numbers."""

import re
from collections import Counter
from pathlib import Path

import pytest
from translated import CYRILLIC, as_english, numbers

ROOT = Path(__file__).parents[1]
RUSSIAN = sorted([*ROOT.glob("*.ru.md"), *ROOT.glob("docs/tutorials/*.ru.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
each_pair = pytest.mark.parametrize("path", RUSSIAN, ids=lambda path: path.name)


def both(path: Path) -> tuple[str, str]:
    """Return the English and the Russian page."""
    return path.with_name(path.name.replace(".ru.", ".")).read_text("utf-8"), path.read_text("utf-8")


def without_blocks(page: str) -> str:
    return BLOCK.sub("", page)


def bare(page: str) -> list[tuple[str, str]]:
    """Return whether each link shows a picture, and where it leads, the language left out."""
    return [(sign, address.replace(".ru.", ".")) for sign, address in LINK.findall(page)]


def test_every_tutorial_is_there_in_both_languages() -> None:
    pages = {path.name for path in (ROOT / "docs" / "tutorials").glob("*.md")}
    assert {name.replace(".md", ".ru.md") for name in pages if ".ru." not in name} == {
        name for name in pages if ".ru." in name
    }
    assert "README.ru.md" in {path.name for path in RUSSIAN}


@each_pair
def test_sections_are_the_same(path: Path) -> None:
    english, russian = both(path)
    headings = [re.findall(r"^(#+) (\d*)", without_blocks(page), re.MULTILINE) for page in (english, russian)]
    assert headings[0] == headings[1]
    for sign in (r"^- ", r"^\|", r"^!\[", r"\n\n(?=\S)"):
        counts = [len(re.findall(sign, without_blocks(page), re.MULTILINE)) for page in (english, russian)]
        assert counts[0] == counts[1], sign


@each_pair
def test_blocks_are_the_same(path: Path) -> None:
    """Code and what it printed; a block of words for people has the same commands and files."""
    english, russian = both(path)
    (english_blocks, russian_blocks) = (BLOCK.findall(page) for page in (english, russian))
    assert [name for name, _ in russian_blocks] == [name for name, _ in english_blocks]
    for (name, ours), (_, theirs) in zip(russian_blocks, english_blocks, strict=True):
        if name:
            assert ours == theirs
        else:
            assert CYRILLIC.search(ours)
            assert re.findall(r"^\S+", ours, re.MULTILINE) == re.findall(r"^\S+", theirs, re.MULTILINE)


@each_pair
def test_links_and_pictures_are_the_same(path: Path) -> None:
    english, russian = both(path)
    assert Counter(bare(russian)) == Counter(bare(english))
    pictures = [[address for sign, address in bare(page) if sign] for page in (english, russian)]
    assert pictures[0] == pictures[1], "in the same order"


@each_pair
def test_names_and_numbers_are_the_same(path: Path) -> None:
    english, russian = both(path)
    words = [without_blocks(LINK.sub("", page)) for page in (english, russian)]
    assert Counter(re.findall(r"`([^`]+)`", words[1].replace(".ru.", ".").replace(" --lang ru", ""))) == Counter(
        re.findall(r"`([^`]+)`", words[0].replace(".ru.", "."))
    )
    assert numbers(as_english(words[1])) == numbers(words[0])
    paragraphs = [text for text in re.split(r"\n{2,}", words[1]) if len(text) > 40]
    assert all(CYRILLIC.search(text) for text in paragraphs)
