"""The options of collecting."""

from ganvas.config import Config, Field
from ganvas.data.sources.source import MAX_FILE_BYTES

FREE = ("CC0", "PDM", "CC-BY", "CC-BY-SA")


class Collecting(Config):
    """How images are collected: whose, how many, how fast, and under which limits."""

    licences: tuple[str, ...] = Field(
        default=FREE, description="That images may have: families such as CC-BY, or SPDX names such as CC-BY-4.0."
    )
    keep_unknown_licence: bool = Field(default=False, description="Keep images of which no licence is said.")
    contact: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your e-mail or web address, told to sites.",
    )
    limit: int | None = Field(default=None, ge=1, description="Images wanted in the folder; by default all there are.")
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=1, description="Larger files are refused, in bytes.")
    max_pixels: int = Field(default=100_000_000, ge=1, description="Larger images are refused, in pixels.")
    max_total_bytes: int = Field(default=20 * 2**30, ge=1, description="Received in one run before it stops, in bytes.")
    silence_seconds: float = Field(default=20.0, gt=0, description="A server may stay silent, in seconds.")
    file_seconds: float = Field(default=120.0, gt=0, description="One file may take in all, in seconds.")
    parallel: int = Field(default=16, ge=1, le=256, description="Requests at the same time, of all hosts.")
    per_host: int = Field(default=2, ge=1, le=8, description="Requests at the same time to one host.")
    delay_seconds: float = Field(default=0.5, ge=0, description="Between the starts of two requests to one host.")
    max_delay_seconds: float = Field(default=30.0, ge=0, description="Longest crawl-delay of a robots.txt honoured.")
    tries: int = Field(default=4, ge=1, le=10, description="Of a request that fails for a passing reason.")
    backoff_seconds: float = Field(default=1.0, ge=0, description="Before the second try; doubled for each one after.")
    max_wait_seconds: float = Field(default=120.0, ge=0, description="Longest wait a server may ask for (Retry-After).")
    ports: tuple[int, ...] = Field(default=(80, 443), description="Of servers that may be asked.")
    allow: tuple[str, ...] = Field(
        default=(), description="`address:port` of servers on your own network that may be asked all the same."
    )
    seed: int = Field(default=0, description="Of the jitter of waits.")
