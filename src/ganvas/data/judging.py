"""What becomes of each readable image once all are seen: rights first, then duplicates, then quality."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.clusters import clusters, exact_groups
from ganvas.data.duplicates import NearDuplicates, near_pairs
from ganvas.data.ledger import OUTCOMES, LedgerWriter, Verdict
from ganvas.data.measures import Measured, Measures
from ganvas.data.policies import Policies, Policy
from ganvas.data.quality import FLAGS, QualityLimits, flags

_FACTS = "number, sha256, opt_out, synthetic, licence IS NOT NULL, width, height, num_bytes"
_COLUMNS = f"{_FACTS}, {', '.join(Measures._fields)}"
_NUM_FACTS = _FACTS.count(",") + 1
_KEPT = OUTCOMES.index("kept")
_KINDS = ("opt-out", "synthetic", "unknown-licence", "exact-duplicate", "near-duplicate", *FLAGS)
_WORDS = {
    "blank": "Every pixel has the same value.",
    "dark": "It is much darker than the others.",
    "light": "It is much lighter than the others.",
    "low-information": "There is much less in it than in the others.",
    "blurry": "It is much less sharp than the others.",
    "odd-size": "Its size is far from that of the others.",
    "odd-aspect": "Its shape is far from that of the others.",
    "outlier": "It looks like none of the others.",
}


class Readable(NamedTuple):
    """What decisions are made from: the ledger's columns of the readable images, each [N], in the order of reading."""

    numbers: NDArray[np.int64]
    digests: NDArray[np.uint8]
    """SHA-256 [N, 32]."""
    synthetic: NDArray[np.bool_]
    licensed: NDArray[np.bool_]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    num_bytes: NDArray[np.int64]
    measured: Measured
    opt_outs: dict[int, str]
    """By index, of those that have one."""
    path_of: Callable[[int], str]
    """The path of a file by its number."""

    @classmethod
    def empty(cls, count: int, path_of: Callable[[int], str]) -> Self:
        """Return columns of `count` images to be filled."""
        return cls(
            numbers=np.zeros(count, np.int64),
            digests=np.zeros((count, 32), np.uint8),
            synthetic=np.zeros(count, np.bool_),
            licensed=np.zeros(count, np.bool_),
            width=np.zeros(count, np.int64),
            height=np.zeros(count, np.int64),
            num_bytes=np.zeros(count, np.int64),
            measured=Measured.empty(count),
            opt_outs={},
            path_of=path_of,
        )

    def fill(self, start: int, rows: Sequence[Sequence[Any]]) -> None:
        """Put rows of the ledger in the places from `start` on: the facts above, then the fields of `Measures`."""
        if not rows:
            return
        part = slice(start, start + len(rows))
        facts = list(zip(*(row[:_NUM_FACTS] for row in rows), strict=True))
        numbers, sha256s, opt_outs, synthetic, licensed, width, height, num_bytes = facts
        self.digests[part] = np.frombuffer(bytes.fromhex("".join(sha256s)), np.uint8).reshape(len(rows), 32)
        columns = (self.numbers, self.synthetic, self.licensed, self.width, self.height, self.num_bytes)
        for column, values in zip(columns, (numbers, synthetic, licensed, width, height, num_bytes), strict=True):
            column[part] = values
        self.opt_outs.update({start + index: words for index, words in enumerate(opt_outs) if words is not None})
        self.measured.fill(start, [Measures._make(row[_NUM_FACTS:]) for row in rows])


def readable(ledger: LedgerWriter) -> Readable:
    """Return what the ledger says about the readable images."""
    count = ledger.ask("SELECT COUNT(place) FROM files")[0][0]
    images = Readable.empty(count, lambda number: ledger.ask(f"SELECT path FROM files WHERE number = {number}")[0][0])  # noqa: S608
    start = 0
    for rows in ledger.stream(f"SELECT {_COLUMNS} FROM files WHERE place IS NOT NULL ORDER BY number"):  # noqa: S608
        images.fill(start, rows)
        start += len(rows)
    return images


class _Docket:
    """The verdicts as they are reached: the first that leaves an image out stands."""

    def __init__(self, images: Readable) -> None:
        count = len(images.numbers)
        self.images = images
        self.outcomes = np.zeros(count, np.int8)  # places in OUTCOMES
        self.kinds = np.full(count, -1, np.int8)  # places in _KINDS
        self.flags = np.zeros(count, np.uint16)  # a bit for each of _KINDS
        self.reasons: dict[int, str] = {}
        self.same_as: dict[int, int] = {}
        self.cluster = np.full(count, -1, np.int64)

    def stays(self) -> NDArray[np.bool_]:
        """Return which images are still in [N]."""
        return self.outcomes == _KEPT

    def apply(self, policy: Policy, kind: str, which: NDArray[np.int64], reason: Callable[[int], str]) -> None:
        """Flag the images `which`, and leave them out where the policy says so."""
        place = _KINDS.index(kind)
        self.flags[which] |= 1 << place
        if policy == "keep":
            return
        outcome = "quarantined" if policy == "quarantine" else "duplicate" if kind.endswith("duplicate") else "dropped"
        for index in which[self.stays()[which]].tolist():
            self.outcomes[index], self.kinds[index] = OUTCOMES.index(outcome), place
            self.reasons[index] = reason(index)

    def verdicts(self) -> Iterator[Verdict]:
        """Yield one verdict for each readable image."""
        columns = (self.images.numbers, self.outcomes, self.kinds, self.flags, self.cluster)
        for index, values in enumerate(zip(*columns, strict=True)):
            number, outcome, kind, flags, cluster = map(int, values)
            yield Verdict(
                outcome=OUTCOMES[outcome],
                kind=_KINDS[kind] if kind >= 0 else None,
                reason=self.reasons.get(index),
                flags=",".join(name for place, name in enumerate(_KINDS) if flags >> place & 1),
                cluster=None if cluster < 0 else cluster,
                same_as=self.same_as.get(index),
                number=number,
            )


def judge(images: Readable, policies: Policies, limits: QualityLimits, alike: NearDuplicates) -> Iterator[Verdict]:
    """Yield what becomes of each readable image, in the order of reading."""
    docket = _Docket(images)
    _judge_rights(docket, policies)
    _judge_duplicates(docket, policies, alike)
    found = flags(images.measured, images.width, images.height, limits)
    for name, which in found.items():
        policy: Policy = getattr(policies, name.replace("-", "_"))
        docket.apply(policy, name, np.flatnonzero(which), lambda _, name=name: _WORDS[name])
    yield from docket.verdicts()


def _judge_rights(docket: _Docket, policies: Policies) -> None:
    images = docket.images
    reserved = np.array(sorted(images.opt_outs), np.int64)
    docket.apply(policies.opt_out, "opt-out", reserved, images.opt_outs.__getitem__)
    docket.apply(
        policies.synthetic,
        "synthetic",
        np.flatnonzero(images.synthetic),
        lambda _: "Its file says that a model made it.",
    )
    docket.apply(
        policies.unknown_licence,
        "unknown-licence",
        np.flatnonzero(~images.licensed),
        lambda _: "Nothing says under which licence it is.",
    )


def _judge_duplicates(docket: _Docket, policies: Policies, alike: NearDuplicates) -> None:
    """Mark all but one of each group: exact ones by their bytes, near ones by how they look."""
    images = docket.images
    exact = exact_groups(images.digests)
    near = clusters(len(images.numbers), np.concatenate([_near(images, alike), _chains(exact)]))
    docket.cluster = near
    _judge_groups(docket, "exact-duplicate", policies.exact_duplicates, exact)
    _judge_groups(docket, "near-duplicate", policies.near_duplicates, near)


def _judge_groups(docket: _Docket, kind: str, policy: Policy, groups: NDArray[np.int64]) -> None:
    """Mark all but the best of each group: one that stays, of the largest area, most bytes, shortest path."""
    images, staying = docket.images, docket.stays()
    lengths = np.zeros(len(groups), np.int64)
    for index in np.flatnonzero(groups >= 0).tolist():
        lengths[index] = len(images.path_of(int(images.numbers[index])))  # `a.jpg` rather than `a (1).jpg`
    area = images.width * images.height
    order = np.lexsort((images.numbers, lengths, -images.num_bytes, -area, ~staying))
    best: dict[int, int] = {}
    marked: list[int] = []
    for index in order[groups[order] >= 0].tolist():
        other = best.setdefault(int(groups[index]), index)
        if other != index and staying[index]:
            marked.append(index)
            docket.same_as[index] = int(images.numbers[other])
    words = "It is the same file as" if kind == "exact-duplicate" else "It looks the same as"
    which = np.array(sorted(marked), np.int64)
    docket.apply(policy, kind, which, lambda index: f"{words} `{images.path_of(docket.same_as[index])}`.")


def _near(images: Readable, alike: NearDuplicates) -> NDArray[np.int64]:
    """Return pairs [P, 2] of images that look the same."""
    measured = images.measured
    return near_pairs(measured.hashes, measured.thumbnails, alike, measured.colours).pairs


def _chains(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs [P, 2] that link the members of each group; -1 is no group."""
    order = np.argsort(groups, kind="stable")
    linked = (groups[order[1:]] == groups[order[:-1]]) & (groups[order[1:]] >= 0)
    return np.stack([order[:-1][linked], order[1:][linked]], axis=1)
