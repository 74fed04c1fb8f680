"""Archives as trees of images, and hostile ones: every member a row, nothing written, memory bounded."""

import bz2
import gzip
import io
import itertools
import json
import lzma
import os
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from ganvas.data.sources.archive import REST, is_archive, open_archive
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item, Request, Source
from ganvas.data.sources.zip_archive import ZipArchive
from ganvas.errors import DataError
from ganvas.progress import Silent

DATA = Path(os.environ.get("GANVAS_DATA", ""))
MEBIBYTE = 2**20
TRAVERSALS = [
    *[
        "../evil.png",
        "/evil.png",
        "a/../../evil.png",
        "..\\evil.png",
        "C:\\evil.png",
        "c:/evil.png",
        "\\\\host\\evil.png",
    ],
    *["//host/evil.png", "a/..", "..", "./../evil.png", "C:evil.png", "a\\..\\..\\evil.png"],
]


def png(size: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=form) as archive:
        for name, content in members.items():
            add(archive, name, content)
    return path


def add(
    archive: tarfile.TarFile, name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = ""
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(content)
    archive.addfile(info, io.BytesIO(content))


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """Write an archive of the form that the path's ending says."""
    if path.suffix == ".zip":
        return zipped(path, members)
    return tarred(path, members, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w")


def opened(path: Path, max_bytes: int = 64 * MEBIBYTE) -> Source:
    return open_archive(Request(str(path), path, None, Silent(), max_bytes))


def items(path: Path, max_bytes: int = 64 * MEBIBYTE) -> list[Item]:
    """Return all items; checks that they are counted, are the same again, and that nothing is written."""
    before = sorted(path.parent.rglob("*"))
    source = opened(path, max_bytes)
    found = list(source.items())
    assert len(found) == source.total
    assert found == list(source.items())
    assert sorted(path.parent.rglob("*")) == before
    assert all(item.content is None for item in found if item.refusal)
    assert all(isinstance(item.content, bytes) for item in found if not item.refusal)
    return found


def outcomes(path: Path, max_bytes: int = 64 * MEBIBYTE) -> dict[str, str]:
    return {item.name: item.refusal.kind if item.refusal else "kept" for item in items(path, max_bytes)}


FORMS = ["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"]


@pytest.fixture(params=FORMS)
def form(request, tmp_path):
    return tmp_path / request.param


# The tree


def test_classes_one_top_folder_and_junk(form):
    members = {
        **{f"photos/{name}": name.encode() for name in ("cat/a.png", "cat/deep/b.jpg", "dog/c.png")},
        "photos/.DS_Store": b"x",
        "__MACOSX/photos/._a.png": b"x",
        "photos/inner.zip": b"PK",
        "photos/a.txt": b"x",
    }
    found = {item.name: (item.label, item.refusal and item.refusal.kind) for item in items(packed(form, members))}
    assert found == {
        "cat/a.png": ("cat", None),
        "cat/deep/b.jpg": ("cat", None),
        "dog/c.png": ("dog", None),
        **dict.fromkeys((".DS_Store", "__MACOSX/photos/._a.png", "inner.zip", "a.txt"), (None, "not-an-image")),
    }
    assert next(item.content for item in items(form) if item.name == "cat/deep/b.jpg") == b"cat/deep/b.jpg"
    assert open_source(form, None, Silent()).reader == "archive"


def test_splits_and_listings(form):
    members = {
        "train/a.png": PNG,
        "test/b.png": PNG,
        "train/metadata.csv": b"file_name,label,license\na.png,cat,CC0-1.0\n",
        "test/metadata.jsonl": b'{"file_name": "b.png", "label": 7}\n{"file_name": "lost.png"}\n',
    }
    found = {item.name: item for item in items(packed(form, members))}
    assert (found["train/a.png"].label, found["train/a.png"].split, found["train/a.png"].facts.licence) == (
        *("cat", "train", "CC0-1.0"),
    )
    assert (found["test/b.png"].label, found["test/b.png"].split) == ("7", "test")
    assert found["test/lost.png"].refusal.kind == "missing"


def test_stylegan_archive(form):
    names = [f"0000{index // 2}/img0000000{index}.png" for index in range(4)]
    labels = {"labels": [[name, index % 3] for index, name in enumerate(names)]}
    found = items(packed(form, dict.fromkeys(names, PNG) | {"dataset.json": json.dumps(labels).encode()}))
    assert [item.label for item in found if not item.refusal] == ["0", "1", "2", "0"]


def test_order_is_that_of_the_paths_but_in_packed_tar_files(form):
    found = [item.name for item in items(packed(form, dict.fromkeys(("b.png", "a.png", "c.png"), PNG)))]
    assert found == (["a.png", "b.png", "c.png"] if form.suffix in (".zip", ".tar") else ["b.png", "a.png", "c.png"])


def test_same_rows_as_the_unpacked_folder(form, tmp_path):
    members = {f"{name}/{index}.png": png(index + 1) for index in range(3) for name in ("x", "\u00fc", "a b")}
    members |= {"x/notes.txt": b"x", "x/\u00e9.PNG": b"x", "new\nline.png": b"x"}
    packed(form, members)
    for name, content in members.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(content)
    ours = {(item.name, item.label, item.content) for item in items(form)}
    folder = list(open_source(tmp_path / "folder", None, Silent()).items())
    theirs = {(item.name, item.label, None if item.refusal else item.content.read_bytes()) for item in folder}
    assert ours == theirs


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_of_zip(tmp_path, method):
    content = {"a.png": b"", "b.png": b"x", "c.png": bytes(range(256)) * 4000}
    found = items(zipped(tmp_path / "a.zip", content, method))
    assert {item.name: item.content for item in found} == content


def test_wide_streamed_and_prefixed_zip_files(tmp_path):
    path = tmp_path / "a.zip"

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, content: bytes) -> int:
            with path.open("ab") as file:
                return file.write(content)

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.png", "w", force_zip64=True) as member:
            member.write(PNG)
        archive.writestr("b.png", PNG)
    assert outcomes(path) == {"a.png": "kept", "b.png": "kept"}
    path.write_bytes(b"MZ program" * 99 + path.read_bytes())
    assert outcomes(path) == {"a.png": "kept", "b.png": "kept"}


@pytest.mark.slow
def test_zip_of_more_members_than_the_old_directory_counts(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index in range(65_600):
            archive.writestr(f"{index}.txt", b"")
    assert opened(tmp_path / "a.zip").total == 65_600
    assert opened(tmp_path / "a.zip").note == ""


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_long_and_foreign_names_in_tar_files(tmp_path, form):
    names = ["d" * 90 + "/" + "e" * 90 + ".png", "\u00fcber.png"]
    names += ["f" * 300 + ".png"] if form != tarfile.USTAR_FORMAT else []
    assert outcomes(tarred(tmp_path / "a.tar", dict.fromkeys(names, PNG), form=form)) == dict.fromkeys(names, "kept")


def test_several_streams_in_one_packed_file(tmp_path):
    plain = tarred(tmp_path / "a.tar", {"a.png": PNG * 100, "b.png": PNG}).read_bytes()
    for pack, padding in ((gzip.compress, b""), (bz2.compress, b""), (lzma.compress, bytes(8))):
        path = tmp_path / "b.tar.any"
        path.write_bytes(pack(plain[:9000]) + padding + pack(plain[9000:]) + padding)
        assert is_archive(path)
        assert outcomes(path) == {"a.png": "kept", "b.png": "kept"}


# Hostile members


@pytest.mark.parametrize("name", TRAVERSALS)
@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_paths_that_leave(tmp_path, name, ending):
    inner = tmp_path / "deep/er"
    inner.mkdir(parents=True)
    path = packed(inner / f"a.{ending}", {"good.png": PNG, name: PNG})
    found = items(path)
    assert sorted((item.refusal.kind if item.refusal else "kept") for item in found) == ["kept", "outside"]
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "deep", inner, path]


def test_strange_names_in_zip_files(tmp_path):
    path = zipped(
        tmp_path / "a.zip", {"aaaa.png": PNG, "bbbb.png": PNG, "c\nc.png": PNG, "dddd.png": PNG, "x\\y.png": PNG}
    )
    content = (
        path.read_bytes().replace(b"aaaa", b"a\0aa").replace(b"bbbb", b"b\xff\xfeb").replace(b"dddd.png", b"././././")
    )
    path.write_bytes(content.replace(b"././././", b"././././"))
    kinds = outcomes(path)
    assert kinds.pop("a\0aa.png") == "bad-name"
    assert kinds == {"b\xa0\u25a0b.png": "kept", "c\nc.png": "kept", "x/y.png": "kept"}  # by code page 437


def test_strange_names_in_tar_files(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="latin-1") as archive:
        add(archive, "good.png", PNG)
        add(archive, "", PNG)
        add(archive, "./.", PNG)
        add(archive, "x" * 5000 + ".png", PNG)
        add(archive, "a\\b.png", PNG)
    content = path.read_bytes().replace(b"good.png", b"g\xff\xfed.png")
    header = bytearray(content[:512])
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    path.write_bytes(bytes(header) + content[512:])
    kinds = [(item.name[:12], item.refusal.kind if item.refusal else "kept") for item in items(path)]
    assert kinds == [
        *[("", "bad-name"), ("./.", "bad-name"), ("a\\b.png", "kept")],
        *[("g\\xff\\xfed.p", "kept"), ("xxxxxxxxxxxx", "bad-name")],
    ]


def test_links_devices_and_pipes_in_tar_files(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.png").write_bytes(PNG)
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "good.png", PNG)
        add(archive, "out.png", kind=tarfile.SYMTYPE, target=str(secret / "key.png"))
        add(archive, "in.png", kind=tarfile.SYMTYPE, target="good.png")
        add(archive, "hard.png", kind=tarfile.LNKTYPE, target="good.png")
        add(archive, "door", kind=tarfile.SYMTYPE, target=str(secret))
        add(archive, "door/written.png", PNG)
        for name, kind in (("pipe", tarfile.FIFOTYPE), ("char", tarfile.CHRTYPE), ("block", tarfile.BLKTYPE)):
            add(archive, f"{name}.png", kind=kind)
        add(archive, "odd.png", b"x" * 600, kind=b"Z")
        add(archive, "sparse.png", b"x" * 600, kind=tarfile.GNUTYPE_SPARSE)
        add(archive, "after.png", PNG)
    assert outcomes(path) == {
        "good.png": "kept",
        "after.png": "kept",
        "door/written.png": "outside",
        **dict.fromkeys(("out.png", "in.png", "hard.png", "door"), "link"),
        **dict.fromkeys(("pipe.png", "char.png", "block.png", "odd.png", "sparse.png"), "not-an-image"),
    }
    assert [file.name for file in secret.iterdir()] == ["key.png"]


def test_links_and_devices_in_zip_files(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in (("link.png", 0o120777), ("door", 0o120777), ("pipe.png", 0o010644), ("good.png", 0o100644)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, b"/etc")
        archive.writestr("door/written.png", PNG)
    assert outcomes(path) == {
        "link.png": "link",
        "door": "link",
        "door/written.png": "outside",
        "pipe.png": "not-an-image",
        "good.png": "kept",
    }


def test_of_one_name_the_last_counts(form):
    if form.suffix == ".zip":
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(form, "w") as archive:
            for name, content in (("a.png", b"1"), ("./a.png", b"2"), ("a.png", b"3")):
                archive.writestr(name, content)
    else:
        with tarfile.open(form, f"w:{form.suffix[1:].replace('tar', '')}") as archive:
            for name, content in (("a.png", b"1"), ("./a.png", b"2"), ("a.png", b"3")):
                add(archive, name, content)
    found = items(form)
    assert [item.refusal.kind if item.refusal else item.content for item in found] == [*["duplicate-name"] * 2, b"3"]


def patched(path: Path, name: str, central: dict[int, bytes], local: dict[int, bytes] | None = None) -> Path:
    """Overwrite fields, by their offsets, of a member's headers in a ZIP file."""
    content = bytearray(path.read_bytes())
    places = ((content.rindex(name.encode()) - 46, central), (content.index(name.encode()) - 30, local or {}))
    for start, fields in places:
        for offset, value in fields.items():
            content[start + offset : start + offset + len(value)] = value
    path.write_bytes(content)
    return path


LIES = {
    "encrypted": ({8: b"\1\0"}, "encrypted"),
    "encrypted directory": ({8: b"\0\x20"}, "encrypted"),
    "unknown method": ({10: b"\x63\0"}, "compression"),
    "checksum": ({16: b"\0\0\0\0"}, "damaged"),
    "larger than declared": ({24: struct.pack("<L", 3)}, "damaged"),
    "smaller than declared": ({24: struct.pack("<L", 10**6)}, "damaged"),
    "huge size": ({24: struct.pack("<L", 2**32 - 2)}, "too-large"),
    "wide size without its field": ({24: b"\xff" * 4}, "too-large"),
    "huge packed size": ({20: struct.pack("<L", 2**32 - 2)}, "too-large"),
    "packed over the next member": ({20: struct.pack("<L", 200)}, "overlapping"),
    "header in another member": ({42: struct.pack("<L", 7)}, "overlapping"),
    "header outside": ({42: struct.pack("<L", 2**31)}, "damaged"),
}


@pytest.mark.parametrize(("fields", "kind"), LIES.values(), ids=LIES)
def test_lies_in_the_directory_of_a_zip_file(tmp_path, fields, kind):
    path = zipped(tmp_path / "a.zip", {"first.png": PNG, "lies.png": PNG, "other.png": PNG})
    found = outcomes(patched(path, "lies.png", fields))
    assert found["lies.png"] == kind
    assert found["first.png"] == "kept" or kind == "overlapping"
    assert set(found) == {"first.png", "lies.png", "other.png"}


def test_member_under_another_name_than_its_own_header_gives(tmp_path):
    path = zipped(tmp_path / "a.zip", {"good.png": PNG, "lies.png": PNG})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"lies.png", b"evil.gif", 1))
    assert outcomes(path) == {"good.png": "kept", "lies.png": "damaged"}


@pytest.mark.parametrize("method", [8, 12, 14])
def test_garbage_in_place_of_packed_bytes(tmp_path, method):
    path = zipped(tmp_path / "a.zip", {"a.png": os.urandom(900), "b.png": PNG}, method)
    content = bytearray(path.read_bytes())
    content[40:300] = b"\xff" * 260
    path.write_bytes(content)
    assert outcomes(path) == {"a.png": "damaged", "b.png": "kept"}


# Bombs


def peak_memory(path: Path, max_bytes: int) -> tuple[int, list[str]]:
    tracemalloc.start()
    try:
        kinds = [item.refusal.kind if item.refusal else "kept" for item in opened(path, max_bytes).items()]
        return tracemalloc.get_traced_memory()[1], kinds
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [8, 12, 14])
@pytest.mark.parametrize("honest", [True, False])
def test_bomb_in_a_zip_file(tmp_path, method, honest):
    path = zipped(tmp_path / "a.zip", {"bomb.png": bytes(32 * MEBIBYTE), "b.png": PNG}, method)
    if not honest:
        patched(path, "bomb.png", {24: struct.pack("<L", 1000)}, {22: struct.pack("<L", 1000)})
    peak, kinds = peak_memory(path, 2 * MEBIBYTE)
    assert kinds == ["kept", "too-large" if honest else "damaged"]
    assert peak < 16 * MEBIBYTE


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_bomb_in_a_packed_tar_file(tmp_path, ending):
    path = tarred(tmp_path / f"a.tar.{ending}", {"bomb.png": bytes(32 * MEBIBYTE), "b.png": PNG}, f"w:{ending}")
    peak, kinds = peak_memory(path, 2 * MEBIBYTE)
    assert kinds == ["too-large", "kept"]
    assert peak < 20 * MEBIBYTE


def test_overlapping_members_as_in_the_bomb_of_fifield(tmp_path):
    """Fifield, "A better zip bomb" (WOOT 2019): many directory entries for one kernel of packed bytes."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = kernel.compress(bytes(4 * MEBIBYTE)) + kernel.flush()
    checksum = zlib.crc32(bytes(4 * MEBIBYTE))
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, checksum, len(data), 4 * MEBIBYTE, 5, 0)
    body = local + b"a.png" + data
    central = b"".join(
        struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, checksum, len(data), 4 * MEBIBYTE, 5, 0, 0, 0, 0, 0, 0
        )
        + b"a.png"
        for _ in range(2000)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2000, 2000, len(central), len(body), 0)
    (tmp_path / "a.zip").write_bytes(body + central + end)
    found = items(tmp_path / "a.zip")
    kinds = [item.refusal.kind if item.refusal else "kept" for item in found]
    assert len(kinds) == 2000
    assert kinds.count("kept") <= 1


def test_nested_archives_are_not_opened(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"0.bin": bytes(MEBIBYTE)}).read_bytes()
    assert set(outcomes(zipped(tmp_path / "42.zip", {f"lib {i}.zip": inner for i in range(16)})).values()) == {
        "not-an-image"
    }


def tar_header(name: bytes, size: bytes, kind: bytes) -> bytes:
    header = bytearray(512)
    header[: len(name)], header[124:136], header[156:157], header[257:265] = name, size, kind, b"ustar\x0000"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def octal(value: int) -> bytes:
    return b"%011o\0" % value


def pax(*records: bytes) -> bytes:
    content = b"".join(records)
    return tar_header(b"pax", octal(len(content)), b"x") + content.ljust(-(-len(content) // 512) * 512, b"\0")


GOOD = tar_header(b"good.png", octal(len(PNG)), b"0") + PNG.ljust(512, b"\0")
NEXT = tar_header(b"next.png", octal(len(PNG)), b"0") + PNG.ljust(512, b"\0")
END = bytes(1024)
TAR_DAMAGE = {
    "negative size": tar_header(b"a.png", b"\xff" * 12, b"0") + GOOD + END,
    "size beyond every disk": tar_header(b"a.png", b"\x80" + b"\x7f" * 11, b"0") + GOOD + END,
    "size beyond the end": tar_header(b"a.png", octal(10**9), b"0") + GOOD + END,
    "size that is no number": tar_header(b"a.png", b"zzz", b"0") + GOOD + END,
    "pax size that is no number": pax(b"12 size=-99\n") + GOOD + END,
    "pax size of many digits": pax(b"100 size=" + b"9" * 90 + b"\n") + GOOD + END,
    "pax record without length": pax(b"path=x\n") + GOOD + END,
    "pax record of length zero": pax(b"0 path=x\n") + GOOD + END,
    "pax headers without end": pax(b"9 path=x\n") * 2000 + GOOD + END,
    "long names without end": tar_header(b"L", octal(5), b"L") + b"a.png".ljust(512, b"\0") * 1 + b"",
    "checksum": GOOD[:148] + b"000000\0 " + GOOD[156:] + END,
    "cut in a header": GOOD[:300],
    "cut in a sparse map": tar_header(b"a.png", octal(5), b"S")[:482] + b"\1",
    "no end mark": GOOD,
    "noise": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("tail", TAR_DAMAGE.values(), ids=TAR_DAMAGE)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_what_comes_before_damage_is_used(tmp_path, tail, pack):
    path = tmp_path / "a.tar"
    first = tar_header(b"first.png", octal(len(PNG)), b"0") + PNG.ljust(512, b"\0")
    path.write_bytes(pack(first + tail))
    found = outcomes(path)
    assert found.pop("first.png") == "kept"
    assert found.pop(REST) == "damaged"
    assert set(found.values()) <= {"truncated", "too-large", "kept"}
    assert "damaged" in opened(path).note


def test_huge_blocks_about_a_member_are_not_read(tmp_path):
    blocks = tar_header(b"x", octal(64 * MEBIBYTE), b"x") + bytes(64 * MEBIBYTE)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(blocks + GOOD + NEXT + END))
    peak, kinds = peak_memory(tmp_path / "a.tar.gz", MEBIBYTE)
    assert kinds == ["bad-name", "kept"]
    assert peak < 8 * MEBIBYTE


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_archive_that_was_cut(form, share):
    whole = packed(form, {f"{index:02d}.png": os.urandom(3000) for index in range(40)}).read_bytes()
    form.write_bytes(whole[: int(len(whole) * share)])
    found = outcomes(form)
    kept = sum(kind == "kept" for kind in found.values())
    assert found[REST] == "damaged"
    assert kept == 0 if form.suffix == ".bz2" else abs(kept - 40 * share) < 5  # one block of bzip2 holds all 40
    assert opened(form).note


def test_cut_zip_file_that_was_streamed(tmp_path):
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        pipe = io.BufferedWriter(Unseekable(file))
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            for index in range(9):
                archive.writestr(f"{index}.png", bytes(range(256)) * 20)
        pipe.flush()
    path.write_bytes(path.read_bytes()[:-300])
    found = items(path)
    assert [item.name for item in found] == [*(f"{index}.png" for index in range(9)), REST]
    assert {item.content for item in found[:-1]} == {bytes(range(256)) * 20}


class Unseekable(io.RawIOBase):
    def __init__(self, file: io.BufferedWriter) -> None:
        self.file = file

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:
        return self.file.write(content)


def test_directory_damaged_in_the_middle(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"{index}.png": PNG for index in range(6)})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"3.png") - 46] = 0
    path.write_bytes(content)
    assert outcomes(path) == {"0.png": "kept", "1.png": "kept", "2.png": "kept", REST: "damaged"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.zip", b"", "not a ZIP file"),
        ("a.zip", b"hello" * 100, "not a ZIP file"),
        ("a.tar", b"hello" * 400, "not a tar file"),
        ("a.tar", b"", "not a tar file"),
        ("a.tgz", gzip.compress(b"hello" * 400, mtime=0), "not a tar file"),
        ("a.rar", b"Rar!\x1a\7" * 9, "RAR archive"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" * 9, "7z archive"),
    ],
)
def test_what_is_no_archive_is_an_error(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        open_source(tmp_path / name, None, Silent())


def test_other_packed_files_are_not_taken_for_archives(tmp_path):
    for name, content in (
        ("a.gz", gzip.compress(b"x", mtime=0)),
        ("b.xz", lzma.compress(b"x")),
        ("c.png", PNG),
        ("d.gz", b"\x1f\x8b"),
    ):
        (tmp_path / name).write_bytes(content)
        assert not is_archive(tmp_path / name)


def test_mutated_archives_never_stop_a_run(form):
    whole = packed(form, {f"{index}.png": PNG * 9 for index in range(8)}).read_bytes()
    for seed, count in itertools.product(range(40), (1, 20)):
        content = bytearray(whole)
        for step in range(count):
            noise = zlib.crc32(f"{seed} {step}".encode())
            content[noise % len(content)] ^= 1 + (noise >> 24) % 255
        form.write_bytes(content)
        try:
            source = opened(form)
            assert len(list(source.items())) == source.total
        except DataError as error:
            assert "Download or copy it again" in str(error) or "Give" in str(error) or "give" in str(error)


def test_listing_that_claims_hundreds_of_thousands_of_files(tmp_path):
    listing = b"file_name,label\n" + b"".join(b"%d,x\n" % number for number in range(120_000))
    source = opened(zipped(tmp_path / "a.zip", {"metadata.csv": listing, "a.png": PNG}))
    assert source.total == 100_002
    assert "lists 120000 files that are not in it" in source.note


# Real ones


@pytest.mark.skipif(not (DATA / "noto-emoji-128.tar").is_file(), reason="GANVAS_DATA names no folder with archives")
@pytest.mark.parametrize("name", ["noto-emoji-128.tar", "messy.tar"])
def test_real_archives_give_the_rows_of_the_unpacked_folder(tmp_path, name):
    with tarfile.open(DATA / name) as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    (folder,) = tmp_path.iterdir()
    ours, theirs = (
        {item.name: (item.label, item.split, item.refusal.kind if item.refusal else None) for item in source.items()}
        for source in (opened(DATA / name), open_source(folder, None, Silent()))
    )
    links = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink()}
    assert len(links) == (6 if name == "messy.tar" else 0)
    assert {ours.pop(link)[2] for link in links} <= {"link"}
    assert ours == {inside: row for inside, row in theirs.items() if inside not in links}


def test_memory_does_not_grow_with_the_content(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"{index}.png": os.urandom(MEBIBYTE) for index in range(40)}, 0)
    assert peak_memory(path, 2 * MEBIBYTE)[0] < 6 * MEBIBYTE
    with ZipArchive(path) as archive:
        assert len(archive.directory().members) == 40
