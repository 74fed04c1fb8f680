"""Raw words over real sockets: what no HTTP client would send, and all that comes back."""

import json
import socket
import time


def talk(port, *pieces, timeout=20, pause=0.0, half_close=False):
    """Send pieces of bytes over one connection; return all that comes back until it is closed, or `timeout`."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed meanwhile; what was said before is still to be read
        return everything(connection)


def everything(connection):
    """Return what a connection still says."""
    heard = b""
    try:
        while piece := connection.recv(65536):
            heard += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return heard


def request(method="GET", path="/", body=b"", host="127.0.0.1", close=True, length=None, **headers):
    """Return the bytes of a request; names of headers are written with underscores."""
    lines = [f"{method} {path} HTTP/1.1", *([] if host is None else [f"Host: {host}"])]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Connection: close"] if close else []
    lines += [f"Content-Length: {len(body) if length is None else length}"] if body or length is not None else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def asking(value, path="/v1/generate", **more):
    """Return the bytes of a request with a JSON body."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return request("POST", path, body, **({"Content_Type": "application/json"} | more))


def parted(answer):
    """Return status, headers and body of the first answer in bytes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def refused(answer):
    """Return status and code of a refusal, its form checked."""
    status, headers, body = parted(answer)
    assert headers["content-type"] == "application/json", answer[:500]
    said = json.loads(body)
    assert set(said) == {"error"} and set(said["error"]) == {"code", "message", "next"}, said
    assert all(isinstance(text, str) and text for text in said["error"].values())
    assert "Traceback" not in body.decode()
    if status in (429, 503):
        assert int(headers["retry-after"]) >= 1
    return status, said["error"]["code"]
