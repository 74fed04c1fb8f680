"""What each step of reading one file costs in one process, in microseconds of its processor time."""

import io
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganvas.data.colour import in_mode, laid_on, plain
from ganvas.data.decoding import Picture, decode
from ganvas.data.engines.messages import answer, finding_of, item_of, question, read_frame, write_frame
from ganvas.data.inspection import Finding, inspect
from ganvas.data.ledger import LedgerWriter, row_of
from ganvas.data.measures import measure
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.rights.rights import embedded_rights
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item
from ganvas.progress import Silent


class Step(NamedTuple):
    """One step: what is done to each of its inputs."""

    name: str
    work: Callable[[Any], Any]
    inputs: Sequence[Any]


def microseconds(folder: Path, size: int, num: int, repetitions: int) -> dict[str, list[float]]:
    """Return the microseconds an image of each step, as often as it was repeated; the steps take turns.

    The functions are those of a worker process and of the ledger.
    """
    source = open_source(folder, None, Silent())
    items = list(source.items())
    items = items[:: max(1, len(items) // num)][:num]
    how = Preprocessing.read({"size": size, "channels": 3}, "The benchmark")
    findings = [inspect(item, how) for item in items]
    steps = [*_of_a_file(items, how), *_of_messages(items, findings)]
    taken: dict[str, list[float]] = {step.name: [] for step in steps} | {"ledger": []}
    for _ in range(repetitions):
        for step in steps:
            begun = time.process_time()
            for one in step.inputs:
                step.work(one)
            taken[step.name].append(1e6 * (time.process_time() - begun) / len(items))
        with tempfile.TemporaryDirectory() as place, LedgerWriter(Path(place, "ledger")) as ledger:
            begun = time.process_time()
            for number, (item, finding) in enumerate(zip(items, findings, strict=True)):
                ledger.add(row_of(number, source, item, finding, 1.0))
            ledger.commit()
            taken["ledger"].append(1e6 * (time.process_time() - begun) / len(items))
    return taken


def _of_a_file(items: list[Item], how: Preprocessing) -> list[Step]:
    """Return the steps of `inspect`, and `inspect` itself."""
    target = (how.width, how.height)

    def decoded(content: bytes) -> Picture:
        return decode(content, how.max_pixels, how.frame, lambda width, height: how.needed(width, height, target))

    def framed(picture: Picture) -> None:
        cropped, box = how.cropped(picture, target)
        opaque = laid_on(*plain(cropped), how.background)
        np.asarray(in_mode(how.resized(opaque, box, target), "RGB"))

    paths = [item.content for item in items if isinstance(item.content, Path)]
    contents = [path.read_bytes() for path in paths]
    pictures = [decoded(content) for content in contents]
    opaque = [laid_on(*plain(how.cropped(picture, target)[0]), how.background) for picture in pictures]
    return [
        Step("read", Path.read_bytes, paths),
        Step("sha256", lambda content: sha256(content).hexdigest(), contents),
        Step("decode", decoded, contents),
        Step("colour, crop, resize", framed, pictures),
        Step("measures", measure, opaque),
        Step("rights", embedded_rights, contents),
        Step("all of `inspect`", lambda item: inspect(item, how), items),
    ]


def _of_messages(items: list[Item], findings: list[Finding]) -> list[Step]:
    """Return the steps of asking a worker and of its answer, less the pipe between."""

    def asked(item: Item) -> Item:
        return item_of(*_through(*question(item)))

    def answered(finding: Finding) -> Finding:
        return finding_of(*_through(*answer(finding)))

    return [Step("question", asked, items), Step("answer", answered, findings)]


def _through(header: Any, body: bytes) -> tuple[Any, bytes]:
    stream = io.BytesIO()
    write_frame(stream, header, body)
    stream.seek(0)
    return read_frame(stream)
