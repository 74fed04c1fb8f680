"""What messages say of packages that are not installed: never Ganvas' own name, which a registry may not have."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ganvas.extras import EXTRAS, install

ROOT = Path(__file__).parents[1]


def requirements(extra: str) -> set[str]:
    """Return what an extra of pyproject.toml brings, extras within it resolved."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    inner = [re.fullmatch(r"ganvas\[(.*)\]", each) for each in listed]
    return {each for each, found in zip(listed, inner, strict=True) if not found}.union(
        *(requirements(found[1]) for found in inner if found)
    )


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_the_projects(extra: str) -> None:
    assert set(EXTRAS[extra]) == requirements(extra)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_is_of_this_python_and_names_no_package_of_ours(extra: str) -> None:
    words = shlex.split(install(extra).removeprefix("Install with: "))
    assert words == [sys.executable, "-m", "pip", "install", *EXTRAS[extra]]


def test_nothing_tells_to_install_ganvas_from_a_registry() -> None:
    folders = ("src", "docs", "examples", "benchmarks")
    texts = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")]
    wrong = [path for path in [*texts, *ROOT.glob("*.md")] if re.search(r"install\s+[\"']?ganvas", path.read_text())]
    assert not wrong


@pytest.mark.parametrize(
    ("package", "words"),
    [("nicegui", ["studio"]), ("fastapi", ["serve", "runs/photos"])],
)
def test_a_verb_without_its_packages_says_what_to_type(package: str, words: list[str]) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from ganvas.cli.main import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1
    assert done.stderr.endswith(f"not installed. {install(words[0])}\n")
