"""The spool of pixels: what was flushed is there again, what was not is cut off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data import spool as module
from ganvas.data.spool import Spool
from ganvas.seeds import Stream

SHAPE = (3, 5, 2)


def images(count, shape=SHAPE):
    return Stream(0, "images").integers(count * int(np.prod(shape)), 256).astype(np.uint8).reshape(count, *shape)


def filled(path, values):
    spool = Spool(path, values.shape[1:], 0)
    for image in values:
        spool.add(image)
    return spool


def test_images_come_back_by_their_place_in_any_order(tmp_path):
    values = images(9)
    spool = filled(tmp_path / "spool", values)
    for places in ([0], [8, 0, 4, 4], list(range(9)), []):
        found = spool.read(places)
        assert found.shape == (len(places), *SHAPE)
        np.testing.assert_array_equal(found, values[places])
    spool.add(values[3])  # reading leaves the end where it is
    np.testing.assert_array_equal(spool.read([9, 8]), values[[3, 8]])
    spool.close()


def test_a_reader_sees_what_was_not_flushed_yet(tmp_path):
    spool = filled(tmp_path / "spool", images(2))
    np.testing.assert_array_equal(spool.read([1]), images(2)[1:])
    spool.close()


def test_a_new_spool_goes_on_after_the_images_that_count(tmp_path):
    values = images(6)
    spool = filled(tmp_path / "spool", values)
    spool.flush()
    spool.close()
    with (tmp_path / "spool").open("ab") as file:
        file.write(b"half an image")
    again = Spool(tmp_path / "spool", SHAPE, 4)
    again.add(values[0])
    again.flush()
    np.testing.assert_array_equal(again.read(range(5)), values[[0, 1, 2, 3, 0]])
    assert (tmp_path / "spool").stat().st_size == 5 * again.image_bytes
    again.close()
    empty = Spool(tmp_path / "spool", SHAPE, 0)
    assert (tmp_path / "spool").stat().st_size == 0
    empty.close()


def test_flushed_images_are_in_the_file_itself(tmp_path):
    values = images(3)
    spool = filled(tmp_path / "spool", values)
    spool.flush()
    assert (tmp_path / "spool").read_bytes() == values.tobytes()
    spool.close()


def test_a_wrong_shape_is_a_mistake_of_ours(tmp_path):
    spool = Spool(tmp_path / "spool", SHAPE, 0)
    with pytest.raises(AssertionError):
        spool.add(images(1, (5, 3, 2))[0])
    spool.close()


@given(places=st.lists(st.integers(0, 10), max_size=25), chunk_bytes=st.integers(1, 200))
def test_a_copy_is_an_npy_file_whatever_the_size_of_its_pieces(tmp_path_factory, places, chunk_bytes):
    folder, values = tmp_path_factory.mktemp("spool"), images(11)
    spool = filled(folder / "spool", values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK_BYTES", chunk_bytes)
        pieces = list(spool.copy(folder / "copy.npy", np.array(places, np.int64)))
    spool.close()
    copied = np.load(folder / "copy.npy")
    assert (copied.dtype, copied.shape) == (np.uint8, (len(places), *SHAPE))
    np.testing.assert_array_equal(copied, values[places])
    assert b"".join(pieces) == copied.tobytes()
    np.save(folder / "numpy.npy", values[places])
    assert (folder / "numpy.npy").read_bytes() == (folder / "copy.npy").read_bytes()
