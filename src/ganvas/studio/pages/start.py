"""start."""

from ganvas.studio import layout
from ganvas.studio.workspace import Workspace


def page(workspace: Workspace) -> None:
    """Build the page."""
    with layout.frame(workspace, "start", "Start"):
        pass
