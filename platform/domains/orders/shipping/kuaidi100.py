"""Kuaidi100: one interface to some two thousand carriers (its documents: real-time query, subscription, labels).

A query is a form of `customer`, `param` (JSON) and `sign`, the MD5 of ``param + key + customer`` in capitals: the
signature that they ask for, no choice of ours. What they push is signed with the MD5 of ``param + salt``. Times are
Peking's, without saying so.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from stoa.domains.orders.models import ShipmentState
from stoa.domains.orders.shipping.carriers import Heard, Sent, Whereabouts
from stoa.domains.orders.shipping.errors import CarrierRefused, CarrierSilent
from stoa.kit.calling import NoAnswer, call
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput

PEKING = ZoneInfo("Asia/Shanghai")
SECONDS, MOST_BYTES = 8.0, 1_000_000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Their basic states; those of three and four digits begin with one of these, but for 1xx (picked up) and 5xx.
STATES: Mapping[str, ShipmentState] = {
    "0": ShipmentState.IN_TRANSIT,
    "1": ShipmentState.IN_TRANSIT,
    "2": ShipmentState.EXCEPTION,
    "3": ShipmentState.DELIVERED,
    "4": ShipmentState.RETURNED,
    "5": ShipmentState.IN_TRANSIT,
    "6": ShipmentState.EXCEPTION,  # on its way back, and not there yet
    "7": ShipmentState.IN_TRANSIT,
    "8": ShipmentState.IN_TRANSIT,
    "13": ShipmentState.EXCEPTION,
    "14": ShipmentState.EXCEPTION,
}
_NOTHING_YET = "500"


@dataclass(frozen=True, slots=True)
class Keys:
    """What Kuaidi100 gives a shop. `secret` is for labels, `salt` for what it pushes."""

    customer: str
    key: str = field(repr=False)
    secret: str = field(default="", repr=False)
    salt: str = field(default="", repr=False)


class _Event(msgspec.Struct):
    context: str = ""
    time: str = ""
    ftime: str = ""
    status: str = ""
    location: str | None = None
    areaName: str | None = None  # noqa: N815  # theirs
    statusCode: str | None = None  # noqa: N815


class _Result(msgspec.Struct):
    message: str = ""
    state: str = ""
    data: list[_Event] = []
    returnCode: str = ""  # noqa: N815
    result: bool | None = None
    com: str = ""
    nu: str = ""


class _Pushed(msgspec.Struct):
    lastResult: _Result  # noqa: N815
    status: str = ""


class _LabelData(msgspec.Struct):
    kuaidinum: str = ""


class _Label(msgspec.Struct):
    success: bool = False
    message: str = ""
    data: _LabelData | None = None


class Kuaidi100:
    """`url` is where it answers queries, `label_url` where it makes labels: settings of the installation."""

    def __init__(self, keys: Keys, url: str, label_url: str) -> None:
        self._keys, self._url, self._label_url = keys, url.rstrip("/"), label_url.rstrip("/")

    async def track(self, parcel: Sent) -> Whereabouts:
        asked = {"com": parcel.carrier, "num": parcel.number, "phone": parcel.phone, "resultv2": "4", "order": "desc"}
        param = _json({name: value for name, value in asked.items() if value})
        form = {"customer": self._keys.customer, "sign": sign(param, self._keys.key, self._keys.customer)}
        result = _read(await _post(f"{self._url}/poll/query.do", {**form, "param": param}), _Result)
        if result.result is False and result.returnCode == _NOTHING_YET:
            return Whereabouts(())
        if result.result is False:
            raise CarrierRefused("The carrier says: {words}", path=["id"], words=result.message[:200])
        return whereabouts(result)

    async def number_for(self, parcel: Sent) -> str:
        to = parcel.to
        place = "".join(to.get(name, "") for name in ("province", "city", "district", "line1", "line2"))
        asked = {
            "printType": "NON",
            "kuaidicom": parcel.carrier,
            "partnerId": self._keys.customer,
            "orderId": parcel.shipment_id.hex,  # the same order again is the same label
            "recMan": {"name": to.get("name", ""), "mobile": to.get("phone", ""), "printAddr": place},
            "weight": f"{(parcel.weight_grams or 1000) / 1000:.2f}",
            "cargo": "goods",
        }
        param, moment = _json(asked), str(int(now().timestamp() * 1000))
        signed = sign(param, moment, self._keys.key, self._keys.secret)
        form = {"method": "order", "key": self._keys.key, "sign": signed, "t": moment, "param": param}
        label = _read(await _post(f"{self._label_url}/label/order", form), _Label)
        if not label.success or label.data is None or not label.data.kuaidinum:
            raise CarrierRefused("The carrier says: {words}", path=["id"], words=label.message[:200])
        return str(label.data.kuaidinum)


@dataclass(frozen=True, slots=True)
class Push:
    """What was pushed: of which parcel, and what is known of it."""

    carrier: str
    number: str
    whereabouts: Whereabouts


def pushed(param: str, signature: str, salt: str) -> Push:
    """Read what was pushed. Raises `InvalidInput` when it is not signed with the salt, or cannot be read."""
    if not salt or not hmac.compare_digest(sign(param, salt).encode(), signature.upper().encode()):
        raise InvalidInput("This was not signed by the carrier.", path=["sign"])
    try:
        told = msgspec.json.decode(param.encode(), type=_Pushed)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        raise InvalidInput("This is nothing that the carrier pushes.", path=["param"]) from None
    return Push(told.lastResult.com, told.lastResult.nu, whereabouts(told.lastResult))


def sign(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def whereabouts(result: _Result) -> Whereabouts:
    events = sorted((heard for each in result.data if (heard := _heard(each))), key=lambda each: each.at)
    state = state_of(result.state)
    exception = events[-1].text if events and state is ShipmentState.EXCEPTION else ""
    return Whereabouts(events, state, exception)


def state_of(code: str | None) -> ShipmentState | None:
    """By their number: `301` is a kind of `3`; 13 and 14 stand for themselves."""
    if not code:
        return None
    return STATES.get(code) or (STATES.get(code[0]) if len(code) > 2 else None)


def _heard(event: _Event) -> Heard | None:
    try:
        at = datetime.strptime(event.time or event.ftime, "%Y-%m-%d %H:%M:%S").replace(tzinfo=PEKING)
    except ValueError:
        return None  # without its moment it has no place in the timeline
    return Heard(at, event.context, event.location or event.areaName or "", state_of(event.statusCode))


async def _post(url: str, form: Mapping[str, str]) -> bytes:
    try:
        answer = await call(url, content=urlencode(form).encode(), headers=FORM, seconds=SECONDS, most_bytes=MOST_BYTES)
    except NoAnswer:
        raise _silent() from None
    if answer.status != HTTPStatus.OK or answer.is_cut:
        raise _silent()
    return answer.body


def _read(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.MsgspecError:
        raise _silent() from None


def _silent() -> CarrierSilent:
    return CarrierSilent("The carrier does not answer; try again later.", path=["id"])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
