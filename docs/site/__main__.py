"""`python docs/site [OUT]`: builds the documentation into OUT, `site/` without; offline, and a warning is an error."""

import sys
from pathlib import Path

from sphinx.cmd.build import main as build
from staging import REPOSITORY, stage


def main(out: Path) -> int:
    """Write all pages as Markdown into `out/source`, then the site into `out/html`; return Sphinx's exit status."""
    source, html = out / "source", out / "html"
    stage(source)
    here = str(Path(__file__).parent)
    status = build(["-c", here, "-d", str(out / "doctrees"), "-W", "--keep-going", "-q", str(source), str(html)])
    if status == 0:
        print(f"The documentation: {html / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "site"))
