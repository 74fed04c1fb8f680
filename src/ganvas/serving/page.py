"""The page at `/`: what this is, a few pictures of each model, and how to ask for more."""

from ganvas import __version__
from ganvas.pages import data_address, render
from ganvas.serving.models import Models


def page_html(models: Models, address: str, admitted: bool, guarded: bool) -> str:
    """Return the page; who is not `admitted` learns that a token is needed, and nothing of the models."""
    shown = [(one.facts(), [data_address(image) for image in one.samples]) for one in models.by_name.values()]
    return render(
        "ganvas.serving",
        "page.html",
        version=__version__,
        admitted=admitted,
        guarded=guarded,
        address=address,
        models=shown if admitted else [],
    )
