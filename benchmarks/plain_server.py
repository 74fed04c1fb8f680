"""What one writes first: a FastAPI handler that draws one image for each request. `python -m benchmarks.plain_server`.

No batches, no queue, no limits, no provenance; FastAPI runs the handler in its pool of 40 threads.
"""

import io
import socket
import sys

import torch
import uvicorn
from fastapi import FastAPI, Response
from PIL import Image
from pydantic import BaseModel

from ganvas.players import to_pixels
from ganvas.workflows.model import load


class Asked(BaseModel):
    """Which image."""

    seed: int = 0
    first: int = 0


def application(place: str) -> FastAPI:
    """Return the application for a run or model folder."""
    generator = load(place).generator
    app = FastAPI()

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.post("/v1/generate")
    @torch.no_grad()
    def generate(asked: Asked) -> Response:
        draws = torch.Generator().manual_seed(asked.seed * 1_000_003 + asked.first)
        latents = torch.randn(1, generator.latent_size, generator=draws)
        labels = torch.randint(generator.num_classes, (1,), generator=draws) if generator.num_classes else None
        pixels = to_pixels(generator(latents, labels))[0]
        buffer = io.BytesIO()
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")

    return app


def main() -> None:
    """Serve the model that the command line names."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    app = application(sys.argv[1])
    print(f"Serving at http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    config = uvicorn.Config(app, http="h11", loop="asyncio", access_log=False, log_level="error")
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
