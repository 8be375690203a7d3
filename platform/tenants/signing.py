"""Signed addresses: a path below the API's own address that says what it opens, until when, and that we said so.

Whoever has one may use it: the signature is the credential, and no session or token is asked for. `what` is a word for the
kind of thing (so that no signature opens anything of another kind), then whatever identifies it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stoa.kit.clock import now
from stoa.kit.errors import Refusal
from stoa.settings import settings


class LinkRefused(Refusal):
    """The address was not signed by us, or its time is over."""

    code = "LINK_REFUSED"


@dataclass(frozen=True, slots=True)
class Link:
    """A path (below the API's own address) to GET, and until when."""

    path: str
    expires_at: datetime


def signed_link(path: str, *what: object, lasts: timedelta, **query: str) -> Link:
    """The path with its end and signature; `query` goes before them and should be among `what`."""
    expires_at = (now() + lasts).replace(microsecond=0)
    expires = int(expires_at.timestamp())
    more = "".join(f"{name}={value}&" for name, value in query.items())
    return Link(f"{path}?{more}expires={expires}&signature={sign(*what, expires)}", expires_at)


def check_link(*what: object, expires: int, signature: str) -> None:
    """Raises `LinkRefused`."""
    if not hmac.compare_digest(sign(*what, expires).encode(), signature.encode(errors="replace")):
        raise LinkRefused("This address was not signed by us.")
    if datetime.fromtimestamp(expires, UTC) < now():
        raise LinkRefused("The time of this address is over; ask for a new one.")


def sign(*what: object) -> str:
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, " ".join(map(str, what)).encode(), hashlib.sha256).hexdigest()
