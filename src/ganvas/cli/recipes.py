"""`ganvas recipes`."""

from ganvas.cli.arguments import parse
from ganvas.recipes import RECIPES


def run(arguments: list[str]) -> None:
    """List the recipes."""
    parse(recipes, "recipes", arguments)


def recipes() -> None:
    """List what can be trained, a line each."""
    width = max(map(len, RECIPES))
    for name, entry in RECIPES.items():
        print(f"{name:<{width}}  {entry.summary}")
    print("\n`ganvas train RECIPE --help` shows every setting of a recipe.")
