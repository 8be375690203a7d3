"""What is wrong with a picture for a shop's page, as codes."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, ImageFilter, ImageStat

from stoa.kit.pictures import limits

LEAST = 32  # pixels: in less there is nothing to judge
TILES = 4  # by 4
NO_CONTRAST, USUAL_CONTRAST = 10, 160
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def warnings_of(size: tuple[int, int], grey: Image.Image) -> list[str]:
    """`size` is the whole picture's, `grey` the picture at 800 pixels or less."""
    return list(_warnings_of(size, grey))


def _warnings_of(size: tuple[int, int], grey: Image.Image) -> Iterator[str]:
    if max(size) < limits.TOO_SMALL:
        yield "TOO_SMALL"
    if max(size) > limits.ODD_SHAPE * min(size):
        yield "ODD_SHAPE"
    if min(grey.size) < LEAST:
        return
    contrast = contrast_of(grey)
    if contrast < limits.LOW_CONTRAST:
        yield "LOW_CONTRAST"
    if contrast >= NO_CONTRAST and sharpness_of(grey, contrast) < limits.BLURRED:
        yield "BLURRED"


def sharpness_of(grey: Image.Image, contrast: int) -> float:
    """The variance of the Laplacian where it is largest: a sharp thing before a plain wall is a sharp picture.

    As it would be at a usual contrast: edges between pale things are no less sharp.
    """
    width, height = grey.width - 2, grey.height - 2
    edges = grey.filter(_LAPLACIAN).crop((1, 1, width + 1, height + 1))  # Pillow leaves the border unfiltered
    columns = [width * i // TILES for i in range(TILES + 1)]
    rows = [height * i // TILES for i in range(TILES + 1)]
    tiles = (edges.crop((columns[x], rows[y], columns[x + 1], rows[y + 1])) for x in range(TILES) for y in range(TILES))
    return max(ImageStat.Stat(tile).var[0] for tile in tiles) * float(USUAL_CONTRAST / contrast) ** 2


def contrast_of(grey: Image.Image) -> int:
    """From the darkest to the brightest hundredth, 0 to 255."""
    counts, few = grey.histogram(), grey.width * grey.height / 100
    return max(0, _beyond(counts[::-1], few, 255, -1) - _beyond(counts, few, 0, 1))


def _beyond(counts: list[int], few: float, level: int, step: int) -> int:
    """The level at which more than a few pixels have been met."""
    met = 0
    for count in counts:
        met += count
        if met > few:
            break
        level += step
    return level
