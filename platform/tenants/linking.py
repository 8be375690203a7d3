"""Links: addresses below the API's own that are good for a while, under our signature, for whoever has them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stoa.kit.clock import now
from stoa.kit.errors import Refusal
from stoa.settings import settings

TIME_TO_FETCH = timedelta(minutes=15)


class LinkRefused(Refusal):
    """The address was not signed by us, or its time is over."""

    code = "LINK_REFUSED"


@dataclass(frozen=True, slots=True)
class Link:
    """A path (below the API's own address) that is good until then."""

    path: str
    expires_at: datetime

    @property
    def url(self) -> str:
        """Whole, for whoever is not here already."""
        return settings().public_url + self.path


def signed_link(path: str, *, lasts: timedelta = TIME_TO_FETCH) -> Link:
    """The path, which may have a query, with an end of its time and our signature under both.

    The path says what one may do with it: what is signed for one purpose opens nothing else.
    """
    expires_at = ending(lasts)
    return Link(signed_path(path, expires_at), expires_at)


def ending(lasts: timedelta) -> datetime:
    """When a link ends that is given now: in whole seconds, as it says itself."""
    return (now() + lasts).replace(microsecond=0)


def signed_path(path: str, expires_at: datetime) -> str:
    """The same for an end that several share."""
    expires = int(expires_at.timestamp())
    return f"{path}{'&' if '?' in path else '?'}expires={expires}&signature={_signature(path, expires)}"


def check_link(path: str, expires: int, signature: str) -> None:
    """Raises `LinkRefused` unless we have signed this path and its time is not over."""
    if not hmac.compare_digest(_signature(path, expires).encode(), signature.encode()):
        raise LinkRefused("This address was not signed by us.")
    if datetime.fromtimestamp(expires, UTC) < now():
        raise LinkRefused("The time of this address is over; ask for a new one.")


def _signature(path: str, expires: int) -> str:
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()
