"""What becomes of each readable image once all are seen: rights first, then duplicates, then quality."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.clusters import clusters, exact_groups
from ganvas.data.duplicates import NearDuplicates, near_pairs
from ganvas.data.ledger import LedgerWriter, Outcome, Verdict
from ganvas.data.measures import Measures, hashes, thumbnails
from ganvas.data.policies import Policies, Policy
from ganvas.data.quality import QualityLimits, flags

_FACTS = "number, path, sha256, opt_out, synthetic, licence, width, height, num_bytes"
_COLUMNS = f"{_FACTS}, {', '.join(Measures._fields)}"
_NUM_FACTS = _FACTS.count(",") + 1
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
    """The columns of the ledger that decisions are made from, each [N]."""

    numbers: NDArray[np.int64]
    paths: list[str]
    sha256s: list[str]
    opt_outs: list[str | None]
    synthetic: NDArray[np.bool_]
    licensed: NDArray[np.bool_]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    num_bytes: NDArray[np.int64]
    measured: list[Measures]


def readable(ledger: LedgerWriter) -> Readable:
    """Return what the ledger says about the readable images, in the order of reading."""
    rows = ledger.ask(f"SELECT {_COLUMNS} FROM files WHERE place IS NOT NULL ORDER BY number")  # noqa: S608
    columns = list(zip(*rows, strict=True)) or [()] * _NUM_FACTS
    return Readable(
        numbers=np.array(columns[0], np.int64),
        paths=list(columns[1]),
        sha256s=list(columns[2]),
        opt_outs=list(columns[3]),
        synthetic=np.array(columns[4], np.bool_),
        licensed=np.array([licence is not None for licence in columns[5]], np.bool_),
        width=np.array(columns[6], np.int64),
        height=np.array(columns[7], np.int64),
        num_bytes=np.array(columns[8], np.int64),
        measured=[Measures._make(row[_NUM_FACTS:]) for row in rows],
    )


class _Docket:
    """The verdicts as they are reached: the first that leaves an image out stands."""

    def __init__(self, images: Readable) -> None:
        count = len(images.numbers)
        self.images = images
        self.outcomes: list[Outcome] = ["kept"] * count
        self.kinds: list[str | None] = [None] * count
        self.reasons: list[str | None] = [None] * count
        self.flags: list[list[str]] = [[] for _ in range(count)]
        self.same_as: list[int | None] = [None] * count
        self.cluster = np.full(count, -1, np.int64)

    def stays(self) -> NDArray[np.bool_]:
        """Return which images are still in [N]."""
        return np.array([outcome == "kept" for outcome in self.outcomes], np.bool_)

    def apply(self, policy: Policy, kind: str, which: NDArray[np.int64], reason: Callable[[int], str]) -> None:
        """Flag the images `which`, and leave them out where the policy says so."""
        for index in which.tolist():
            self.flags[index].append(kind)
            if policy == "keep" or self.outcomes[index] != "kept":
                continue
            duplicate = kind.endswith("duplicate")
            self.outcomes[index] = "quarantined" if policy == "quarantine" else "duplicate" if duplicate else "dropped"
            self.kinds[index], self.reasons[index] = kind, reason(index)

    def verdicts(self) -> list[Verdict]:
        """Return one verdict for each readable image."""
        return [
            Verdict(
                outcome=self.outcomes[index],
                kind=self.kinds[index],
                reason=self.reasons[index],
                flags=",".join(self.flags[index]),
                cluster=None if self.cluster[index] < 0 else int(self.cluster[index]),
                same_as=self.same_as[index],
                number=int(number),
            )
            for index, number in enumerate(self.images.numbers)
        ]


def judge(images: Readable, policies: Policies, limits: QualityLimits, alike: NearDuplicates) -> list[Verdict]:
    """Return what becomes of each readable image, in the order of reading."""
    docket = _Docket(images)
    _judge_rights(docket, policies)
    _judge_duplicates(docket, policies, alike)
    found = flags(images.measured, images.width, images.height, limits)
    for name, which in found.items():
        policy: Policy = getattr(policies, name.replace("-", "_"))
        docket.apply(policy, name, np.flatnonzero(which), lambda _, name=name: _WORDS[name])
    return docket.verdicts()


def _judge_rights(docket: _Docket, policies: Policies) -> None:
    images = docket.images
    reserved = np.array([words is not None for words in images.opt_outs], np.bool_)
    docket.apply(policies.opt_out, "opt-out", np.flatnonzero(reserved), lambda index: images.opt_outs[index] or "")
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
    exact = exact_groups(images.sha256s)
    near = clusters(len(images.numbers), np.concatenate([_near(images, alike), _chains(exact)]))
    docket.cluster = near
    _judge_groups(docket, "exact-duplicate", policies.exact_duplicates, exact)
    _judge_groups(docket, "near-duplicate", policies.near_duplicates, near)


def _judge_groups(docket: _Docket, kind: str, policy: Policy, groups: NDArray[np.int64]) -> None:
    """Mark all but the best of each group: one that stays, of the largest area, then the most bytes, then the first."""
    images, staying = docket.images, docket.stays()
    order = np.lexsort((images.numbers, -images.num_bytes, -images.width * images.height, ~staying))
    best: dict[int, int] = {}
    reasons: dict[int, str] = {}
    words = "It is the same file as" if kind == "exact-duplicate" else "It looks the same as"
    for index in order[groups[order] >= 0].tolist():
        other = best.setdefault(int(groups[index]), index)
        if other != index and staying[index]:
            reasons[index] = f"{words} `{images.paths[other]}`."
            docket.same_as[index] = int(images.numbers[other])
    docket.apply(policy, kind, np.array(sorted(reasons), np.int64), reasons.__getitem__)


def _near(images: Readable, alike: NearDuplicates) -> NDArray[np.int64]:
    """Return pairs [P, 2] of images that look the same."""
    if not images.measured:
        return np.empty((0, 2), np.int64)
    _, _, _, _, codes, small, colours = zip(*images.measured, strict=True)
    return near_pairs(hashes(list(codes)), thumbnails(list(small)), alike, thumbnails(list(colours))).pairs


def _chains(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pairs [P, 2] that link the members of each group; -1 is no group."""
    order = np.argsort(groups, kind="stable")
    linked = (groups[order[1:]] == groups[order[:-1]]) & (groups[order[1:]] >= 0)
    return np.stack([order[:-1][linked], order[1:][linked]], axis=1)
