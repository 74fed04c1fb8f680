"""Judging: rights go before duplicates and duplicates before quality; one of each group stays, the best."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.data.duplicates import NearDuplicates
from ganvas.data.judging import Readable, judge
from ganvas.data.measures import measure
from ganvas.data.policies import Policies
from ganvas.data.quality import QualityLimits
from ganvas.seeds import Stream

KEEP_ALL = dict.fromkeys(Policies.model_fields, "keep")


def picture(index, size=64):
    spots = Stream(0, "picture", index).integers(5 * 5 * 3, 256).astype(np.uint8).reshape(5, 5, 3)
    return Image.fromarray(spots).resize((size, size), Image.Resampling.BICUBIC)


MEASURED = [measure(picture(index)) for index in range(30)]


def images(looks: Sequence[int], **columns):
    """Return a ledger's columns of images that look like the pictures `looks`; `columns` are of those that differ."""
    count = len(looks)
    paths = [f"{index}.png" for index in range(count)]
    usual = {
        "numbers": np.arange(count) * 2 + 5,
        "sha256s": [f"sha{index}" for index in range(count)],
        "opt_outs": [None] * count,
        "synthetic": np.zeros(count, np.bool_),
        "licensed": np.ones(count, np.bool_),
        "width": np.full(count, 64),
        "height": np.full(count, 64),
        "num_bytes": np.full(count, 1000),
        "measured": [MEASURED[look] for look in looks],
    } | {"paths": paths}
    given = usual | {name: list(values) for name, values in columns.items()}
    found = Readable.empty(count, lambda number: given["paths"][(number - 5) // 2])
    facts = ("sha256s", "opt_outs", "synthetic", "licensed", "width", "height", "num_bytes")
    rows = zip(*(given[name] for name in ("numbers", *facts, "measured")), strict=True)
    found.fill(
        0,
        [
            (int(number), hashlib.sha256(word.encode()).hexdigest(), *rest, *measures)
            for number, word, *rest, measures in rows
        ],
    )
    return found


def judged(given_images, **policies):
    return list(judge(given_images, Policies.read(policies, "policies"), QualityLimits(), NearDuplicates()))


def outcomes(verdicts):
    return [verdict.outcome for verdict in verdicts]


def test_the_first_reason_in_the_order_of_precedence_stands():
    """0: all at once; 1: a model's copy of it; 2: a plain copy; 3: one more; 4: blank; the rest ordinary."""
    blank = measure(Image.new("RGB", (64, 64), "black"))
    columns = images(
        [0, 0, 0, 0, 1, *range(2, 27)],
        opt_outs=["noai", *[None] * 29],
        synthetic=[True, True, *[False] * 28],
        licensed=[False, False, False, False, *[True] * 26],
        sha256s=["same"] * 4 + [f"sha{index}" for index in range(26)],
    )
    columns.measured.fill(4, [blank])
    every = dict.fromkeys(Policies.model_fields, "drop")
    verdicts = judged(columns, **every)
    assert [verdict.kind for verdict in verdicts[:5]] == [
        "opt-out", "synthetic", "unknown-licence", "unknown-licence", "blank",
    ]  # fmt: skip
    assert verdicts[0].reason == "noai"
    assert verdicts[0].flags.split(",")[:3] == ["opt-out", "synthetic", "unknown-licence"]
    verdicts = judged(columns, **every | {"unknown_licence": "keep"})
    assert [verdict.kind for verdict in verdicts[:5]] == ["opt-out", "synthetic", None, "exact-duplicate", "blank"]
    verdicts = judged(columns, **every | {"unknown_licence": "keep", "synthetic": "keep"})
    assert [verdict.kind for verdict in verdicts[:4]] == ["opt-out", None, "exact-duplicate", "exact-duplicate"]
    assert [verdict.same_as for verdict in verdicts[1:4]] == [None, 7, 7]


@pytest.mark.parametrize(
    ("policy", "outcome"), [("keep", "kept"), ("drop", "duplicate"), ("quarantine", "quarantined")]
)
def test_policies_of_exact_duplicates(policy, outcome):
    columns = images([0, 1, 0, 2, 0], sha256s=["a", "b", "a", "c", "a"])
    verdicts = judged(columns, exact_duplicates=policy, near_duplicates="keep")
    assert outcomes(verdicts) == ["kept", "kept", outcome, "kept", outcome]
    for verdict in (verdicts[2], verdicts[4]):
        assert verdict.flags.split(",")[0] == "exact-duplicate"
        assert verdict.same_as == 5
        if policy != "keep":
            assert (verdict.kind, verdict.reason) == ("exact-duplicate", "It is the same file as `0.png`.")
    assert [verdict.cluster for verdict in verdicts] == [0, None, 0, None, 0]


@pytest.mark.parametrize(
    ("policy", "outcome"), [("keep", "kept"), ("drop", "duplicate"), ("quarantine", "quarantined")]
)
def test_policies_of_near_duplicates(policy, outcome):
    verdicts = judged(images([*range(12), 3, 3]), near_duplicates=policy)
    assert outcomes(verdicts) == ["kept"] * 12 + [outcome] * 2
    assert [verdict.number for verdict in verdicts if verdict.cluster == 0] == [11, 29, 31]
    for verdict in verdicts[12:]:
        assert verdict.same_as == verdicts[3].number
        assert "near-duplicate" in verdict.flags
        if policy != "keep":
            assert (verdict.kind, verdict.reason) == ("near-duplicate", "It looks the same as `3.png`.")
    assert verdicts[3].same_as is None


def test_the_largest_then_the_heaviest_then_the_first_stands_for_its_group():
    looks = [*range(12), 3, 3, 3]
    for which, columns in (
        (13, {"width": [64] * 13 + [80, 64]}),
        (14, {"num_bytes": [1000] * 14 + [1001]}),
        (12, {"width": [64] * 12 + [80, 64, 80], "num_bytes": [1000] * 13 + [9000, 1000]}),
        (3, {}),
    ):
        verdicts = judged(images(looks, **columns), near_duplicates="drop")
        assert {index for index in (3, 12, 13, 14) if verdicts[index].outcome == "kept"} == {which}
        standing = {verdicts[index].same_as for index in (3, 12, 13, 14)}
        assert standing == {None, verdicts[which].number}


def test_one_that_may_not_stay_stands_for_none_while_another_can():
    looks = [*range(12), 3]
    opt_outs = [None] * 3 + ["noai"] + [None] * 9
    verdicts = judged(images(looks, opt_outs=opt_outs, width=[64] * 3 + [900] + [64] * 9), near_duplicates="drop")
    assert (verdicts[3].kind, verdicts[12].outcome, verdicts[12].same_as) == ("opt-out", "kept", None)
    assert verdicts[3].cluster == verdicts[12].cluster == 0


def test_an_image_is_never_dropped_for_one_that_is_dropped():
    """Exact copies inside a near group: what stays of them is what the near group is judged by."""
    looks = [*range(12), 3, 3, 3]
    sha256s = [f"sha{index}" for index in range(12)] + ["twin", "twin", "other"]
    verdicts = judged(images(looks, sha256s=sha256s, width=[64] * 14 + [80]), near_duplicates="drop")
    by_number = {verdict.number: verdict for verdict in verdicts}
    assert [verdicts[index].outcome for index in (3, 12, 13, 14)] == ["duplicate", "duplicate", "duplicate", "kept"]
    assert (verdicts[13].kind, verdicts[13].same_as) == ("exact-duplicate", verdicts[12].number)
    assert verdicts[3].same_as == verdicts[12].same_as == verdicts[14].number
    assert by_number[verdicts[14].number].outcome == "kept"


def test_near_duplicates_need_not_be_exact_ones_to_be_one_cluster():
    sha256s = ["twin", *(f"sha{index}" for index in range(11)), "twin"]
    flat = images([*range(12), 0], sha256s=sha256s)
    for place in (0, 12):
        flat.measured.fill(place, [measure(Image.new("RGB", (64, 64), "red"))])  # nothing tells these apart
    verdicts = judged(flat, near_duplicates="drop")
    assert verdicts[0].cluster == verdicts[12].cluster == 0
    assert (verdicts[12].outcome, verdicts[12].kind) == ("duplicate", "exact-duplicate")


@pytest.mark.parametrize("flag", ["blank", "dark", "odd-size", "odd-aspect"])
def test_a_flag_leaves_out_only_by_its_own_policy(flag):
    odd = {
        "blank": measure(Image.new("RGB", (64, 64), "grey")),
        "dark": measure(picture(0).point(lambda value: value // 40)),
    }
    columns = images(range(30), width=[64] * 29 + [{"odd-size": 9000, "odd-aspect": 64 * 40}.get(flag, 64)],
                     height=[64] * 29 + [{"odd-size": 9000}.get(flag, 64)])  # fmt: skip
    columns.measured.fill(29, [odd.get(flag, MEASURED[29])])
    kept = judged(columns, **KEEP_ALL)
    assert flag in kept[29].flags.split(",")
    assert set(outcomes(kept)) == {"kept"}
    assert all(verdict.kind is verdict.reason is None for verdict in kept)
    name = flag.replace("-", "_")
    for policy, outcome in (("drop", "dropped"), ("quarantine", "quarantined")):
        verdicts = judged(columns, **KEEP_ALL | {name: policy})
        assert (verdicts[29].outcome, verdicts[29].kind) == (outcome, flag)
        assert verdicts[29].reason
        left_out = [verdict for verdict in verdicts if verdict.outcome != "kept"]
        assert all(flag in verdict.flags for verdict in left_out)
        assert len(left_out) < 5


def test_nothing_and_one_image_are_judged_too():
    assert judged(images([])) == []
    assert outcomes(judged(images([0]))) == ["kept"]


POLICY = st.sampled_from(["keep", "drop", "quarantine"])


@given(
    looks=st.lists(st.integers(0, 6), min_size=1, max_size=25),
    files=st.data(),
    policies=st.fixed_dictionaries(dict.fromkeys(["exact_duplicates", "near_duplicates", "opt_out"], POLICY)),
)
def test_whatever_the_images_and_policies(looks, files, policies):
    """Every group keeps one, `same_as` leads to one of the same cluster, and reasons are where they belong."""
    count = len(looks)
    versions = files.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    opted = files.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    sides = files.draw(st.lists(st.sampled_from([32, 64, 80]), min_size=count, max_size=count))
    columns = images(
        looks,
        sha256s=[f"{look}-{version}" for look, version in zip(looks, versions, strict=True)],
        opt_outs=["noai" if flag else None for flag in opted],
        width=sides,
    )
    verdicts = judged(columns, **policies)
    by_number = {verdict.number: verdict for verdict in verdicts}
    assert [verdict.number for verdict in verdicts] == columns.numbers.tolist()
    for verdict, flag in zip(verdicts, opted, strict=True):
        assert (verdict.outcome == "kept") == (verdict.kind is None) == (verdict.reason is None)
        assert verdict.kind is None or verdict.kind in verdict.flags.split(",")
        assert not flag or policies["opt_out"] == "keep" or verdict.kind == "opt-out"
        if verdict.same_as is not None:
            assert by_number[verdict.same_as].cluster == verdict.cluster
            assert verdict.same_as != verdict.number
        if verdict.kind in ("exact-duplicate", "near-duplicate"):
            assert verdict.cluster is not None
    for cluster in {verdict.cluster for verdict in verdicts} - {None}:
        members = [verdict for verdict in verdicts if verdict.cluster == cluster]
        allowed = [verdict for verdict in members if verdict.kind != "opt-out"]
        assert len(members) > 1
        assert not allowed or any(verdict.outcome == "kept" for verdict in allowed)
