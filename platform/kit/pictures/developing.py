"""Decode a picture within limits and write it anew in several sizes; runs where it may be killed (studio.py)."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from time import process_time

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from stoa.kit.pictures.containers import Broken, end_of, kind_of
from stoa.kit.pictures.judging import warnings_of
from stoa.kit.pictures.limits import MAX_PIXELS, METHOD, QUALITY, SIZES

# Those decoders and no others: each is a door. Loaded by name, or Pillow would load all that it has, in every fork.
FORMATS = {
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/avif": AvifImagePlugin.AvifImageFile.format,
}
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = frozenset({5, 6, 7, 8})  # orientations that exchange width and height
LARGEST = max(SIZES.values())
Image.preinit()  # here, and not in every fork
ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # formats whose decoders open others inside them look at this one
_SRGB = ImageCms.createProfile("sRGB")


class Unfit(Exception):
    """The file is not shown: `code` tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Print:
    """The picture in one size; sizes with the same pixels share one file."""

    name: str
    width: int
    height: int
    data: bytes


@dataclass(slots=True)
class Negative:
    """All that is made of a file. `seconds` are of the processor: for decoding, and for all."""

    content_type: str
    width: int
    height: int
    warnings: list[str]
    prints: list[Print]
    seconds: tuple[float, float] = field(default=(0.0, 0.0))


def develop(data: bytes) -> Negative:
    """Raises `Unfit` with NOT_A_PICTURE, BROKEN, HAS_MORE_BEHIND, TOO_MANY_PIXELS or TOO_COSTLY."""
    start = process_time()
    kind = _checked_kind(data)
    image, size = _decoded(data, kind)
    decoded = process_time()
    try:
        made = _made(image, kind, size)
    except MemoryError:
        raise Unfit("TOO_COSTLY") from None
    made.seconds = (decoded - start, process_time() - start)
    return made


def _checked_kind(data: bytes) -> str:
    kind = kind_of(data)
    if kind is None:
        raise Unfit("NOT_A_PICTURE")
    try:
        end = end_of(kind, data)
    except Broken:
        raise Unfit("BROKEN") from None
    if end != len(data):
        raise Unfit("HAS_MORE_BEHIND" if end < len(data) else "BROKEN")
    return kind


def _decoded(data: bytes, kind: str) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame, not much larger than the largest size when its format allows; and how large the file's is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in a file, and of what is above our own limit anyway
            image = Image.open(BytesIO(data), formats=[FORMATS[kind]])
            size = image.size
            if size[0] * size[1] > MAX_PIXELS:
                raise Unfit("TOO_MANY_PIXELS")
            if max(size) > LARGEST:
                image.draft(None, _fitted(size, LARGEST))  # only JPEG can
            image.load()
    except (Unfit, MemoryError, Image.DecompressionBombError) as error:
        raise _named(error) from None
    except Exception:  # noqa: BLE001  # whatever a decoder dies of, it dies of the file
        raise Unfit("BROKEN") from None
    return image, size


def _named(error: Exception) -> Unfit:
    if isinstance(error, Unfit):
        return error
    return Unfit("TOO_COSTLY" if isinstance(error, MemoryError) else "TOO_MANY_PIXELS")


def _made(image: Image.Image, kind: str, size: tuple[int, int]) -> Negative:
    turned = _orientation(image)
    profile = image.info.get("icc_profile")
    largest = _turned(_in_srgb(_shrunk(_plain(image), LARGEST, size), profile), turned)
    width, height = size[::-1] if turned in LYING else size
    prints, shown = _prints(largest)
    return Negative(kind, width, height, warnings_of((width, height), _grey(shown)), prints)


def _prints(largest: Image.Image) -> tuple[list[Print], Image.Image]:
    """Every size, each made of the one above it; and the picture at the middle one."""
    prints: list[Print] = []
    pictures: list[Image.Image] = []
    for name, long_side in SIZES.items():
        before = pictures[-1] if pictures else largest
        picture = _shrunk(before, long_side, before.size)
        data = prints[-1].data if prints and picture is before else _webp(picture)
        pictures.append(picture)
        prints.append(Print(name, picture.width, picture.height, data))
    return prints, pictures[1]


def _plain(image: Image.Image) -> Image.Image:
    """In a mode whose pixels can be mixed: L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I;16") or image.mode == "I":
        # deeper than a page shows: the upper eight of sixteen bits
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("L", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _shrunk(image: Image.Image, long_side: int, full: tuple[int, int]) -> Image.Image:
    """The same when it is no larger than that. Proportions are those of `full`, before a decoder rounded them."""
    target = _fitted(full, long_side)
    # half the time of BICUBIC, and nobody saw a difference
    return image if image.size == target else image.resize(target, Image.Resampling.HAMMING, reducing_gap=2.0)


def _fitted(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    scale = min(1.0, long_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """As screens show it: colours of another space look dull without their profile, which we do not keep."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    opaque = image.convert("RGB") if alpha else image
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # a profile that is broken, or of another mode
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if not ImageCms.getProfileDescription(source).startswith("sRGB"):
                converted = ImageCms.profileToProfile(opaque, source, _SRGB, outputMode="RGB")
                opaque = converted or opaque
    result = opaque if opaque.mode in ("L", "RGB") else opaque.convert("RGB")
    if alpha:
        result = result.convert("RGB")
        result.putalpha(alpha)
    return result


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # EXIF is often broken, and nothing but this is wanted of it
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _grey(image: Image.Image) -> Image.Image:
    """On white, as on most pages."""
    if image.mode == "RGBA":
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(image)
        image = page
    return image.convert("L")


def _webp(image: Image.Image) -> bytes:
    """Without any metadata: a phone writes into a picture where it was taken."""
    page = BytesIO()
    image.save(page, "WEBP", quality=QUALITY, method=METHOD, exif=b"", xmp=b"", icc_profile=b"")
    return page.getvalue()
