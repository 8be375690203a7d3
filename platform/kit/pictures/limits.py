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
# The variance of the Laplacian in the sharpest sixteenth of the picture at 800 pixels; see tests/kit/pictures.
BLURRED = 60
LOW_CONTRAST = 40  # of 255, between the darkest and the brightest hundredth
