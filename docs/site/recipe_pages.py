"""A page for each recipe: its sheet, its picture, its numbers, and every one of its settings."""

import re
from pathlib import Path

from markup import escaped, fenced, table

from ganvas.cli.recipes import groups
from ganvas.recipes import RECIPES, SHEET_FIELDS
from ganvas.recipes.recipe import find_recipe
from ganvas.sheets import Sheet, docstring_of, parse_sheet

DOCS = Path(__file__).parents[1]
WITHOUT_PICTURE = {"acgan_mnist", "pix2pix_colour", "pix2pix_edges", "cyclegan"}
"""Recipes that were trained here, and of which no picture was kept."""
_NUMBERS = re.compile(r"^\| (`.+`) \| (\S+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \|", re.MULTILINE)
_MEASURED = re.compile(r"^\| `(\w+)`([^|]*) ((?:\|[^|\n]*){7})\|$", re.MULTILINE)
_PICTURE = re.compile(r"^\| \[recipes/(\w+)\.png\]\(recipes/\w+\.png\) \| (.+?) \| `(.+?)` \|", re.MULTILINE)


def recipe_pages() -> dict[str, str]:
    """Return the Markdown of the list of recipes and of each recipe, by place."""
    pictures = {name: (words, command) for name, words, command in _PICTURE.findall(_read("pictures/README.md"))}
    pages = {f"recipes/{name}.md": _page(name, pictures.get(name)) for name in RECIPES}
    return {"recipes/index.md": _list(pictures), **pages}


def _list(pictures: dict[str, tuple[str, str]]) -> str:
    rows = [(f"[`{name}`]({name}.md)", escaped(entry.summary)) for name, entry in RECIPES.items()]
    seen = "\n".join(
        f"- [`{name}`]({name}.md): {words}\n\n  ![{name}](../pictures/recipes/{name}.png)"
        for name, (words, _) in pictures.items()
    )
    listed = "\n".join(RECIPES)
    return f"""# Recipes

Complete configurations: a network, an objective, and how to train it. Which family does what, and numbers of its
weights: [families](../families.md). Which one suits your pictures and this machine: `ganvas doctor --data DIR`.

{table(["recipe", "what it is"], rows)}
## What they draw

{seen}

```{{toctree}}
:hidden:

{listed}
```
"""


def _page(name: str, picture: tuple[str, str] | None) -> str:
    sheet = parse_sheet(docstring_of(RECIPES[name]), SHEET_FIELDS, f"The sheet of recipe `{name}`")
    title = sheet.title.removeprefix("Return ")
    command = f"ganvas train {name} --data data/photos --plan    # what it would cost here\n"
    command += f"ganvas train {name} --data data/photos --out runs/{name}"
    return "\n".join(
        [
            f"# {name}",
            "",
            f"{escaped(title[:1].upper() + title[1:])}",
            "",
            _picture(name, picture),
            fenced(command, "sh"),
            _sheet(sheet),
            _measured(name),
            _numbers(name),
            "## Settings",
            "",
            "Each can be changed by the name of its group and its own: `--training.batch_size 32` on the command line,",
            "the same dotted name in Python.",
            "",
            *_settings(name),
        ]
    )


def _picture(name: str, picture: tuple[str, str] | None) -> str:
    if picture is None and name in WITHOUT_PICTURE:
        return "Trained here for minutes; no picture of it was kept. What it took and gave stands below.\n"
    if picture is None:
        return (
            "**Not trained here.** Scores below are published ones, where there are any; `--plan` measures the cost.\n"
        )
    words, command = picture
    return f"![{words}](../pictures/recipes/{name}.png)\n\n*{words}* Made by\n\n{fenced(command, 'sh')}"


def _sheet(sheet: Sheet) -> str:
    names = {"Hardware": "Machine", "Differs": "Differs from its source"}
    return table(["", ""], [(f"**{names.get(key, key)}**", escaped(text)) for key, text in sheet.fields.items()])


def _measured(name: str) -> str:
    """Return what five minutes of one core gave, of the table in docs/families.md; "" where the recipe has no row."""
    for known, settings, cells in _MEASURED.findall(_read("families.md")):
        if known == name:
            images, seconds, _, fid, asked, precision, recall = (cell.strip() for cell in cells.strip("|").split("|"))
            rows = [(images, seconds, fid, asked or "-", precision, recall)]
            heads = ["images shown", "s of CPU per 1,000", "FID", "as asked", "precision", "recall"]
            given = f" ({settings.lstrip(', ')})" if settings else ""
            words = f"Five minutes of one core on MNIST at 32 px{given}; real images have FID 0.053, noise 287. All: "
            return f"## Cost and score here\n\n{words}[families](../families.md).\n\n{table(heads, rows)}"
    return ""


def _numbers(name: str) -> str:
    """Return the numbers of weights that docs/families.md states, and a test counts; "" where it has none."""
    for names, shape, classes, generator, discriminator in _NUMBERS.findall(_read("families.md")):
        if f"`{name}`" in names:
            words = f"For images of {shape} and {classes} classes: {generator} numbers in G, {discriminator} in D."
            return f"## Weights\n\n{words} Every layer with its cost: `ganvas network {name}`.\n"
    return f"## Weights\n\nEvery layer with its shape, numbers and multiply-adds: `ganvas network {name}`.\n"


def _settings(name: str) -> list[str]:
    """Return a table for each group of settings, below the name that all of them begin with."""
    parts: list[str] = []
    for group, description, rows in groups(find_recipe(name)):
        if group:
            words = f": {escaped(description)}" if description else ""
            shown = [(f"`{row.name}`", f"`{row.value}`" if row.value else "", escaped(row.description)) for row in rows]
            parts.append(f"**{group}**{words}\n\n{table(['', '', ''], shown)}")
    return parts


def _read(place: str) -> str:
    return (DOCS / place).read_text(encoding="utf-8")
