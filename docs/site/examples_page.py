"""The page of the example programs and network files."""

import ast
from pathlib import Path

from markup import escaped, fenced

EXAMPLES = Path(__file__).parents[2] / "examples"


def examples_page() -> str:
    """Return the page: each program with its first sentence, each network file with its text."""
    lines = ["# Examples", "", "Whole programs, in `examples/`; the tests run each of them.", "", "## Programs", ""]
    for path in sorted(EXAMPLES.glob("*.py")):
        code = path.read_text(encoding="utf-8")
        words = (ast.get_docstring(ast.parse(code)) or "").partition("\n\n")[0]
        lines += [f"### {path.name}", "", escaped(" ".join(words.split())), "", fenced(code, "python")]
    lines += ["## Network files", "", "Files for `ganvas network FILE` and `ganvas train FILE`.", ""]
    for path in sorted((EXAMPLES / "networks").glob("*.toml")):
        lines += [f"### networks/{path.name}", "", fenced(path.read_text(encoding="utf-8"), "toml")]
    return "\n".join(lines)
