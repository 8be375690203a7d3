"""Pictures are decoded within limits and written anew: upright, in sRGB, without metadata, in three sizes (P7)."""

from __future__ import annotations

import zlib

import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from stoa.kit.pictures.developing import Negative, Unfit, develop
from tests.kit.pictures.album import (
    BLUE,
    RED,
    WHITE,
    frames,
    halves,
    is_close,
    located,
    opened,
    png_header,
    saved,
    scene,
)


def sizes_of(made: Negative) -> list[tuple[str, int, int]]:
    return [(each.name, each.width, each.height) for each in made.prints]


def is_like_halves(data: bytes) -> bool:
    image = opened(data).convert("RGB")
    w, h = image.size
    seen = [image.getpixel(at) for at in ((w // 40, h // 40), (w // 4, h * 3 // 4), (w * 3 // 4, h * 3 // 4))]
    return all(is_close(colour, wanted) for colour, wanted in zip(seen, (WHITE, RED, BLUE), strict=True))


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
    ],
)
def test_every_format_becomes_three_webps(format: str, content_type: str) -> None:
    """P7."""
    made = develop(saved(halves(2000, 1000), format))

    assert (made.content_type, made.width, made.height) == (content_type, 2000, 1000)
    assert sizes_of(made) == [("LARGE", 1600, 800), ("MEDIUM", 800, 400), ("SMALL", 240, 120)]
    for each in made.prints:
        image = opened(each.data)
        assert (image.format, image.mode, image.size) == ("WEBP", "RGB", (each.width, each.height))
        assert is_like_halves(each.data)


def test_nothing_is_made_larger_and_equal_sizes_share_a_file() -> None:
    made = develop(saved(halves(500, 300), "PNG"))

    assert sizes_of(made) == [("LARGE", 500, 300), ("MEDIUM", 500, 300), ("SMALL", 240, 144)]
    assert made.prints[1].data is made.prints[0].data
    assert made.prints[2].data is not made.prints[0].data


def test_a_single_pixel_is_a_picture() -> None:
    made = develop(saved(Image.new("RGB", (1, 1), RED), "PNG"))

    assert sizes_of(made) == [("LARGE", 1, 1), ("MEDIUM", 1, 1), ("SMALL", 1, 1)]
    assert made.warnings == ["TOO_SMALL"]
    assert is_close(opened(made.prints[0].data).getpixel((0, 0)), RED)


def test_a_line_keeps_its_pixel() -> None:
    made = develop(saved(Image.new("RGB", (5000, 1), BLUE), "PNG"))

    assert sizes_of(made) == [("LARGE", 1600, 1), ("MEDIUM", 800, 1), ("SMALL", 240, 1)]
    assert made.warnings == ["ODD_SHAPE"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_its_camera_says(orientation: int) -> None:
    """The eight ways to hold a camera; Pillow's own rule is the judge (P7)."""
    data = located(orientation)
    upright = ImageOps.exif_transpose(opened(data))

    made = develop(data)

    assert (made.width, made.height) == upright.size == opened(made.prints[0].data).size
    assert (made.width < made.height) is (orientation >= 5)
    shown = opened(made.prints[0].data).convert("RGB")
    for x in range(20, upright.width, 50):
        for y in range(20, upright.height, 50):
            assert is_close(shown.getpixel((x, y)), upright.getpixel((x, y)))


def test_nothing_tells_where_it_was_taken() -> None:
    """P7: GPS and the like stay in the file that was sent."""
    data = located(6)
    assert b"SecretPhone" in data
    for each in develop(data).prints:
        image = opened(each.data)
        assert dict(image.getexif()) == {}
        assert set(image.info) <= {"loop", "background", "timestamp", "duration"}
        assert b"SecretPhone" not in each.data
        assert b"EXIF" not in each.data


def test_broken_exif_costs_a_picture_nothing() -> None:
    data = saved(halves(300, 200), "JPEG", exif=b"Exif\0\0MM\0*garbage that is no directory" + bytes(40))

    assert is_like_halves(develop(data).prints[0].data)


def test_colours_of_another_space_become_those_of_screens() -> None:
    """What is red in a profile that knows more colours must not look dull."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    with_profile = saved(halves(300, 200), "PNG", icc_profile=lab.tobytes())

    assert is_like_halves(develop(with_profile).prints[0].data)  # of another mode: as if there were none
    swapped = develop(saved(halves(300, 200), "JPEG", quality=95, icc_profile=_grb()))
    image = opened(swapped.prints[0].data).convert("RGB")
    red, green, _ = image.getpixel((75, 150))  # type: ignore[misc]
    assert green > 180 > 60 > red
    assert "icc_profile" not in image.info


def _grb() -> bytes:
    """sRGB with the tags of red and green exchanged, so that red is shown as green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile.replace("sRGB".encode("utf-16-be"), "xxxx".encode("utf-16-be")).replace(b"sRGB", b"xxxx"))


def test_a_profile_that_is_garbage_costs_a_picture_nothing() -> None:
    assert is_like_halves(develop(saved(halves(300, 200), "PNG", icc_profile=b"no profile" * 20)).prints[0].data)


def test_what_can_be_seen_through_stays_so() -> None:
    image = halves(400, 400, "RGBA")
    image.putalpha(Image.new("L", (400, 400), 255))
    image.paste((0, 0, 0, 0), (100, 100, 300, 300))
    for format in ("PNG", "WEBP"):
        shown = opened(develop(saved(image, format)).prints[0].data)
        assert shown.mode == "RGBA"
        assert shown.getpixel((200, 200))[3] == 0  # type: ignore[index]
        assert shown.getpixel((50, 350))[3] == 255  # type: ignore[index]
        assert is_close(shown.getpixel((50, 350)), RED)


def test_a_palette_with_a_transparent_colour_stays_so() -> None:
    image = halves(400, 400).quantize(8)
    data = saved(image, "PNG", transparency=image.getpixel((300, 300)))

    shown = opened(develop(data).prints[0].data)

    assert shown.mode == "RGBA"
    assert (shown.getpixel((300, 300))[3], shown.getpixel((100, 300))[3]) == (0, 255)  # type: ignore[index]


def test_the_colours_of_printers_become_those_of_screens() -> None:
    """CMYK JPEG, as agencies send it."""
    data = saved(halves(2000, 1000, "CMYK"), "JPEG", quality=95)
    assert opened(data).mode == "CMYK"

    made = develop(data)

    assert opened(made.prints[0].data).mode == "RGB"
    assert is_like_halves(made.prints[0].data)


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (0x7F00, 0x7F), (0xFFFF, 255)])
def test_sixteen_bits_become_eight(value: int, shown: int) -> None:
    made = develop(saved(Image.new("I;16", (300, 200), value), "PNG"))

    assert all(abs(part - shown) <= 2 for part in opened(made.prints[0].data).convert("RGB").getpixel((100, 100)))  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_odd_modes_are_pictures_too(mode: str) -> None:
    image = Image.linear_gradient("L").resize((300, 300)).convert(mode)

    shown = opened(develop(saved(image, "PNG")).prints[0].data).convert("L")

    assert shown.getpixel((150, 5)) < 60  # type: ignore[operator]
    assert shown.getpixel((150, 295)) > 195  # type: ignore[operator]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "AVIF"])
def test_of_a_film_the_first_picture_is_shown(format: str) -> None:
    made = develop(frames(format))

    image = opened(made.prints[0].data)
    assert getattr(image, "n_frames", 1) == 1
    assert is_close(image.convert("RGB").getpixel((60, 45)), RED)


# Refused --------------------------------------------------------------------------------------------------------------


def refused(data: bytes) -> str:
    with pytest.raises(Unfit) as unfit:
        develop(data)
    return unfit.value.code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
        b"%PDF-1.7",
        b"<html><script>alert(1)</script>",
        b"BM" + bytes(100),
        b"II*\0" + bytes(100),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(data: bytes) -> None:
    """P7: SVG is a program; formats that browsers do not show are none of ours."""
    assert refused(data) == "NOT_A_PICTURE"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_file_that_was_cut_off_is_refused(format: str) -> None:
    whole = saved(scene(300, 200), format)
    for length in (len(whole) - 1, len(whole) - 20, len(whole) // 2, 40, 20):
        assert refused(whole[:length]) == "BROKEN", length


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("behind", [b"\0", b"PK\x03\x04 a zip", b"<script>alert(1)</script>", b"\n"])
def test_a_file_with_another_behind_it_is_refused(format: str, behind: bytes) -> None:
    """P7: two files in one."""
    assert refused(saved(halves(64, 48), format) + behind) == "HAS_MORE_BEHIND"


def test_a_film_with_something_behind_it_is_refused() -> None:
    for format in ("GIF", "WEBP", "AVIF"):
        assert refused(frames(format) + b"x") == "HAS_MORE_BEHIND"


def test_a_picture_before_which_something_stands_is_refused() -> None:
    assert refused(b"PK\x03\x04" + saved(halves(64, 48), "PNG")) == "NOT_A_PICTURE"


def test_one_format_in_the_clothes_of_another_is_refused() -> None:
    """The first bytes of a PNG, the rest of a JPEG; and a WebP's frame around nothing."""
    assert refused(b"\x89PNG\r\n\x1a\n" + saved(halves(64, 48), "JPEG")) == "BROKEN"
    assert refused(b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0") == "BROKEN"
    assert refused(b"\xff\xd8\xff\xd9") == "BROKEN"
    assert refused(b"GIF89a" + bytes(7) + b"\x3b") == "BROKEN"


def test_cameras_may_put_a_second_picture_behind_the_first() -> None:
    """Multi-picture JPEG, as phones write it; but only pictures, and only if the first one announces them."""
    first, second = halves(400, 300), halves(100, 75)
    both = saved(first, "MPO", save_all=True, append_images=[second])

    made = develop(both)

    assert (made.content_type, made.width, made.height) == ("image/jpeg", 400, 300)
    assert is_like_halves(made.prints[0].data)
    assert refused(both + b"PK\x03\x04") == "HAS_MORE_BEHIND"
    assert refused(saved(first, "JPEG") + saved(second, "JPEG")) == "HAS_MORE_BEHIND"


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    """P7: 400 million pixels in 400 kB; and one pixel more than is allowed."""
    bomb = png_header(20_000, 20_000, zlib.compress(bytes(20_001 * 20_000)))
    assert len(bomb) < 500_000
    assert refused(bomb) == "TOO_MANY_PIXELS"
    assert refused(png_header(2**31 - 1, 2**31 - 1)) == "TOO_MANY_PIXELS"
    assert refused(png_header(10_000, 5_001)) == "TOO_MANY_PIXELS"
    assert refused(png_header(10_000, 5_000)) == "BROKEN"  # within the limit, but there is nothing in it


def test_words_in_a_picture_may_be_long_but_not_endless() -> None:
    words = PngInfo()
    words.add_text("Comment", "x" * 50_000_000, zip=True)

    assert refused(saved(halves(64, 48), "PNG", pnginfo=words)) == "BROKEN"


# Warnings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "warnings"),
    [
        ((799, 600), ["TOO_SMALL"]),
        ((800, 600), []),
        ((600, 800), []),
        ((1200, 400), []),
        ((1200, 399), ["ODD_SHAPE"]),
        ((399, 1200), ["ODD_SHAPE"]),
        ((301, 100), ["TOO_SMALL", "ODD_SHAPE"]),
    ],
)
def test_small_and_odd_pictures_are_warned_of(size: tuple[int, int], warnings: list[str]) -> None:
    """P7."""
    assert develop(saved(scene(*size), "PNG")).warnings == warnings
