"""What after-sale cases refuse."""

from __future__ import annotations

from stoa.kit.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchCase(NotFound):
    code = "CASE_NOT_FOUND"


class CaseChanged(Conflict):
    """Somebody saved the case after the version that this is based on."""

    code = "CASE_CHANGED"


class NotInThisCase(Refusal):
    """The case's kind or state does not allow it; `params` name the action, and `reason` what is in the way."""

    code = "NOT_IN_THIS_CASE"


class TooManyInCase(InvalidInput):
    """More pieces than were bought, or sent, and are in no other case; `left` says how many there are."""

    code = "TOO_MANY_IN_CASE"


class PictureNotShown(Refusal):
    """The file is no picture that can be decoded, or is gone."""

    code = "PICTURE_NOT_SHOWN"
