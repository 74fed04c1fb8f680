"""Rows of the ledger: what a source knows goes before what a file says, and who reserves what."""

import io

import pytest
from PIL import Image

from ganvas.data.inspection import inspect
from ganvas.data.ledger import row_of
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Facts, Item, Source

HOW = Preprocessing(size=8, channels=3)
COPYRIGHT, ARTIST = 0x8298, 0x013B
PROHIBITED = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"/></rdf:RDF></x:xmpmeta>"""


def photograph(xmp=None, **tags):
    exif = Image.Exif()
    for name, value in tags.items():
        exif[{"copyright": COPYRIGHT, "artist": ARTIST}[name]] = value
    buffer = io.BytesIO()
    options = {"xmp": xmp.encode()} if xmp else {}
    Image.new("RGB", (16, 12), "teal").save(buffer, "JPEG", exif=exif, **options)
    return buffer.getvalue()


def row(content, facts=Facts(), licence=None):  # noqa: B008  (immutable)
    source = Source("here", "folder", "here", licence, 3, 1, lambda: iter(()), "")
    item = Item("a.jpg", content, "cat", "test", facts=facts)
    return row_of(5, source, item, inspect(item, HOW), 2.0)


def test_a_plain_file_has_what_its_source_says():
    found = row(photograph(), licence="CC0-1.0")
    assert (found.number, found.path, found.label, found.declared, found.weight) == (5, "a.jpg", "cat", "test", 2.0)
    assert (found.outcome, found.licence, found.opt_out, found.synthetic) == ("kept", "CC0-1.0", None, False)
    assert (found.width, found.height, found.format) == (16, 12, "JPEG")
    assert len(found.sha256) == 64
    assert 0 < found.brightness < 1


def test_all_rights_reserved_is_a_licence_and_no_opt_out():
    found = row(photograph(copyright="(c) Ada. All rights reserved.", artist="Ada"))
    assert found.opt_out is None
    assert "All rights reserved" in found.licence
    assert found.creator == "Ada"


@pytest.mark.parametrize("facts", [Facts(), Facts(licence="CC-BY-4.0", creator="Grace")])
def test_a_reservation_counts_whatever_the_source_says(facts):
    found = row(photograph(PROHIBITED, artist="Ada"), facts)
    assert "DMI-PROHIBITED-AIMLTRAINING" in found.opt_out
    assert found.creator == (facts.creator or "Ada")
    assert found.licence == facts.licence
    assert found.evidence


def test_what_cannot_be_read_is_refused_with_all_that_is_known():
    found = row(b"hello", Facts(url="https://example.org/a.jpg"))
    assert (found.outcome, found.kind, found.num_bytes) == ("refused", "not-an-image", 5)
    assert found.url == "https://example.org/a.jpg"
    assert found.brightness is None
