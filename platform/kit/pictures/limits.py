"""What a picture may cost, and the sizes that are made of it."""

from __future__ import annotations

SIZES = {"LARGE": 1600, "MEDIUM": 800, "SMALL": 240}  # pixels of the long side; the largest first
MAX_PIXELS = 50_000_000
MAX_BYTES = 20 * 1024 * 1024
MAX_MEMORY = 1024 * 1024 * 1024  # address space of the process that decodes one picture
MAX_SECONDS = 20  # of the processor, and by the clock
# Measured (benchmarks/images.py, 12 megapixels): method 1 takes a third of Pillow's default 4, for files 12% larger.
# AVIF takes twice as long for files as large as WebP's at the speed that is bearable (9), hence is not made.
QUALITY, METHOD = 80, 1

TOO_SMALL = 800  # pixels of the long side
ODD_SHAPE = 3  # times as long as wide
# Made pictures (tests/kit/pictures/test_judging.py) at 800 pixels: sharp ones 117 and more, softened by a pixel 23 to
# 120, by two 2 to 11. Where a camera's noise lies over it, blur is not noticed.
BLURRED = 20
LOW_CONTRAST = 30  # of 255, between the darkest and the brightest hundredth
