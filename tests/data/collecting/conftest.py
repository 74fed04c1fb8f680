"""Servers for the tests of collecting."""

import pytest
from image_web import serving


@pytest.fixture
def web():
    with serving() as running:
        yield running


@pytest.fixture
def elsewhere():
    """A server at another address of this machine, which stands for one of the public network."""
    try:
        with serving("127.0.0.2") as running:
            yield running
    except OSError:
        pytest.skip("127.0.0.2 is not an address of this machine")
