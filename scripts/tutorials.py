"""Run the tutorials of docs/tutorials and write below each block of code what it printed, and the pictures it made.

python scripts/tutorials.py docs/tutorials/basic-gan.md

A tutorial is a Markdown file. Its ```python blocks run in order, in one namespace, in an empty folder; a ```text block
right after one holds what it printed. Pictures that the page shows from its folder (`basic-gan/losses.svg` of
`basic-gan.md`) are those that the blocks wrote under these names. A translation (`basic-gan.ru.md`) shows the same
blocks, so it is given the same outputs.
"""

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CODE = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n.*?^```\n)?", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


def code_of(page: str) -> list[str]:
    """Return the blocks of code of a page, in order."""
    return [found[1] for found in CODE.finditer(page)]


def outputs_of(page: str) -> list[str]:
    """Return what the page says that each of its blocks printed; "" where it printed nothing."""
    return [found[0].partition("\n```text\n")[2].removesuffix("```\n") for found in CODE.finditer(page)]


def run(page: str, name: str, change: Callable[[str], str] = str) -> tuple[list[str], dict[str, Any]]:
    """Run the blocks of a page in the current folder; return what each printed, and the names they have made."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for found in CODE.finditer(page):
        above = "\n" * page[: found.start(1)].count("\n")  # so that an error names the line of the page
        code = compile(above + change(found[1]), name, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(code, names)  # noqa: S102  (our own pages)
        printed.append(output.getvalue())
    return printed, names


def with_outputs(page: str, printed: list[str]) -> str:
    """Return the page with what was printed below each block."""
    outputs = iter(printed)

    def shown(found: re.Match[str]) -> str:
        code, output = f"```python\n{found[1]}```\n", next(outputs)
        return f"{code}\n```text\n{output}```\n" if output else code

    return CODE.sub(shown, page)


def pictures_of(path: Path) -> list[Path]:
    """Return the files in a page's own folder that it shows."""
    shown = [path.parent / address for address in PICTURE.findall(path.read_text(encoding="utf-8"))]
    return [picture for picture in shown if picture.parent == path.with_suffix("")]


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    """Work in a folder that is gone afterwards."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="tutorial-") as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def write(path: Path) -> None:
    """Run a tutorial; write its outputs, its pictures and its translations' outputs."""
    page = path.read_text(encoding="utf-8")
    pages = {path: page}
    for translation in path.parent.glob(f"{path.stem}.*.md"):
        pages[translation] = translation.read_text(encoding="utf-8")
        if code_of(pages[translation]) != code_of(page):
            sys.exit(f"{translation} does not hold the code of {path.name}.")
    with empty_folder() as folder:
        printed, _ = run(page, path.name)
        for picture in pictures_of(path):
            if (folder / picture.name).exists():
                picture.parent.mkdir(exist_ok=True)
                shutil.copyfile(folder / picture.name, picture)
    for each, text in pages.items():
        each.write_text(with_outputs(text, printed), encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        write(Path(argument).resolve())
