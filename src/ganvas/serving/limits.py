"""Limits: how much a server takes in, at once and in what time; beyond them it says so instead of giving way."""

from ganvas.config import Config, Field


class Limits(Config):
    """What a server lets in. All of it holds for each request or connection, but what waits, which is of all."""

    most_images: int = Field(default=256, ge=1, le=400, description="images of one request")
    most_waiting: int = Field(default=2048, ge=1, le=1_000_000, description="images that wait at once, of all requests")
    most_answer_bytes: int = Field(
        default=1 << 27, ge=1 << 20, le=1 << 40, description="values of one request's images"
    )
    most_held_bytes: int = Field(default=1 << 29, ge=1 << 20, le=1 << 40, description="values of all images in hand")
    most_connections: int = Field(default=4096, ge=8, le=1_000_000, description="connections open at once")
    most_body_bytes: int = Field(default=65_536, ge=1024, le=1 << 40, description="bytes of a request's body")
    most_head_bytes: int = Field(
        default=16_384, ge=1024, le=1 << 20, description="bytes of a request's line and headers"
    )
    most_depth: int = Field(default=8, ge=1, le=100, description="objects and lists inside each other in JSON")
    head_seconds: float = Field(default=5.0, gt=0, le=3600, description="for a request's headers to arrive")
    body_seconds: float = Field(default=5.0, gt=0, le=3600, description="for its body, beside what its size allows")
    least_bytes_per_second: int = Field(
        default=16_384, ge=1, le=1 << 30, description="a larger body or answer may take as long as this rate takes"
    )
    request_seconds: float = Field(default=60.0, gt=0, le=86_400, description="until a request is answered, or refused")
    drain_seconds: float = Field(default=20.0, gt=0, le=3600, description="for requests in hand when told to stop")
