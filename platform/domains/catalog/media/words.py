"""What codes about pictures mean, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stoa.kit.languages import Sentence
from stoa.kit.pictures.limits import MAX_PIXELS, ODD_SHAPE, TOO_SMALL

SENTENCES: Final[Mapping[str, Sentence]] = {
    # warnings: the picture is shown all the same
    "TOO_SMALL": Sentence(
        "The picture is small: buyers who zoom in want at least {least} pixels on the long side.", {"least": TOO_SMALL}
    ),
    "BLURRED": Sentence("The picture looks blurred."),
    "ODD_SHAPE": Sentence(
        "The picture is more than {limit} times as long as it is wide; lists will cut much of it off.",
        {"limit": ODD_SHAPE},
    ),
    "LOW_CONTRAST": Sentence("The picture has hardly any contrast: what it shows is hard to make out."),
    "NO_ALT": Sentence(
        "The picture has no alt text: people who cannot see it, and search engines, do not know what it shows."
    ),
    # failures: there is nothing to show
    "NOT_A_PICTURE": Sentence("The file is no JPEG, PNG, GIF, WebP or AVIF picture."),
    "BROKEN": Sentence("The file is damaged: the picture in it cannot be read to its end. Upload it again."),
    "HAS_MORE_BEHIND": Sentence(
        "There is other data behind the end of the picture. Save it anew in a picture editor and upload that."
    ),
    "TOO_MANY_PIXELS": Sentence(
        "The picture has more than {limit:,} pixels. Make it smaller and upload it again.", {"limit": MAX_PIXELS}
    ),
    "TOO_COSTLY": Sentence("The picture takes too long, or too much memory, to read. Save it anew and upload that."),
    "FILE_GONE": Sentence("The file is not there any more. Upload it again."),
    "NOT_PROCESSED": Sentence("The picture could not be processed. Upload it again; if that does not help, tell us."),
}
UNKNOWN: Final = Sentence("{code}")


def sentence_for(code: str) -> Sentence:
    """What a code says; the code itself when a newer release has written one that this one does not know."""
    return SENTENCES.get(code) or UNKNOWN.filled(code=code)
