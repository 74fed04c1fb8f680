"""The run of a collection: candidates in, each fetched once in its turn, an outcome for every one of them."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx

from ganvas.data.collecting.candidate import Candidate
from ganvas.data.collecting.fetching import Failure, Fetcher, Limits, Spent
from ganvas.data.collecting.folder import class_folder, write_image
from ganvas.data.collecting.licensing import licence_of
from ganvas.data.collecting.permission import Permissions, expect_no_reservation
from ganvas.data.collecting.pictures import check_picture
from ganvas.data.collecting.record import Key, Record, Result
from ganvas.errors import RefusedImage
from ganvas.progress import Progress

_WAITING_PER_PLACE = 8


class Collection:
    """Collects candidates into `folder`; what was decided in earlier runs is not asked again."""

    def __init__(self, folder: Path, record: Record, fetcher: Fetcher, progress: Progress) -> None:
        self.folder, self.record, self.fetcher, self.progress = folder, record, fetcher, progress
        self.how = fetcher.how
        self.permissions = Permissions(fetcher)
        self.num_kept = record.counts()["kept"]
        self.is_spent = False
        self.running: set[asyncio.Task[None]] = set()
        self.busy_urls: dict[str, asyncio.Event] = {}

    async def add_all(self, source: str, candidates: AsyncIterator[Candidate]) -> None:
        """Decide every candidate of a source, or as many as the limits of images and bytes let."""
        occurrences: Counter[str] = Counter()
        try:
            async for candidate in candidates:
                key = Key(source, candidate.url, occurrences[candidate.url])
                occurrences[candidate.url] += 1
                if self._is_decided(key):
                    self._tell(self.how.limit is None)
                    continue
                await self._room()
                if self.is_full:
                    break
                self.running.add(asyncio.create_task(self._decide(key, candidate)))
            while self.running:
                await self._some_done()
        finally:
            await self._stop()

    @property
    def is_full(self) -> bool:
        """Whether nothing more is wanted: enough images, or too many bytes."""
        return self.is_spent or (self.how.limit is not None and self.num_kept >= self.how.limit)

    def _is_decided(self, key: Key) -> bool:
        before = self.record.find(key)
        if before is None or before.kind == "licence":  # settings of licences may differ; that costs no request
            return False
        return not (before.outcome == "failed" and before.is_passing)

    async def _room(self) -> None:
        """Wait until one more may begin; those under way may all be kept, so they count to the limit."""
        most = self.how.parallel * _WAITING_PER_PLACE
        while not self.is_full and self.running:
            wanted = most if self.how.limit is None else min(most, self.how.limit - self.num_kept)
            if len(self.running) < wanted:
                return
            await self._some_done()

    async def _some_done(self) -> None:
        done, self.running = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _stop(self) -> None:
        tasks = [*self.running, *self.permissions.sites.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.running.clear()

    async def _decide(self, key: Key, candidate: Candidate) -> None:
        while key.url in self.busy_urls:  # one fetch of an address at a time: the second finds the first one's file
            await self.busy_urls[key.url].wait()
        self.busy_urls[key.url] = asyncio.Event()
        try:
            result = await self._result(key, candidate)
        except RefusedImage as refused:
            result = Result("refused", refused.kind, str(refused))
        except Failure as failure:
            is_broken = failure.kind == "incomplete"
            outcome = "refused" if is_broken else "failed"
            result = Result(outcome, failure.kind, str(failure), failure.is_passing and not is_broken)
        except Spent:
            self.is_spent = True
            return
        finally:
            self.busy_urls.pop(key.url).set()
        self.record.put(key, candidate, result)
        is_kept = result.outcome == "kept"
        self.num_kept += is_kept
        self._tell(is_kept or self.how.limit is None)

    def _tell(self, counts: bool) -> None:
        self.progress.advance(int(counts), f"{self.num_kept} kept, {self.fetcher.num_bytes / 2**20:.1f} MiB")

    async def _result(self, key: Key, candidate: Candidate) -> Result:
        if not candidate.url:
            raise RefusedImage("no-url", "The row holds no address.")
        if candidate.opt_out:
            raise RefusedImage("opt-out", f"Rights are reserved: {candidate.opt_out[:200]}")
        licence = licence_of(candidate, self.how.licences, self.how.keep_unknown_licence)
        if same := self.record.kept_url(candidate.url):
            return Result("duplicate", "same-url", f"`{same}` is from the same address.", file_name=same)
        limits = Limits(self.how.max_file_bytes, tries=self.how.tries)
        found = await self.fetcher.fetch(candidate.url, limits, self.permissions.permit, expect_image)
        checked = check_picture(found.content, self.how.max_pixels)
        sha256 = hashlib.sha256(found.content).hexdigest()
        if same := self.record.kept_as(sha256):
            return Result("duplicate", "same-bytes", f"`{same}` has the same bytes.", sha256=sha256, file_name=same)
        name = f"{class_folder(candidate.label)}/{sha256[:16]}.{checked.ending}"
        today = datetime.now(UTC).date().isoformat()
        kept = Result("kept", None, None, False, sha256, name, len(found.content), licence, today)
        self.record.put(key, candidate, kept._replace(outcome="writing"))
        write_image(self.folder, name, found.content)
        return kept


def expect_image(answer: httpx.Response) -> None:
    """Raise `RefusedImage` where a header reserves rights (`opt-out`), or is not that of an image (`content-type`)."""
    expect_no_reservation(answer)
    kind = answer.headers.get("content-type", "")
    if answer.status_code == 200 and not kind.lower().strip().startswith("image/"):
        raise RefusedImage("content-type", f"The server says it is `{kind[:100] or 'of no type'}`, not an image.")
