"""From addresses on the web to a folder of images with their licences: in = kept + refused + failed + duplicates."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock, Timeout

from ganvas.catalogue import find
from ganvas.data.collecting import COLLECTORS
from ganvas.data.collecting.candidate import Collector, Search
from ganvas.data.collecting.folder import settle, write_listings
from ganvas.data.collecting.licensing import expect_known
from ganvas.data.collecting.record import RECORD, Record
from ganvas.data.collecting.settings import FREE, Collecting
from ganvas.errors import RunError, UsageError
from ganvas.extras import install
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk

if TYPE_CHECKING:
    from ganvas.data.collecting.fetching import Fetcher


class Collected(NamedTuple):
    """What a collected folder holds, of all runs so far; `reasons` are (outcome, kind, number) of what was not kept."""

    folder: Path
    num_kept: int
    num_refused: int
    num_failed: int
    num_duplicates: int
    reasons: tuple[tuple[str, str, int], ...]

    @property
    def num_candidates(self) -> int:
        """Of all candidates."""
        return self.num_kept + self.num_refused + self.num_failed + self.num_duplicates

    def summary(self) -> str:
        """Return the outcome in a few lines."""
        lines = [
            f"{self.num_candidates:,} candidates: {self.num_kept:,} kept in {self.folder}, "
            f"{self.num_refused:,} refused, {self.num_failed:,} failed, {self.num_duplicates:,} duplicates"
        ]
        lines += [f"  {number:,} {outcome}: {kind}" for outcome, kind, number in self.reasons]
        return "\n".join(lines)


class _Place(NamedTuple):
    name: str
    collector: Collector
    path: Path | None


def collect(
    *where: str | Path,
    out: str | Path,
    query: str | None = None,
    licences: Sequence[str] = FREE,
    base_urls: dict[str, str] | None = None,
    progress: Progress | None = None,
    **settings: Any,  # noqa: ANN401  (fields of Collecting)
) -> Collected:
    """Collect images into the folder `out`, which `prepare` reads.

    `where` are files of addresses (txt, csv, tsv, jsonl, Parquet), `openverse` or `commons` (with `query`).
    `settings` are the fields of `Collecting`. A killed run goes on where it was; a run again asks only for what is new
    or failed for a passing reason. `base_urls` are other addresses of the interfaces, by name.

    >>> collect("openverse", out="web/cats", query="cat", contact="you@example.org", limit=200)

    Raises `UsageError` for names and places that cannot be used, `DataError` for lists and interfaces that cannot be
    read, `RunError` when another run is on the folder, `StorageError` for the disk. What was collected is kept.
    """
    how = Collecting.read({"licences": tuple(licences), **settings}, "What `collect` was given")
    expect_known(how.licences)
    places = [_place(name, query, how) for name in where]
    if not places:
        raise UsageError("Nowhere to collect from: give a file of addresses, `openverse` or `commons`.")
    folder = Path(out).expanduser().resolve()
    _expect_ours(folder)
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    with _hold(folder), Record(folder / RECORD) as record:
        return _collected(folder, record, places, query, how, base_urls or {}, progress or Lines())


def _collected(
    folder: Path,
    record: Record,
    places: list[_Place],
    query: str | None,
    how: Collecting,
    base_urls: dict[str, str],
    progress: Progress,
) -> Collected:
    fetcher_class = _fetcher_class()
    settle(folder, record)
    if how.contact is None:
        progress.say("Sites cannot reach you: give --contact with your e-mail address or web page.")

    async def work() -> None:
        async with fetcher_class(how) as fetcher:
            await _run(fetcher, folder, record, places, query, base_urls, progress)

    lists = [place.collector.num_in(place.path) for place in places if place.path and place.collector.num_in]
    kept = record.counts()["kept"]
    progress.begin("Collecting", how.limit or sum(lists), kept if how.limit else 0)
    try:
        _finish(work())
    finally:
        progress.end()
        write_listings(folder, record)
    counts = record.counts()
    names = ("kept", "refused", "failed", "duplicate")
    return Collected(folder, *(counts[name] for name in names), reasons=tuple(record.reasons()))


async def _run(
    fetcher: "Fetcher",
    folder: Path,
    record: Record,
    places: list[_Place],
    query: str | None,
    base_urls: dict[str, str],
    progress: Progress,
) -> None:
    from ganvas.data.collecting.collection import Collection
    from ganvas.data.collecting.interface import Interface

    collection = Collection(folder, record, fetcher, progress)
    for name, collector, path in places:
        base_url = base_urls.get(name, collector.base_url)
        search = Search(path, query, fetcher.how.licences, Interface(fetcher).ask, base_url, progress.say)
        source = str(path) if path else f"{name}: {query}"
        if not collection.is_full:
            await collection.add_all(source, collector.candidates(search))
    if collection.is_spent:
        progress.say(f"Stopped after {fetcher.how.max_total_bytes:,} bytes, as `max_total_bytes` says.")


def _place(name: str | Path, query: str | None, how: Collecting) -> _Place:
    path = Path(name).expanduser()
    if path.is_file():
        return _Place(str(name), COLLECTORS["url_list"].load(), path.resolve())
    if isinstance(name, Path) or "/" in name or "." in name:
        raise UsageError(f"There is no file `{name}`. Give a file of addresses, `openverse` or `commons`.")
    by_name = {row: entry for row, entry in COLLECTORS.items() if row != "url_list"}
    collector: Collector = find(by_name, "place to collect from", name)
    if collector.needs_query and not query:
        raise UsageError(f"`{name}` is searched: give --query with what to search for.")
    if collector.needs_contact and not how.contact:
        raise UsageError(f"`{name}` asks programs to say whose they are: give --contact with your e-mail address.")
    return _Place(name, collector, None)


def _expect_ours(folder: Path) -> None:
    """Refuse a place that holds something else: only a new folder, or one collected before."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is a file. Choose another place with --out.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise UsageError(f"`{folder}` holds something else. Choose a new folder, or one collected before, with --out.")


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Lock a folder against a second run."""
    path = folder.with_name(folder.name + ".lock")
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(f"Another run is collecting into `{folder}`. Wait for it, or choose another --out.") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _fetcher_class() -> "type[Fetcher]":
    try:
        from ganvas.data.collecting.collection import Collection
        from ganvas.data.collecting.fetching import Fetcher
    except ImportError as error:
        raise UsageError(
            f"Collecting needs the package `{error.name}`, which is not installed. {install('data')}"
        ) from error
    del Collection
    return Fetcher


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; in a thread of its own where a loop runs already, as in notebooks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
