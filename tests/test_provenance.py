"""What our files say of themselves, and that readers of rights know them as made by a model."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from ganvas.animations import FORMATS, save_animation
from ganvas.captions import captioned_sheet, written
from ganvas.data.rights.rights import embedded_rights
from ganvas.errors import UsageError
from ganvas.images import png_bytes
from ganvas.provenance import Provenance, provenance_of, read_provenance

SAID = Provenance(
    model="0f" * 32, step=7, seed=3, index=1, label="a <b> & 'c' \u00e9", settings={"truncation": 0.5, "row": 2}
)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_png_says_how_it_was_made_and_is_known_as_synthetic(channels: int, depth: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(depth).max, (5, 7, channels), depth)
    content = png_bytes(pixels, SAID)
    assert read_provenance(content) == SAID
    assert embedded_rights(content).synthetic
    assert not embedded_rights(png_bytes(pixels)).synthetic
    assert read_provenance(png_bytes(pixels)) is None
    with Image.open(io.BytesIO(content)) as image:
        assert Provenance.model_validate_json(image.info["ganvas"]) == SAID
        assert image.size == (7, 5)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_keep_every_value(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (5, 7, channels), np.uint16)
    content = png_bytes(pixels)
    kinds, place, packed = [], 8, b""
    while place < len(content):
        (length,), kind = struct.unpack_from(">I", content, place), content[place + 4 : place + 8]
        data = content[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", content, place + 8 + length)[0] == zlib.crc32(kind + data)
        kinds.append(kind)
        packed += data if kind == b"IDAT" else b""
        place += length + 12
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(5, -1)
    assert (rows[:, 0] == 2).all()
    unfiltered = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    np.testing.assert_array_equal(unfiltered.copy().view(">u2").reshape(5, 7, channels), pixels)
    if channels == 1:
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels[..., 0])


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_films_have_all_frames_and_say_how_they_were_made(ending: str, channels: int, tmp_path) -> None:
    if ending == ".mp4":
        pytest.importorskip("av")
    frames = [np.full((33, 47, channels), 40 * index + 20, np.uint8) for index in range(5)]
    for frame in frames:
        frame[..., -1] = 255 if channels == 4 else frame[..., -1]
    path = tmp_path / f"film{ending}"
    save_animation(path, iter(frames), 10, SAID)
    assert provenance_of(path) == SAID
    again = tmp_path / f"again{ending}"
    save_animation(again, iter(frames), 10, SAID)
    assert path.read_bytes() == again.read_bytes()
    if ending == ".mp4":
        import av

        with av.open(str(path)) as film:
            shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert [frame.shape for frame in shown] == [(34, 48, 3)] * 5
        assert [abs(int(frame[10, 10, 0]) - (40 * index + 20)) < 6 for index, frame in enumerate(shown)] == [True] * 5
        return
    assert embedded_rights(path.read_bytes()).synthetic
    with Image.open(path) as film:
        assert film.n_frames == 5
        film.seek(3)
        assert abs(int(np.asarray(film.convert("RGB"))[10, 10, 0]) - 140) < 2


def test_half_transparent_frames_keep_their_alpha_where_the_format_can(tmp_path) -> None:
    frames = [np.full((16, 16, 4), (200, 100, 50, alpha), np.uint8) for alpha in (128, 40)]
    save_animation(tmp_path / "film.webp", frames)
    with Image.open(tmp_path / "film.webp") as film:
        film.seek(1)
        assert np.asarray(film.convert("RGBA"))[3, 3].tolist() == [200, 100, 50, 40]


def test_a_name_or_speed_that_no_film_can_have_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"\.gif"):
        save_animation(tmp_path / "film.avi", [np.zeros((2, 2, 1), np.uint8)])
    for rate in (0, -3, 0.0001, 1000, float("nan")):
        with pytest.raises(UsageError, match="frames a second"):
            save_animation(tmp_path / "film.gif", [np.zeros((2, 2, 1), np.uint8)], rate)


def test_an_archive_of_our_pictures_is_none_itself(tmp_path) -> None:
    picture = png_bytes(np.zeros((4, 4, 1), np.uint8), SAID)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        archive.writestr("a.png", picture)
    assert SAID.xmp() in (tmp_path / "pictures.zip").read_bytes()
    assert provenance_of(tmp_path / "pictures.zip") is None
    (tmp_path / "a.png").write_bytes(picture)
    assert provenance_of(tmp_path / "a.png") == SAID


def test_provenance_of_another_form_is_refused_in_words() -> None:
    content = SAID.xmp().replace(b'"format": 1', b'"format": 9')
    with pytest.raises(UsageError, match="does not know"):
        read_provenance(content)
    assert read_provenance(b"nothing") is None
    assert read_provenance(b'{"provenance": ' + SAID.text().encode() + b"}") == SAID


def test_captions_are_written_beneath_and_cut_to_the_width() -> None:
    pixels = np.zeros((3, 8, 8, 3), np.uint8)
    sheet = captioned_sheet(pixels, ["", "seven", "a name that is much too long to fit"], columns=3)
    assert sheet.shape == (72 + 15 + 8, 3 * 76 + 4, 3)
    below = sheet[4 + 72 : 4 + 72 + 15]
    assert (below[:, :76] == 255).all()
    assert (below[:, 80:152] < 128).any()
    assert (written("x" * 500, 30, 15)[:, -1] == 255).all()
    assert (written("\u0416\u4e2d", 40, 15) < 128).any(), "letters that the font lacks are shown as ?"
