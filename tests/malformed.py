"""Malformed image files of many kinds, as a function of a seed: what a decoder fed by strangers meets."""

import io
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

Maker = Callable[[random.Random], bytes]


def picture(chance: random.Random, mode="RGB", size=None) -> Image.Image:
    width, height = size or (chance.randrange(8, 48), chance.randrange(8, 48))
    channels = len(Image.new(mode, (1, 1)).getbands())
    ramp = np.add.outer(np.arange(height) * chance.randrange(1, 9), np.arange(width) * chance.randrange(1, 9))
    pixels = ((ramp[..., None] + np.arange(channels) * 40) % 256).astype(np.uint8)
    if mode in ("1", "P"):
        return Image.fromarray(pixels[..., 0]).convert(mode)
    return Image.frombytes(mode, (width, height), pixels.tobytes())


def whole(chance: random.Random, form: str, mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    picture(chance, mode).save(buffer, form, **options)
    return buffer.getvalue()


def truncated(form: str) -> Maker:
    def make(chance):
        content = whole(chance, form)
        return content[: chance.randrange(1, len(content))]

    return make


def mutated(form: str, mode="RGB") -> Maker:
    def make(chance):
        content = bytearray(whole(chance, form, mode))
        for _ in range(chance.randrange(1, 12)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        return bytes(content)

    return make


def header_mutated(form: str) -> Maker:
    def make(chance):
        content = bytearray(whole(chance, form))
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(min(64, len(content)))] = chance.randrange(256)
        return bytes(content)

    return make


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, body: bytes, depth=8, colour=2, extra=b"") -> bytes:
    header = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )


def bomb(chance):
    side = chance.choice([20_000, 60_000, 2**31 - 1, 2**32 - 1])
    return png(side, chance.choice([side, 1]), b"\0" * chance.randrange(1000), depth=1, colour=0)


def odd_header(chance):
    size = chance.choice([(0, 9), (9, 0), (0, 0), (9, 9)])
    return png(*size, b"\0" * 300, depth=chance.choice([0, 3, 8, 16, 32]), colour=chance.randrange(9))


def text_bomb(chance):
    packed = zlib.compress(b"a" * chance.choice([10**6, 2 * 10**7]))
    extra = chunk(chance.choice([b"zTXt", b"iCCP"]), b"key\0\0" + packed)
    return png(9, 9, b"\0" * 28 * 9, extra=extra)


def wrong_checksum(chance):
    content = bytearray(whole(chance, "PNG"))
    content[chance.choice([29, 30, 31, 32, -5])] ^= 1 + chance.randrange(255)
    return bytes(content)


def too_little_data(chance):
    return png(40, 40, b"\0" * chance.randrange(40 * 121))


def broken_exif(chance):
    junk = bytes(chance.randrange(256) for _ in range(chance.randrange(4, 200)))
    return whole(chance, "JPEG", exif=b"Exif\0\0" + chance.choice([b"II*\0", b"MM\0*", b""]) + junk)


def broken_profile(chance):
    junk = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 500)))
    return whole(chance, chance.choice(["PNG", "JPEG", "WEBP"]), icc_profile=junk)


def circular_tiff(chance):
    entries = struct.pack("<H", 1) + struct.pack("<HHII", 256, 3, 1, chance.randrange(100)) + struct.pack("<I", 8)
    return b"II*\0" + struct.pack("<I", 8) + entries


def lying_ppm(chance):
    kind = chance.choice([b"P6", b"P5", b"P4", b"P3", b"P7", b"Pf"])
    sizes = [b"9 9", b"-9 9", b"99999 99999", b"9", b"9 9 " * 50, b"1e9 3"]
    return (
        kind + b"\n" + chance.choice(sizes) + b"\n" + chance.choice([b"255", b"0", b"70000", b""]) + b"\n" + b"x" * 50
    )


def deep(form: str, mode: str) -> Maker:
    """A whole file of 16-bit, 32-bit or float values, a few bytes of it changed."""

    def make(chance):
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        values = np.linspace(0, 200, 20 * 15).reshape(15, 20).astype(kind)
        if mode == "F":
            values[chance.randrange(15), chance.randrange(20)] = chance.choice([np.nan, np.inf, -1e30, 1e30, -3])
        buffer = io.BytesIO()
        Image.fromarray(values).save(buffer, form)
        content = bytearray(buffer.getvalue())
        for _ in range(chance.randrange(0, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        return bytes(content)

    return make


def mutated_compressed_tiff(chance):
    compression = chance.choice(["tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "group4"])
    content = bytearray(whole(chance, "TIFF", "1" if compression == "group4" else "RGB", compression=compression))
    for _ in range(chance.randrange(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def broken_palette(chance):
    content = bytearray(whole(chance, chance.choice(["PNG", "GIF"]), "P"))
    start = max(content.find(b"PLTE"), 4)
    for _ in range(chance.randrange(1, 6)):
        content[min(start - 4 + chance.randrange(20), len(content) - 1)] = chance.randrange(256)
    return bytes(content)


def lying_jpeg(chance):
    """A JPEG whose frame header tells of other sides than its data fills."""
    content = bytearray(whole(chance, "JPEG", progressive=chance.choice([True, False])))
    start = content.index(b"\xff\xc2" if b"\xff\xc2" in content else b"\xff\xc0") + 5
    sides = chance.choice([(0, 9), (9, 0), (999, 999), (3, 3), (65535, 65535), (65500, 9)])
    content[start : start + 4] = struct.pack(">HH", *sides)
    return bytes(content)


def spliced(chance):
    """The head of one file and the tail of another."""
    first, second = (whole(chance, chance.choice(["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])) for _ in range(2))
    return first[: chance.randrange(8, len(first))] + second[chance.randrange(len(second)) :]


def noise(chance):
    return bytes(chance.randrange(256) for _ in range(chance.randrange(1, 2000)))


def words(chance):
    starts = [
        "<html><body>404 Not Found</body></html>",
        "%PDF-1.7",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "hello",
        "{}",
    ]
    return (chance.choice(starts) + " " * chance.randrange(50)).encode()


def signature_only(chance):
    starts = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"RIFF\0\0\0\0WEBP",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"P6",
    ]
    return chance.choice(starts) + noise(chance)[: chance.randrange(0, 40)]


def with_tail(chance):
    return whole(chance, chance.choice(["PNG", "JPEG", "GIF", "BMP"])) + noise(chance) + b"PK\3\4"


def animation(chance):
    buffer = io.BytesIO()
    frames = [picture(chance, size=(16, 16)) for _ in range(3)]
    frames[0].save(buffer, chance.choice(["GIF", "PNG", "WEBP"]), save_all=True, append_images=frames[1:])
    content = bytearray(buffer.getvalue())
    for _ in range(3):
        content[chance.randrange(len(content) // 2, len(content))] = chance.randrange(256)
    return bytes(content)


KINDS: dict[str, tuple[str, Maker]] = {
    "truncated-jpeg": ("jpg", truncated("JPEG")),
    "truncated-png": ("png", truncated("PNG")),
    "truncated-webp": ("webp", truncated("WEBP")),
    "truncated-tiff": ("tiff", truncated("TIFF")),
    "mutated-jpeg": ("jpg", mutated("JPEG")),
    "mutated-cmyk-jpeg": ("jpg", mutated("JPEG", "CMYK")),
    "mutated-png": ("png", mutated("PNG", "RGBA")),
    "mutated-webp": ("webp", mutated("WEBP", "RGBA")),
    "mutated-gif": ("gif", mutated("GIF")),
    "mutated-tiff": ("tif", header_mutated("TIFF")),
    "mutated-bmp": ("bmp", header_mutated("BMP")),
    "mutated-ppm": ("ppm", header_mutated("PPM")),
    "empty": ("png", lambda chance: b""),
    "noise": ("jpg", noise),
    "words": ("png", words),
    "signature-only": ("gif", signature_only),
    "bomb": ("png", bomb),
    "odd-header": ("png", odd_header),
    "text-bomb": ("png", text_bomb),
    "wrong-checksum": ("png", wrong_checksum),
    "too-little-data": ("png", too_little_data),
    "broken-exif": ("jpg", broken_exif),
    "broken-profile": ("png", broken_profile),
    "circular-tiff": ("tiff", circular_tiff),
    "lying-ppm": ("ppm", lying_ppm),
    "deep-png": ("png", deep("PNG", "I;16")),
    "deep-tiff": ("tiff", deep("TIFF", "I")),
    "float-tiff": ("tiff", deep("TIFF", "F")),
    "compressed-tiff": ("tif", mutated_compressed_tiff),
    "broken-palette": ("png", broken_palette),
    "lying-jpeg": ("jpg", lying_jpeg),
    "spliced": ("png", spliced),
    "with-tail": ("jpg", with_tail),
    "broken-animation": ("gif", animation),
}


def malformed(count: int, seed: int):
    """Yield names and contents of `count` files, the kinds in turn."""
    names = list(KINDS)
    for index in range(count):
        kind = names[index % len(names)]
        suffix, make = KINDS[kind]
        yield f"{kind}-{index:05d}.{suffix}", make(random.Random(f"{seed}/{index}"))
