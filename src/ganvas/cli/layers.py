"""`ganvas layers`: the catalogue of layers as cheat-sheets, on the terminal or as Markdown."""

import re
import shutil
import sys
from textwrap import wrap
from typing import Annotated

from rich.console import Console
from rich.markdown import Markdown
from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.errors import unknown_name
from ganvas.layers import LAYERS, LAYERS_BY_KIND
from ganvas.layers.texts import PAGES, Language, Texts

INTRODUCTION = "G is the generator, D the discriminator."
INVITATION = "`ganvas layers NAME` shows the sheet of a layer, or one of these pages:"
WIDEST, NARROWEST = 100, 60  # columns


def run(arguments: list[str]) -> None:
    """Print the table of layers, one sheet, one page, or all of it as Markdown."""
    parse(layers, "layers", arguments)


def layers(
    name: Annotated[Positional[str], arg(metavar="NAME", help="a layer, or a page; leave it out for the table")] = "",
    /,
    lang: Annotated[Language, arg(help="language of the texts")] = "en",
    markdown: Annotated[bool, arg(help="print Markdown: all sheets and pages, or the one named")] = False,
) -> None:
    """Print cheat-sheets of layers: what each computes, its shapes, when to use it in a GAN, what goes wrong.

    Pages for beginners: convolutional, recurrent, fully-connected.
    """
    if name and name not in LAYERS and name not in PAGES:
        raise unknown_name("layer or page", name, [*LAYERS, *PAGES])
    texts = Texts(lang)
    if markdown:
        print("\n".join(_markdown(name, texts)))
    else:
        _show(name, texts)
    if texts.missing:
        missing = ", ".join(texts.missing)
        print(f"ganvas: not translated yet, so shown in English: {missing}.", file=sys.stderr)


def _show(name: str, texts: Texts) -> None:
    """Print the table, a sheet or a page, headings in bold."""
    columns = shutil.get_terminal_size((WIDEST, 24)).columns
    width = max(min(columns, WIDEST), NARROWEST)
    console = Console(highlight=False, markup=False, emoji=False)
    if name in PAGES:
        with console.capture() as captured:
            console.print(Markdown(texts.page(name), code_theme="bw"), width=width)
        print("\n".join(line.rstrip() for line in captured.get().splitlines()))
        return
    for line, style in _sheet_lines(name, texts, width) if name else _table_lines(texts, width):
        console.print(line, style=style, soft_wrap=True)


Lines = list[tuple[str, str]]
"""Lines, each with its style."""


def _table_lines(texts: Texts, width: int) -> Lines:
    column = max(map(len, LAYERS)) + 4
    lines: Lines = [(texts.said(INTRODUCTION), "")]
    for kind, rows in LAYERS_BY_KIND.items():
        lines += [("", ""), (texts.said(kind), "bold underline")]
        for name in rows:
            first, *others = _indented(texts.summary(name), column, width, "")
            lines += [(f"  {name:<{column - 2}}{first[0].lstrip()}", "bold"), *others]
            lines += _indented(texts.sheet(name).fields["Use it when"], 6, width, "dim")
    lines += [("", ""), (texts.said(INVITATION), "")]
    longest = max(map(len, PAGES))
    return lines + [(f"  {name:<{longest}}  {texts.said(summary)}", "") for name, summary in PAGES.items()]


def _indented(text: str, indent: int, width: int, style: str) -> Lines:
    lines = wrap(text, width - indent, break_on_hyphens=False, break_long_words=False)
    return [(" " * indent + line, style) for line in lines]


def _sheet_lines(name: str, texts: Texts, width: int) -> Lines:
    """Return a sheet as two columns, each clause of a text on its own line."""
    parts = texts.parts(name)
    indent = max(map(len, parts)) + 2
    lines: Lines = [(name, "bold"), *_indented(texts.sheet(name).title, 0, width, "")]
    for heading, clauses in parts.items():
        body = [line for clause in clauses for line, _ in _indented(clause, indent, width, "")]
        body[0] = f"{heading:<{indent}}{body[0].lstrip()}"
        lines += [("", ""), *((line, "") for line in body)]
    return lines


def _markdown(name: str, texts: Texts) -> list[str]:
    if name in PAGES:
        return [texts.page(name).rstrip()]
    if name:
        return _markdown_sheet(name, texts, "#")
    lines = [f"# {texts.said('Layers')}", "", texts.said(INTRODUCTION)]
    header = " | ".join(texts.said(word) for word in ("Layer", "What it is", "In a GAN"))
    for kind, rows in LAYERS_BY_KIND.items():
        lines += ["", f"## {texts.said(kind)}", "", f"| {header} |", "|---|---|---|"]
        for layer in rows:
            role = texts.sheet(layer).fields["Use it when"]
            lines.append(f"| [`{layer}`](#{layer}) | {_escaped(texts.summary(layer))} | {_escaped(role)} |")
    for each in PAGES:
        lines += ["", re.sub(r"^(#+ )", r"#\1", texts.page(each).rstrip(), flags=re.MULTILINE)]
    for layer in LAYERS:
        lines += ["", *_markdown_sheet(layer, texts, "##")]
    return lines


def _markdown_sheet(name: str, texts: Texts, mark: str) -> list[str]:
    lines = [f"{mark} {name}", "", _escaped(texts.sheet(name).title), ""]
    for heading, clauses in texts.parts(name).items():
        lines += [f"**{heading}**", "", *(f"- {_escaped(clause.removesuffix(';'))}" for clause in clauses), ""]
    return lines[:-1]


def _escaped(text: str) -> str:
    """Return a text whose signs Markdown leaves alone, except between backticks."""
    parts = text.split("`")
    return "`".join(part if index % 2 else re.sub(r"([*_<|])", r"\\\1", part) for index, part in enumerate(parts))
