"""Who is asked where the parcels of a method are, and with which keys: kept with the method under seal, never shown.

Keys of methods that were saved before there were seals lie open until the method is saved again; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stoa.domains.orders.models import ShippingMethod
from stoa.domains.orders.shipping.carriers import Carrier
from stoa.domains.orders.shipping.errors import NotFollowed
from stoa.domains.orders.shipping.kuaidi100 import Keys, Kuaidi100
from stoa.domains.orders.shipping.simulated import SimulatedCarrier
from stoa.kit.errors import InvalidInput
from stoa.kit.sealing import SealBroken, is_sealed, seal, unseal
from stoa.kit.text import clean_line
from stoa.settings import settings
from stoa.tenants.context import open_schema

_SECRETS = ("key", "secret", "salt", "password")
_NAMES = ("customer", "key", "secret", "salt", "account", "password", "net")


class FollowedBy(StrEnum):
    """Who is asked."""

    NOBODY = "NOBODY"
    KUAIDI100 = "KUAIDI100"
    SIMULATED = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Following:
    """How parcels of a method are to be followed. A key that is None stays as it was."""

    by: FollowedBy
    customer: str | None = None
    key: str | None = None
    secret: str | None = None
    salt: str | None = None
    account: str | None = None
    password: str | None = None
    net: str | None = None

    def over(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """What will be kept. Raises `InvalidInput` when Kuaidi100 is to be asked without its keys."""
        named = {name: getattr(self, name) for name in _NAMES}
        given = {
            name: clean_line(value, what="key", limit=120, required=False)
            for name, value in named.items()
            if value is not None
        }
        # the same again stays under the seal it has: nothing has changed
        changed = {name: value for name, value in given.items() if value != _known(name, kept)}
        merged = {**kept, **changed, "by": self.by.value}
        if self.by is FollowedBy.KUAIDI100:
            for name in ("customer", "key"):
                if not merged.get(name):
                    raise InvalidInput("Kuaidi100 gives a {name}: it is needed.", path=[name], name=name)
        return {name: _sealed(value, name in changed) if name in _SECRETS else value for name, value in merged.items()}


def followed_by(kept: Mapping[str, Any]) -> FollowedBy:
    return FollowedBy(kept.get("by", FollowedBy.NOBODY))


def carrier_of(method: ShippingMethod | None) -> Carrier:
    """Whoever is asked about parcels of this method. Raises `NotFollowed`."""
    kept = method.settings if method else {}
    match followed_by(kept):
        case FollowedBy.SIMULATED:
            return SimulatedCarrier()
        case FollowedBy.KUAIDI100:
            return Kuaidi100(keys_of(kept), settings().kuaidi100_url, settings().kuaidi100_label_url)
    raise NotFollowed("Nobody is set up to be asked where these parcels are.", path=["id"])


def keys_of(kept: Mapping[str, Any]) -> Keys:
    """In the open shop, whose they are. Raises `NotFollowed` when this installation has another STOA_SECRET_KEY now."""
    try:
        return Keys(**{name: _opened(name, kept) for name in _NAMES})
    except SealBroken:
        sentence = "The keys by which these parcels are followed cannot be read any more: enter them again."
        raise NotFollowed(sentence, path=["id"]) from None


def _sealed(value: str, is_given: bool) -> str:
    """What is given is sealed whatever it looks like; what was kept, when it is not yet."""
    return seal(value, about=_about()) if value and (is_given or not is_sealed(value)) else value


def _known(name: str, kept: Mapping[str, Any]) -> str | None:
    """None when its seal is broken: then whatever is given is something else."""
    try:
        return _opened(name, kept)
    except SealBroken:
        return None


def _opened(name: str, kept: Mapping[str, Any]) -> str:
    value = str(kept.get(name, ""))
    return unseal(value, about=_about()) if name in _SECRETS and is_sealed(value) else value


def _about() -> str:
    return f"carriers' keys of {open_schema()}"
