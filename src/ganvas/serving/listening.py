"""Listening: the socket that a server of ours waits at, and how its address is written."""

import socket

from ganvas.errors import UsageError

_BACKLOG = 2048
_LARGEST_PORT = 65_535


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at a port, any free one for 0; raise `UsageError` where that cannot be."""
    if not 0 <= port <= _LARGEST_PORT:  # some systems would take the port modulo 65,536
        raise UsageError(f"{port} is no port: give a --port from 1 to {_LARGEST_PORT:,}, or 0 for any that is free.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(found[4][:2], family=found[0], backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"Nothing can listen at {host}:{port}: {error}. Choose another --port, or a --host of this machine."
        ) from error


def address_of(listening: socket.socket, host: str) -> str:
    """Return the address that leads to a socket by the name of its host."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
