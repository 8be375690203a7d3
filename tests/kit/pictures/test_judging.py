"""What is wrong with a picture: the limits were chosen by these (P7)."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from stoa.kit.pictures.developing import develop
from tests.kit.pictures.album import blurred, saved, scene


def shape(ground: tuple[int, int, int], thing: tuple[int, int, int]) -> Image.Image:
    """One thing before a plain ground, as shops photograph."""
    image = Image.new("RGB", (2400, 1800), ground)
    ImageDraw.Draw(image).ellipse((900, 600, 1500, 1200), fill=thing)
    return image


PICTURES = {
    "scene": scene(2400, 1800),
    "brown on white": shape((255, 255, 255), (120, 60, 40)),
    "pale on grey": shape((235, 235, 235), (180, 185, 190)),
    "dark on dark": shape((20, 20, 20), (70, 70, 80)),
    "small scene": scene(800, 600),
}


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_blur_is_told_from_sharpness_whatever_the_contrast(name: str) -> None:
    """P7: softened by two pixels of a picture at 800."""
    picture = PICTURES[name]

    assert develop(saved(picture, "JPEG", quality=88)).warnings == []
    soft = blurred(picture, 2 * picture.width / 800)
    assert develop(saved(soft, "JPEG", quality=88)).warnings == ["BLURRED"]


def test_a_large_picture_may_be_soft_where_nobody_sees_it() -> None:
    """Two pixels of 2,400 are less than one of what is shown."""
    assert develop(saved(blurred(PICTURES["scene"], 2), "JPEG", quality=88)).warnings == []


def test_hardly_any_contrast_is_warned_of() -> None:
    fog = Image.blend(scene(1000, 800), Image.new("RGB", (1000, 800), (200, 200, 200)), 0.9)

    assert develop(saved(fog, "PNG")).warnings == ["LOW_CONTRAST"]


def test_of_a_picture_of_nothing_only_that_is_said() -> None:
    assert develop(saved(Image.new("RGB", (900, 900), (90, 90, 90)), "PNG")).warnings == ["LOW_CONTRAST"]


def test_what_can_be_seen_through_is_judged_on_white() -> None:
    image = Image.new("RGBA", (900, 900), (255, 255, 255, 0))
    ImageDraw.Draw(image).ellipse((300, 300, 600, 600), fill=(0, 0, 0, 255))

    assert develop(saved(image, "PNG")).warnings == []
