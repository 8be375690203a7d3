"""Pictures made for tests: each call gives the bytes of a file."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

RED, BLUE, WHITE = (220, 30, 30), (30, 30, 220), (255, 255, 255)


def halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, and a white square in the upper left corner, which tells what is up."""
    image = Image.new("RGB", (width, height), RED)
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill=BLUE)
    draw.rectangle((0, 0, width // 8, height // 8), fill=WHITE)
    return image.convert(mode)


def scene(width: int, height: int) -> Image.Image:
    """Many shapes and writing, as sharp as can be; the same every time."""
    image, dice = Image.new("RGB", (width, height), (235, 230, 220)), random.Random(7)
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, size = dice.randrange(width), dice.randrange(height), max(4, width // dice.randrange(8, 40))
        colour = tuple(dice.randrange(20, 230) for _ in range(3))
        draw.ellipse((x, y, x + size, y + size), fill=colour, outline=(20, 20, 20))
        draw.text((x, y), "Stoa lantern", fill=(10, 10, 10))
    return image


def blurred(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def frames(format: str) -> bytes:
    """An animation: red, then blue."""
    first, second = Image.new("RGB", (120, 90), RED), Image.new("RGB", (120, 90), BLUE)
    return saved(first, format, save_all=True, append_images=[second], duration=100)


def located(orientation: int, width: int = 400, height: int = 300) -> bytes:
    """A JPEG as phones write it: how it was held, and where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (37.0, 58.0, 31.0)
    return saved(halves(width, height), "JPEG", exif=exif, quality=95)


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it is so large, whatever is in it."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", data or zlib.compress(b"")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def is_close(colour: Any, wanted: tuple[int, int, int]) -> bool:
    """Whether it looks the same: lossy formats change a little."""
    return all(abs(a - b) <= 14 for a, b in zip(colour[:3], wanted, strict=True))
