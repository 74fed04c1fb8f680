"""A recipe for a container that serves a model: Dockerfile, pinned requirements, the model folder.

Nothing is built here: that takes Docker or Podman, and a network.
"""

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ganvas.exporting.models.trained import ModelExport, Trained
from ganvas.progress import Progress
from ganvas.storage import write_file

PORT = 8000
DOCKERFILE = """\
FROM python:{python}-slim

ENV PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    PIP_NO_CACHE_DIR=1 \\
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin ganvas

WORKDIR /srv
COPY requirements.txt ./
COPY wheels/ wheels/
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu --find-links wheels -r requirements.txt
COPY model/ model/

USER 10001
EXPOSE {port}
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \\
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health/ready', timeout=4)"]
CMD ["ganvas", "serve", "/srv/model", "--host", "0.0.0.0", "--port", "{port}"]
"""
README = """\
# {name} in a container

A recipe for a container that serves the model in `model/`. It has not been built: that takes Docker or Podman, and a
network for Python's packages.

```
docker build -t {tag} .
export GANVAS_TOKEN=$(python3 -c "import secrets; print(secrets.token_urlsafe(24))")
docker run --rm -p {port}:{port} -e GANVAS_TOKEN --read-only --tmpfs /tmp --cap-drop ALL \\
    --security-opt no-new-privileges {tag}
```

Others than the container itself can reach the server, so it does not start without a token, at least 16 characters that
whoever asks must show. Open http://localhost:{port}/?token=TOKEN once; programs send `Authorization: Bearer TOKEN`. By
another name than localhost or an address it is reached where that is given: append `--names NAME` to the command in the
Dockerfile. The server runs as user 10001, not as root, needs no writing but to `/tmp`, and no
network. Docker asks it every 30 seconds whether it is well.

- `requirements.txt` names the very versions that this recipe was written with.
- `wheels/` is searched before the package index. Where it does not offer Ganvas {version}, put a wheel of it there:
  `pip wheel --no-deps --wheel-dir wheels PATH-OF-GANVAS`.
- For a graphics card leave out `--extra-index-url ...` in the Dockerfile, and run with `--gpus all`.
"""


def write_container(trained: Trained, folder: Path, progress: Progress) -> None:
    """Fill a folder for `docker build`."""
    (folder / "model").mkdir()
    trained.write_folder(folder / "model")
    trained.write_card(folder / "model")
    (folder / "wheels").mkdir()
    write_file(folder / "wheels" / ".keep", b"")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    own = trained.software.removeprefix("ganvas ")
    write_file(folder / "Dockerfile", DOCKERFILE.format(python=python, port=PORT).encode())
    write_file(folder / ".dockerignore", b"*\n!requirements.txt\n!wheels\n!model\n")
    write_file(folder / "requirements.txt", _requirements(own).encode())
    tag = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in trained.name.lower())
    readme = README.format(name=trained.name, tag=tag.strip("-") or "model", port=PORT, version=own)
    write_file(folder / "README.md", readme.encode())
    progress.say("Written, not built: see README.md for the commands.")


def _requirements(own: str) -> str:
    """Return the packages by the versions that are running now; those that they need follow.

    What only the server needs is left to the extra where it is not installed here.
    """
    names = ["torch", "numpy", "pillow", "safetensors", "pydantic", *filter(find_spec, ("fastapi", "uvicorn"))]
    pinned = [f"{name}=={version(name).partition('+')[0]}" for name in names]
    return "\n".join([f"ganvas[serve]=={own}", *pinned]) + "\n"


CONTAINER = ModelExport(write_container, mark="Dockerfile")
